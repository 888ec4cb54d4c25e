"""Residuals of runs that grow are those of all runs at once."""

from __future__ import annotations

import numpy as np
import pytest
from runs import LAW

from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.widgets.run_log.run_residuals import run_residuals


def runs_of(count: int, seed: int) -> Runs:
    """Return runs that follow the law with 1 % of noise."""
    rng = np.random.default_rng(seed)
    N, D = 10 ** rng.uniform(7, 10, count), 10 ** rng.uniform(9, 12, count)
    return Runs(N, D, LAW.loss(N, D) * np.exp(0.01 * rng.normal(size=count)))


@pytest.mark.parametrize("seed", range(5))
def test_they_are_measured_minus_predicted_losses_whatever_was_known(seed):
    runs, residuals = runs_of(500, seed), None
    for count in (1, 3, 200, 201, 500):
        residuals = run_residuals(runs.take(np.arange(count)), LAW, residuals)
    expected = runs.loss - LAW.loss(runs.N, runs.D)
    assert residuals.values == pytest.approx(expected, rel=0, abs=1e-13)
    assert residuals.typical == pytest.approx(np.quantile(np.abs(expected), 0.98), rel=1e-12)


def test_other_runs_and_another_law_give_others():
    runs, other = runs_of(50, 1), runs_of(60, 2)
    known = run_residuals(runs, LAW)
    expected = other.loss - LAW.loss(other.N, other.D)
    assert run_residuals(other, LAW, known).values == pytest.approx(expected, rel=0, abs=1e-13)
    law = ScalingLaw(E=2.0, A=400.0, B=400.0, alpha=0.3, beta=0.3)
    expected = runs.loss - law.loss(runs.N, runs.D)
    assert run_residuals(runs, law, known).values == pytest.approx(expected, rel=0, abs=1e-13)


def test_without_runs_a_full_bar_is_one():
    assert run_residuals(runs_of(0, 1), LAW).typical == 1.0
