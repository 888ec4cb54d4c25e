"""Approach 1: the runs of lowest loss for their compute."""

from __future__ import annotations

import numpy as np
import pytest
from slices_of_runs import sliced_runs

from chinchilla_nb.engine.approaches.envelope import fit_envelope
from chinchilla_nb.engine.errors import FitError
from chinchilla_nb.engine.runs import Runs


def _envelope(runs, tolerance=0.05, draws=100, rng=0):
    return fit_envelope(runs, tolerance, draws, np.random.default_rng(rng))


def _brute_force(runs, tolerance):
    """Runs that no run of at most their compute beats, one by one."""
    return [
        i
        for i in range(len(runs))
        if not any(
            runs.C[j] <= runs.C[i] * (1 + tolerance) and runs.loss[j] < runs.loss[i] for j in range(len(runs)) if j != i
        )
    ]


@pytest.mark.parametrize("tolerance", [0.0, 0.05, 0.5])
@pytest.mark.parametrize("seed", range(5))
def test_the_envelope_is_that_of_its_definition(tolerance, seed):
    rng = np.random.default_rng(seed)
    N, C = np.exp(rng.uniform(18, 22, 60)), np.exp(rng.uniform(41, 46, 60))
    runs = Runs(N, C / 6 / N, 5 - 0.05 * np.log(C) + 0.1 * rng.random(60))
    assert sorted(_envelope(runs, tolerance).runs) == _brute_force(runs, tolerance)


def test_on_a_sweep_the_envelope_has_the_best_run_of_each_budget():
    runs = sliced_runs(off_centre=1.1)
    best = [int(np.argmin(np.where(np.isclose(runs.C, C), runs.loss, np.inf))) for C in (1e18, 1e19, 1e20, 1e21)]
    assert list(_envelope(runs).runs) == best


def test_runs_on_a_power_law_give_it():
    C = np.geomspace(1e18, 1e22, 9)
    N = 2e8 * (C / 1e18) ** 0.47
    found = _envelope(Runs(N, C / 6 / N, 1.7 + (C / 1e18) ** -0.1))
    assert found.estimate.laws.a[0] == pytest.approx(0.47)
    assert found.estimate.laws.b[0] == pytest.approx(0.53)
    at = found.estimate.allocate([1e23, 1e24])
    assert at["N"].value == pytest.approx(2e8 * 1e5 ** (0.47 * np.array([1.0, 1.2])))
    assert at["loss"].value == pytest.approx(1.7 + 1e5 ** (-0.1 * np.array([1.0, 1.2])), rel=1e-3)


def test_too_few_runs_on_the_envelope_are_refused():
    runs = sliced_runs(C=(1e18, 1e19))
    with pytest.raises(FitError, match=r"the envelope needs 3 runs.*got 2"):
        _envelope(runs)


def test_memory_is_bounded_for_many_runs_and_the_answer_is_that_of_one_block(monkeypatch):
    runs = sliced_runs(noise=0.01)
    whole = _envelope(runs).estimate.draws.a
    monkeypatch.setattr("chinchilla_nb.engine.approaches.envelope.BLOCK", 10 * len(runs))
    assert np.array_equal(_envelope(runs).estimate.draws.a, whole, equal_nan=True)
