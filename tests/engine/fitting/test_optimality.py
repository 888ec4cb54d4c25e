"""Certificates that an answer is an optimum, computed without the solver: linear programs and exact gradients."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from runs import GRID, LAW, make_runs
from scipy.optimize import linprog

from chinchilla_nb.engine.fitting.fit import fit
from chinchilla_nb.engine.fitting.losses import asymmetric_mae, huber, log_huber, mae, mse
from chinchilla_nb.engine.runs import Runs

KINKED = {"mae": (mae, 1.0, 1.0), "asymmetric_mae": (asymmetric_mae, 1.0, 10.0)}
SMOOTH = {
    "mse": (mse, lambda r: 2 * r, False),
    "huber": (functools.partial(huber, delta=0.02), lambda r: np.clip(r, -0.02, 0.02), False),
    "log_huber": (functools.partial(log_huber, delta=1e-3), lambda r: np.clip(r, -1e-3, 1e-3), True),
}


def noisy(seed):
    """Return forty runs with heavy-tailed noise."""
    rng = np.random.default_rng(seed)
    runs = make_runs(rng=rng)
    return Runs(runs.N, runs.D, LAW.loss(runs.N, runs.D) * np.exp(0.02 * rng.standard_t(3, size=len(runs))))


def linear_optimum(runs, lower, upper, alpha, beta):
    """Return the least mean kinked loss over E, A, B >= 0 for given exponents, by a linear program with r = u - v."""
    n = len(runs)
    design = np.stack([np.ones(n), (runs.N / 1e8) ** -alpha, (runs.D / 1e10) ** -beta], axis=1)
    cost = np.concatenate([np.zeros(3), np.full(n, upper / n), np.full(n, lower / n)])
    solution = linprog(cost, A_eq=np.hstack([design, -np.eye(n), np.eye(n)]), b_eq=runs.loss, method="highs")
    return solution.fun


def jacobian(law, N, D):
    """Return the derivatives of the predictions by E, log A, log B, alpha, beta, with columns of norm one."""
    A_term, B_term = law.A * N**-law.alpha, law.B * D**-law.beta
    x, y = np.log(N) - np.log(N).mean(), np.log(D) - np.log(D).mean()
    columns = np.stack([np.ones_like(N), A_term, B_term, -x * A_term, -y * B_term], axis=1)
    return columns / np.sqrt((columns**2).sum(axis=0))


@pytest.mark.parametrize(("loss", "lower", "upper"), KINKED.values(), ids=KINKED)
@pytest.mark.parametrize("seed", range(3))
def test_no_linear_program_around_the_answer_is_lower(loss, lower, upper, seed):
    runs = noisy(seed)
    found = fit(runs, GRID, loss)
    # At the exponents found, E, A and B are those of the linear program...
    assert found.objective == pytest.approx(
        linear_optimum(runs, lower, upper, found.law.alpha, found.law.beta), rel=1e-9
    )
    # ... and no exponents near or far do better.
    for radius in (1e-5, 1e-3, 3e-2, 0.2):
        for angle in np.linspace(0, 2 * np.pi, 8, endpoint=False):
            alpha, beta = found.law.alpha + radius * np.cos(angle), found.law.beta + radius * np.sin(angle)
            assert found.objective <= linear_optimum(runs, lower, upper, alpha, beta) * (1 + 1e-9)


@pytest.mark.parametrize(("loss", "lower", "upper"), KINKED.values(), ids=KINKED)
@pytest.mark.parametrize("seed", range(5))
def test_multipliers_at_the_kinks_are_in_range(loss, lower, upper, seed):
    runs = noisy(seed)
    law = fit(runs, GRID, loss).law
    r = law.loss(runs.N, runs.D) - runs.loss
    active = np.abs(r) <= 1e-10
    J = jacobian(law, runs.N, runs.D)
    # Zero is in the subdifferential: slopes in [-lower, upper] at the kinks balance the gradient of the other runs.
    pull = np.where(r > 0, upper, -lower)[~active] @ J[~active]
    # The least imbalance |J' slopes + pull| over such slopes, by a linear program with surplus and slack variables.
    kinks, unit = active.sum(), np.eye(5)
    cost = np.concatenate([np.zeros(kinks), np.ones(10)])
    cost[kinks] = float(law.E > 1e-9)  # at its bound of zero, E may have a gradient
    balance = linprog(
        cost,
        A_eq=np.hstack([J[active].T, -unit, unit]),
        b_eq=-pull,
        bounds=[(-lower, upper)] * kinks + [(0, None)] * 10,
        method="highs",
    )
    assert kinks >= 1
    assert balance.fun < 1e-9


@pytest.mark.parametrize(("loss", "slope", "logarithmic"), SMOOTH.values(), ids=SMOOTH)
@pytest.mark.parametrize("seed", range(5))
def test_the_gradient_of_a_smooth_loss_vanishes_to_rounding(loss, slope, logarithmic, seed):
    runs = noisy(seed)
    law = fit(runs, GRID, loss).law
    N, D, truth = (array.astype(np.longdouble) for array in (runs.N, runs.D, runs.loss))
    predicted = law.E + law.A * N**-law.alpha + law.B * D**-law.beta
    r = np.log(predicted / truth) if logarithmic else predicted - truth
    push = slope(r) / (predicted if logarithmic else 1)
    J = jacobian(law, N, D)
    # The law is stored in float64: the rest is its rounding, multiplied by the curvature.
    scale = np.abs(push) @ np.abs(J)
    assert (np.abs(push @ J) <= 1e-12 * np.maximum(scale, np.abs(J).sum(axis=0) * 1e-3)).all()
