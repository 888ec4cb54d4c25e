"""One objective is minimised from all starts at once, with the result of each start alone."""

from __future__ import annotations

import numpy as np
import pytest
from runs import GRID, make_runs

from chinchilla_nb import asymmetric_mae, log_huber
from chinchilla_nb.engine.fitting.fit import solve
from chinchilla_nb.engine.fitting.problem import Problem
from chinchilla_nb.engine.fitting.smoothing import smoothing_widths
from chinchilla_nb.engine.uncertainty.refitting import objective_of, refit


@pytest.mark.parametrize("loss_fn", [log_huber, asymmetric_mae], ids=["log_huber", "asymmetric_mae"])
def test_all_starts_at_once_give_the_lowest_optimum_of_each_alone(loss_fn):
    fit = solve(Problem(make_runs(24, noise=0.01, rng=3), starts=GRID, loss_fn=loss_fn))
    objective = objective_of(fit)
    box = fit.problem.family.coordinates(fit.runs, fit.problem.bounds)
    best = box.theta(np.array([list(fit.law.as_dict().values())]))
    starts = best + np.random.default_rng(0).normal(0, 0.2, (6, best.shape[1]))
    starts = np.concatenate([starts.clip(box.lower, box.upper), best, best])
    widths = smoothing_widths(objective, best[0], box)
    found = refit(objective, starts, box, widths)
    alone = [refit(objective, start[None], box, widths) for start in starts]
    lowest = min(alone, key=lambda one: one.value[0])
    assert found.theta.shape == (1, best.shape[1])
    np.testing.assert_allclose(found.value, lowest.value, rtol=1e-12)
    np.testing.assert_allclose(found.theta, lowest.theta, rtol=1e-7)
    assert found.proven.tolist() == [True]
    assert found.value[0] * objective.scale == pytest.approx(fit.objective, rel=1e-9)
