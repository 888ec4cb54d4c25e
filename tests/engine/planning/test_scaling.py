"""The next run after the seeds: its compute and the allocation of that compute."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.planning.model_search import tabulate_models
from chinchilla_nb.engine.planning.next_run import NextRun
from chinchilla_nb.engine.planning.scaling import compute_optimal_run, next_budget, optimum
from chinchilla_nb.engine.planning.seeding import SeedRegime
from chinchilla_nb.engine.runs import Runs

# G = (0.4 x 100 / (0.6 x 300))^(1 / 1) = 2/9, a = 0.6, b = 0.4.
LAW = ScalingLaw(E=1.5, A=100, B=300, alpha=0.4, beta=0.6)


def test_the_budget_is_a_multiple_of_the_largest_compute_of_runs_and_seeds():
    runs, regime = Runs([1e8, 1e9], [1e10, 1e9], [3.0, 2.9]), SeedRegime((1e15, 1e19), (1, 100))
    assert next_budget(2.5, runs, None) == pytest.approx(2.5 * 6e18)
    assert next_budget(2.5, runs, regime) == pytest.approx(2.5e19)
    with pytest.raises(InputError) as raised:
        next_budget(2.5, Runs([], [], []), None)
    assert raised.value.remedy == "append runs, or give seed_ranges or C"


def test_the_optimum_is_that_of_the_closed_form_and_none_where_there_is_none():
    assert optimum(LAW, 6e20) == (pytest.approx(2 / 9 * 1e12), pytest.approx(9 / 2 * 1e8))
    for name in ("A", "B", "alpha", "beta"):
        assert optimum(replace(LAW, **{name: 0.0}), 6e20) is None


def test_a_compute_optimal_run_has_a_whole_size_and_spends_the_budget():
    run = compute_optimal_run(LAW, 6e10)
    assert run == NextRun(round(2 / 9 * 1e6), run.D)
    assert 6 * run.N * run.D == pytest.approx(6e10, rel=1e-12)


def test_a_run_of_a_search_has_the_tokens_that_are_optimal_for_its_size():
    models = tabulate_models({"size": [1e11, 3e11]}, lambda size: size)
    run = compute_optimal_run(LAW, 6e20, models)
    # N* = 2.2e11 is nearer to 3e11; N = G (C/6)^a and D = (C/6)^b / G give D = (N / G)^(b/a) / G.
    assert (run.N, run.config) == (int(3e11), {"size": 3e11})
    assert run.D == pytest.approx((3e11 * 9 / 2) ** (2 / 3) * 9 / 2, rel=1e-12)
