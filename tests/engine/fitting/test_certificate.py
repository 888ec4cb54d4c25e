"""The proof that a fit ended at a local optimum."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from runs import make_runs

from chinchilla_nb.engine.fitting.certificate import EXACT, certify
from chinchilla_nb.engine.fitting.fit import FitStatus, fit, solve
from chinchilla_nb.engine.fitting.kinks import descend_along_kinks, on_kinks
from chinchilla_nb.engine.fitting.losses import asymmetric_mae, huber, log_huber, mae, mse, residual_loss
from chinchilla_nb.engine.fitting.newton import Minimum
from chinchilla_nb.engine.fitting.objective import Objective
from chinchilla_nb.engine.fitting.problem import Problem
from chinchilla_nb.engine.laws.chinchilla_family import CHINCHILLA
from chinchilla_nb.engine.runs import Runs

LOSSES = [asymmetric_mae, mae, mse, huber, functools.partial(log_huber, delta=1e-3)]
NONE = np.array([], dtype=int)


def point_of(law, box):
    return box.theta(np.array([[np.log(law.E), np.log(law.A), np.log(law.B), law.alpha, law.beta]]))[0]


def problem_at_its_optimum(loss_fn, runs):
    problem = Problem(runs, loss_fn=loss_fn)
    box = CHINCHILLA.coordinates(runs, {})
    objective = Objective.of(problem, residual_loss(loss_fn), box)
    return objective, point_of(solve(problem).law, box), box


@pytest.mark.parametrize("loss_fn", LOSSES)
def test_a_fit_that_says_converged_keeps_the_proof(loss_fn):
    found = fit(make_runs(40, noise=0.01), loss_fn=loss_fn)
    assert found.status is FitStatus.CONVERGED
    assert found.certificate.holds
    assert found.certificate.decrease < 1e-12
    assert found.certificate.curvature > 0
    assert found.certificate.multiplier < 1


@pytest.mark.parametrize("loss_fn", LOSSES)
@pytest.mark.parametrize("parameter", range(5))
def test_no_point_beside_the_optimum_is_certified(loss_fn, parameter):
    objective, theta, box = problem_at_its_optimum(loss_fn, make_runs(40, noise=0.01))
    active = np.flatnonzero(np.abs(objective.residuals(theta)) < 1e-12) if objective.loss.has_kink else NONE
    assert certify(objective, theta, active, box).holds
    moved = theta.copy()
    moved[parameter] *= 1 + 1e-4
    assert objective.value(moved) > objective.value(theta)
    assert not certify(objective, moved, active, box).holds
    # As far away, with no residual taken for zero, a kinked loss has a slope too.
    assert not certify(objective, moved, NONE, box).holds


def test_the_proof_does_not_hold_where_a_residual_should_leave_its_kink():
    """With y = E + noise only, the optimum of mae in E is the median; at any other run the multiplier is too large."""
    loss = np.array([1.0, 2.0, 3.0, 4.0, 9.0])
    runs = Runs(np.full(5, 1e6), np.full(5, 1e8), loss)
    nothing = {"A": (1e-300, 1e-300), "B": (1e-300, 1e-300), "alpha": (0.0, 0.0), "beta": (0.0, 0.0)}
    box = CHINCHILLA.coordinates(runs, nothing)
    objective = Objective.of(Problem(runs, loss_fn=mae, bounds=nothing), residual_loss(mae), box)
    theta = np.clip(np.zeros(5), box.lower, box.upper)
    held = {}
    for run, E in enumerate(loss / box.unit):
        theta[0] = E
        held[run] = certify(objective, theta, np.array([run]), box)
    assert [run for run, one in held.items() if one.holds] == [2]
    assert held[2].multiplier == pytest.approx(0, abs=1e-9)  # two runs below, two above
    # Three below, one above: the multiplier would have to be 2, and a slope is left that it cannot balance.
    assert held[3].multiplier == pytest.approx(1)
    assert held[3].decrease > 0.01


def test_a_descent_that_is_cut_short_is_not_certified():
    objective, theta, box = problem_at_its_optimum(mae, make_runs(40, noise=0.01))
    far = theta * 1.05
    start = Minimum(far, objective.value(far))
    cut = descend_along_kinks(objective, start, box, steps=2)
    assert not cut.converged
    assert cut.value < start.value
    end = descend_along_kinks(objective, start, box)
    assert end.converged
    assert end.value <= cut.value


def test_newton_on_the_kinks_never_returns_a_higher_point():
    objective, theta, box = problem_at_its_optimum(mae, make_runs(40, noise=0.01))
    wrong = np.arange(5)
    there = on_kinks(objective, theta, wrong, box)
    assert there.value <= objective.value(theta) * (1 + 1e-12)
    assert not there.converged


def test_runs_that_follow_a_law_exactly_need_no_multipliers():
    found = fit(make_runs(20), loss_fn=mae)
    assert found.certificate == EXACT
