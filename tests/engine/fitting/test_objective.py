"""The objective: derivatives against differences in long double, coordinates, and independence of units."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from runs import make_runs

from chinchilla_nb.engine.fitting.losses import asymmetric_mae, huber, log_huber, mae, mse, residual_loss
from chinchilla_nb.engine.fitting.objective import Objective
from chinchilla_nb.engine.fitting.problem import Problem
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.laws.chinchilla_family import CHINCHILLA
from chinchilla_nb.engine.runs import Runs

LOSSES = [asymmetric_mae, mae, mse, huber, functools.partial(log_huber, delta=1e-2)]
RUNS = make_runs(30, noise=0.05)


def objective_of(loss_fn, runs, weight=None, dtype=np.float64):
    box = CHINCHILLA.coordinates(runs, {})
    problem = Problem(runs, weight_fn=None if weight is None else lambda C: weight)
    return Objective.of(problem, residual_loss(loss_fn), box, dtype), box


def log_point(law):
    return np.array([np.log(law.E), np.log(law.A), np.log(law.B), law.alpha, law.beta])


@pytest.mark.parametrize("loss_fn", LOSSES)
@given(theta=st.tuples(st.floats(0.1, 1), st.floats(-4, 0), st.floats(-4, 0), st.floats(0.0, 1.5), st.floats(0.0, 1.5)))
@settings(max_examples=25, deadline=None)
def test_gradient_and_hessian_are_derivatives(loss_fn, theta):
    objective, _ = objective_of(loss_fn, RUNS, dtype=np.longdouble)
    objective = objective.smoothed(0.01)
    theta = np.array(theta, dtype=np.longdouble)
    h = np.longdouble(1e-7)
    # The second derivative of a Huber loss jumps at two residuals, where finite differences are meaningless.
    # For a squared error they are infinitely far away.
    r, loss = objective.residuals(theta), objective.loss
    joints = np.minimum(abs(r + loss.lower * loss.width), abs(r - loss.upper * loss.width))
    assume(joints.min() > 1e-5)
    at = objective.derivatives(theta)
    steps = h * np.eye(5, dtype=np.longdouble)
    slope = [(objective.value(theta + step) - objective.value(theta - step)) / (2 * h) for step in steps]
    assert np.asarray(at.gradient, float) == pytest.approx(np.array(slope, float), rel=1e-8, abs=1e-9)
    bend = [
        (objective.derivatives(theta + step).gradient - objective.derivatives(theta - step).gradient) / (2 * h)
        for step in steps
    ]
    assert np.asarray(at.hessian, float) == pytest.approx(np.array(bend, float), rel=1e-7, abs=1e-8)


@pytest.mark.parametrize("loss_fn", LOSSES)
def test_value_and_gradient_agrees_with_derivatives(loss_fn):
    objective, _ = objective_of(loss_fn, RUNS)
    theta = np.array([0.7, -1.5, -1.2, 0.3, 0.4])
    value, gradient = objective.value_and_gradient(theta)
    at = objective.derivatives(theta)
    assert value == pytest.approx(at.value, rel=1e-14)
    assert gradient == pytest.approx(at.gradient, rel=1e-11, abs=1e-15)


@pytest.mark.parametrize("loss_fn", LOSSES)
def test_the_value_is_the_weighted_mean_of_the_documented_loss(loss_fn):
    weight = np.linspace(1, 4, len(RUNS))
    objective, box = objective_of(loss_fn, RUNS, weight)
    law = ScalingLaw(E=1.5, A=300, B=900, alpha=0.3, beta=0.31)
    theta = box.theta(log_point(law))
    expected = np.average(loss_fn(RUNS.loss, law.loss(RUNS.N, RUNS.D)), weights=weight)
    assert objective.value(theta) * objective.scale == pytest.approx(expected, rel=1e-12)


@given(
    E=st.floats(0.01, 1.8),
    A=st.floats(1, 1e6),
    B=st.floats(1, 1e6),
    alpha=st.floats(0.0, 1.5),
    beta=st.floats(0.0, 1.5),
)
def test_coordinates_round_trip(E, A, B, alpha, beta):
    law = ScalingLaw(E, A, B, alpha, beta)
    box = CHINCHILLA.coordinates(RUNS, {})
    again = box.law(box.theta(log_point(law)))
    assert list(again.as_dict().values()) == pytest.approx(list(law.as_dict().values()), rel=1e-12)


@pytest.mark.parametrize("loss_fn", LOSSES)
@pytest.mark.parametrize("unit", [1e-3, 1e3])
def test_theta_is_independent_of_the_units_of_N_and_D(loss_fn, unit):
    other = Runs(RUNS.N * unit, RUNS.D / unit, RUNS.loss)
    theta = np.array([0.7, -1.5, -1.2, 0.3, 0.4])
    assert objective_of(loss_fn, other)[0].value(theta) == pytest.approx(
        objective_of(loss_fn, RUNS)[0].value(theta), rel=1e-12
    )


@pytest.mark.parametrize("unit", [1e-3, 1e3])
def test_theta_is_independent_of_the_unit_of_the_loss(unit):
    # mae and mse scale with the unit; the logarithmic loss does not.
    other = Runs(RUNS.N, RUNS.D, RUNS.loss * unit)
    theta = np.array([0.7, -1.5, -1.2, 0.3, 0.4])
    for loss_fn, factor in ((mae, unit), (mse, unit**2), (log_huber, 1.0)):
        here, there = objective_of(loss_fn, RUNS)[0], objective_of(loss_fn, other)[0]
        expected = here.value(theta) * here.scale * factor
        assert there.value(theta) * there.scale == pytest.approx(expected, rel=1e-12)


def test_starts_beyond_the_box_are_moved_into_it():
    box = CHINCHILLA.coordinates(RUNS, {})
    theta = box.theta(np.array([[1e6, 1e6, -1e6, 99.0, -3.0]]))
    # Each to the nearest bound.
    expected = [box.upper[0], box.upper[1], box.lower[2], box.upper[3], box.lower[4]]
    assert theta.tolist() == [expected]
    assert np.isfinite(expected).all()
