"""What the tests of the engine say of some problems, of all of them: minutes of computing.

`make benchmarks` runs this.
"""

from __future__ import annotations

import json

import pytest
from same_fits import ANSWERS, numerics, solve
from test_exhaustive import LOSSES, differing_optima

SEEDS = range(40)
"""Problems that are solved from every start."""


@pytest.mark.timeout(1200)
def test_every_fit_is_the_same_to_the_bit():
    stored = json.loads(ANSWERS.read_text(encoding="utf-8"))
    if numerics() != stored["numerics"]:
        pytest.skip("this machine rounds differently from the one whose answers are stored")
    assert dict(solve()) == stored["fits"]


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_default_and_exhaustive_find_the_same_optimum(loss):
    assert not differing_optima(loss, SEEDS)
