"""Certificates that an answer is an optimum, computed without the solver: linear programs and exact gradients."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from scipy.optimize import linprog

from chinchilla_nb.engine.fitting.fit import fit
from chinchilla_nb.engine.fitting.losses import asymmetric_mae, huber, log_huber, mae, mse
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.laws.starts import StartGrid
from chinchilla_nb.engine.runs import Runs

GRID = StartGrid({"e": [-0.5, 0.5], "a": [0, 10], "b": [0, 10], "alpha": [0.2, 1.0], "beta": [0.2, 1.0]})
LAW = ScalingLaw(E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28)
KINKED = {"mae": (mae, 1.0, 1.0), "asymmetric_mae": (asymmetric_mae, 1.0, 10.0)}
SMOOTH = {
    "mse": (mse, lambda r: 2 * r, False),
    "huber": (functools.partial(huber, delta=0.02), lambda r: np.clip(r, -0.02, 0.02), False),
    "log_huber": (functools.partial(log_huber, delta=1e-3), lambda r: np.clip(r, -1e-3, 1e-3), True),
}


def noisy(seed, n=40):
    rng = np.random.default_rng(seed)
    N, D = 10 ** rng.uniform(6.5, 9.5, n), 10 ** rng.uniform(8, 11, n)
    return Runs(N, D, LAW.loss(N, D) * np.exp(0.02 * rng.standard_t(3, size=n)))


def linear_optimum(runs, lower, upper, alpha, beta):
    """Least mean kinked loss over E, A, B >= 0 for given exponents: a linear program in them and in r = u - v."""
    n = len(runs)
    design = np.stack([np.ones(n), (runs.N / 1e8) ** -alpha, (runs.D / 1e10) ** -beta], axis=1)
    cost = np.concatenate([np.zeros(3), np.full(n, upper / n), np.full(n, lower / n)])
    solution = linprog(cost, A_eq=np.hstack([design, -np.eye(n), np.eye(n)]), b_eq=runs.loss, method="highs")
    return solution.fun


def jacobian(law, N, D):
    """Derivatives of the prediction by E, log A, log B, alpha, beta, with columns scaled to a norm of one."""
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
def test_kinks_hold_the_answer_with_multipliers_in_range(loss, lower, upper, seed):
    runs = noisy(seed)
    law = fit(runs, GRID, loss).law
    r = law.loss(runs.N, runs.D) - runs.loss
    active = np.abs(r) <= 1e-10
    J = jacobian(law, runs.N, runs.D)
    # Zero is in the subdifferential: the pull of the other runs is balanced by slopes in [-lower, upper] at the kinks.
    pull = np.where(r > 0, upper, -lower)[~active] @ J[~active]
    balance = linprog(np.zeros(active.sum()), A_eq=J[active].T, b_eq=-pull, bounds=(-lower, upper), method="highs")
    slopes, residual, *_ = np.linalg.lstsq(J[active].T, -pull, rcond=None)
    assert balance.status == 0 or (
        np.allclose(J[active].T @ slopes, -pull, atol=1e-7) and (-lower <= slopes).all() and (slopes <= upper).all()
    ), f"{active.sum()} active residuals, slopes {slopes}, {residual}"


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
    # The law itself is a float64: what is left is its rounding, carried by the curvature.
    scale = np.abs(push) @ np.abs(J)
    assert (np.abs(push @ J) <= 1e-12 * np.maximum(scale, np.abs(J).sum(axis=0) * 1e-3)).all()
