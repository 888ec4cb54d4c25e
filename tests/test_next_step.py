"""The next run follows from the session's state, or an error says what is missing."""

from __future__ import annotations

import numpy as np
import pytest
from runs import GRID, make_runs

from chinchilla_nb.config.model_search import ModelSearch
from chinchilla_nb.config.settings import Settings
from chinchilla_nb.engine.fitting.fit import Fit, fit
from chinchilla_nb.engine.fitting.losses import mse
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.planning.seeding import SeedRegime
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.next_step import choose_budget, next_scale_step, next_seed

REGIME = SeedRegime((1e18, 1e19), (10, 40))
RUNS = Runs([1e8, 1e9], [1e10, 1e10], [3.0, 2.5])
# With A = B and alpha = beta the optimum spends alike on both: N = D = sqrt(C / 6).
EVEN = ScalingLaw(E=1.5, A=300, B=300, alpha=0.3, beta=0.3)


@pytest.fixture(scope="module")
def even_fit() -> Fit:
    return fit(make_runs(law=EVEN), GRID, loss_fn=mse)


def test_a_seed_needs_a_regime():
    with pytest.raises(ValueError, match="seed_ranges must be given to draw seeds, e.g. {'C'"):
        next_seed(Settings())


def test_a_seed_lies_in_the_regime_and_repeats_with_the_generator():
    seed, again = (next_seed(Settings(seed_regime=REGIME, rng=np.random.default_rng(5))) for _ in range(2))
    assert seed == again
    assert 1e18 <= 6 * seed.N * seed.D <= 1e19 * (1 + 1e-12)
    assert 10 <= seed.D / seed.N <= 40


def test_the_budget_is_given_or_a_factor_of_the_largest_compute():
    runs_alone, with_seeds = Settings(scaling_factor=3.0), Settings(scaling_factor=3.0, seed_regime=REGIME)
    assert choose_budget(runs_alone, RUNS, C=1e20) == 1e20
    assert choose_budget(runs_alone, RUNS) == pytest.approx(3 * 6e19)
    assert choose_budget(runs_alone, RUNS, scaling_factor=2) == pytest.approx(2 * 6e19)
    assert choose_budget(with_seeds, RUNS) == pytest.approx(3 * 6e19)
    assert choose_budget(with_seeds, RUNS.take(np.array([True, False]))) == pytest.approx(3 * 1e19)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "give C or scaling_factor, or set scaling_factor in the constructor, got neither"),
        ({"C": 1e20, "scaling_factor": 2}, r"give either C or scaling_factor, not both, got C=1e\+20"),
        ({"C": -1e20}, r"^C must be positive and finite, got -1e\+20"),
        ({"C": True}, "^C must be a number, got True"),
        ({"scaling_factor": 0}, "^scaling_factor must be positive and finite, got 0.0"),
        ({"scaling_factor": "10"}, "^scaling_factor must be a number, got '10'"),
    ],
)
def test_a_wrong_budget_is_one_sentence(options, message):
    with pytest.raises(ValueError, match=message):
        choose_budget(Settings(), RUNS, **options)


def test_without_runs_and_seeds_there_is_nothing_to_scale_up_from():
    with pytest.raises(ValueError, match="nothing to scale up from"):
        choose_budget(Settings(scaling_factor=3.0), Runs([], [], []))


def test_a_step_needs_a_law():
    with pytest.raises(ValueError, match="the next scale step needs a fitted law: fit one first"):
        next_scale_step(Settings(), RUNS, None)


@pytest.mark.parametrize(("factor", "expected"), [(None, 10), (2.4, 2.4)])
def test_a_step_spends_the_factor_times_the_largest_compute_by_the_law(even_fit, factor, expected):
    step = next_scale_step(Settings(scaling_factor=factor), RUNS, even_fit)
    optimum = (expected * 6e19 / 6) ** 0.5
    assert step.config is None
    assert (step.N, step.D) == (pytest.approx(optimum, rel=1e-8), pytest.approx(optimum, rel=1e-8))


def test_a_step_takes_the_nearest_configuration(even_fit):
    settings = Settings(model_search=ModelSearch({"width": [1, 3, 5, 7]}, lambda width: width * 4e9))
    step = next_scale_step(settings, RUNS, even_fit)  # the optimum is N = 1e10, between 4e9 and 12e9
    assert (step.N, step.config) == (12_000_000_000, {"width": 3})
    assert step.D == pytest.approx(step.N, rel=1e-8)


def test_sizes_are_estimated_once_for_a_search():
    calls = []
    settings = Settings(
        seed_regime=REGIME, model_search=ModelSearch({"width": [1, 2]}, lambda width: calls.append(1) or 1e8)
    )
    assert settings.models is settings.models
    assert len(calls) == 2
    assert Settings().models is None
