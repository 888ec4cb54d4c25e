"""A few thousand odd inputs in every run of the tests; `make attacks` tries many more."""

from __future__ import annotations

import pytest
from fuzz_configurations import attack

COUNT = 600
"""Inputs for each seed; they take a few seconds."""


@pytest.mark.parametrize("seed", range(3))
def test_every_odd_input_gets_an_answer_or_one_sentence(seed):
    counts = attack(COUNT, seed)
    assert counts.raw == []
    assert counts.slow == []
    assert counts.answered + counts.refused == counts.tried == COUNT
    # Neither of them is what happens to nearly all inputs, or the attack would say little.
    assert counts.answered > 0.05 * COUNT
    assert counts.refused > 0.5 * COUNT
