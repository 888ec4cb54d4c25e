"""Whatever is sent to the widgets of panels, the kernel answers, the runs are kept, and nothing outside is touched."""

from __future__ import annotations

import pytest
from panel_messages import attack

MESSAGES = 250
"""Messages of each seed; `make attacks` sends 10,000."""


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_random_messages_do_no_harm(seed, tmp_path):
    outcome = attack(MESSAGES, seed, tmp_path)
    assert outcome.messages == MESSAGES
    assert outcome.outside == ()
    assert not outcome.imported
