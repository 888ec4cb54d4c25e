"""Whatever is sent to the widgets of panels, the kernel answers, the runs are kept, and nothing outside is touched."""

from __future__ import annotations

import pytest
from panel_messages import attack


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_random_messages_do_no_harm(seed, tmp_path):
    outcome = attack(500, seed, tmp_path)
    assert outcome.messages == 500
    assert outcome.outside == ()
    assert not outcome.imported
