"""Minima moved along their path while the smoothing becomes narrower."""

from __future__ import annotations

import numpy as np
import pytest
from runs import make_runs

from chinchilla_nb.engine.fitting.losses import asymmetric_mae, mae, residual_loss
from chinchilla_nb.engine.fitting.newton import continued, newton
from chinchilla_nb.engine.fitting.objective import Objective
from chinchilla_nb.engine.fitting.problem import Problem
from chinchilla_nb.engine.laws.chinchilla_family import CHINCHILLA

CASES = [(loss_fn, seed) for loss_fn in (mae, asymmetric_mae) for seed in range(4)]


def case(loss_fn, seed, width=0.01):
    """Return an objective, its box, and its minimum at a width of smoothing."""
    runs = make_runs(40, noise=0.03, rng=seed)
    box = CHINCHILLA.coordinates(runs, {})
    objective = Objective.of(Problem(runs), residual_loss(loss_fn), box)
    start = box.theta(np.array([np.log(1.7), np.log(400), np.log(400), 0.34, 0.28]))
    return objective, box, newton(objective.smoothed(width), start, box).theta


@pytest.mark.parametrize(("loss_fn", "seed"), CASES)
def test_the_path_is_followed_to_first_order(loss_fn, seed):
    wide, narrow = 0.01, 0.00999  # so close that hardly a residual leaves the quadratic middle
    objective, box, theta = case(loss_fn, seed, wide)
    moved = continued(objective.smoothed(wide), objective.smoothed(narrow), theta[None], box)[0]
    end = newton(objective.smoothed(narrow), theta, box).theta
    way, left = (objective.residuals(end) - objective.residuals(law) for law in (theta, moved))
    assert np.abs(left).max() < 0.1 * np.abs(way).max()


@pytest.mark.parametrize(("loss_fn", "seed"), CASES)
def test_no_minimum_moves_to_a_higher_objective(loss_fn, seed):
    objective, box, theta = case(loss_fn, seed)
    for narrow in (0.002, 1e-4, 1e-6):
        smooth = objective.smoothed(narrow)
        moved = continued(objective.smoothed(0.01), smooth, theta[None], box)[0]
        assert smooth.value(moved) <= smooth.value(theta)


def test_what_is_fixed_does_not_move():
    objective, box, theta = case(mae, 0)
    fixed = np.array([[False, False, False, True, False]])
    moved = continued(objective.smoothed(0.01), objective.smoothed(0.00999), theta[None], box, fixed)[0]
    assert moved[3] == theta[3]
    assert (moved != theta)[[0, 1, 2, 4]].all()
