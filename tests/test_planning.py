"""The next run follows from the session's state, or it is said what is missing."""

from __future__ import annotations

import numpy as np
import pytest

from chinchilla_nb.engine.seeding import SeedRegime
from chinchilla_nb.planning import next_scale_step, next_seed
from chinchilla_nb.settings import Settings


def test_a_seed_needs_a_regime():
    with pytest.raises(ValueError, match="set seed_ranges"):
        next_seed(Settings(), np.random.default_rng(1))


def test_a_seed_lies_in_the_regime_and_repeats_with_the_generator():
    settings = Settings(seed_regime=SeedRegime((1e18, 1e19), (10, 40)))
    seed, again = (next_seed(settings, np.random.default_rng(5)) for _ in range(2))
    assert seed == again
    assert 1e18 <= 6 * seed.N * seed.D <= 1e19 * (1 + 1e-12)
    assert 10 <= seed.D / seed.N <= 40


def test_a_step_needs_a_law():
    from chinchilla_nb.engine.runs import Runs

    with pytest.raises(ValueError, match="fit it first"):
        next_scale_step(Settings(), Runs([1e8], [1e10], [3.0]), None)
