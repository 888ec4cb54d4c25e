"""The covariance of a fit, against closed forms of least squares and of quantile regression, and against simulation."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from runs import LAW, make_runs
from scipy.stats import norm, t

from chinchilla_nb import Runs, StartGrid, allocate, asymmetric_mae, fit, log_huber, mae, mse
from chinchilla_nb.engine.fitting.problem import Problem
from chinchilla_nb.engine.fitting.reliability.linearised import Linearised
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.laws.kaplan import KaplanLaw

ONE_START = StartGrid({"E": 1.5, "A": 300, "B": 300, "alpha": 0.3, "beta": 0.3})
NOISY = make_runs(60, noise=0.005)


def predictions(runs, point):
    """Return the losses of E, log A, log B, alpha, beta."""
    E, a, b, alpha, beta = point
    return E + np.exp(a) / runs.N**alpha + np.exp(b) / runs.D**beta


def derivatives(runs, point):
    """Return the derivatives of the losses by E, log A, log B, alpha, beta."""
    _, a, b, alpha, beta = point
    P, Q = np.exp(a) / runs.N**alpha, np.exp(b) / runs.D**beta
    return np.stack([np.ones_like(P), P, Q, -P * np.log(runs.N), -Q * np.log(runs.D)], axis=1)


def point_of(law):
    return np.array([law.E, np.log(law.A), np.log(law.B), law.alpha, law.beta])


def margins(found):
    """Return the margins of E, alpha and beta."""
    return natural_margins(Linearised.of(found.problem, found.law))


def natural_margins(near):
    return near.margins()[[0, 3, 4]] * [near.box.unit, 1, 1]


@pytest.mark.parametrize("weight_fn", [None, np.sqrt], ids=["equal weights", "sqrt(C)"])
def test_the_intervals_of_least_squares_are_those_of_the_textbook(weight_fn):
    found = fit(NOISY, ONE_START, mse, weight_fn=weight_fn)
    w = np.ones(60) if weight_fn is None else weight_fn(NOISY.C)
    w = w / w.sum()
    J = derivatives(NOISY, point_of(found.law))
    # Errors in proportion to the loss have the covariance H^-1 J' W^2 diag(s^2 L^2) J H^-1 (White 1980).
    inverse = np.linalg.inv((J * w[:, None]).T @ J)
    s2 = w @ (found.residuals / NOISY.loss) ** 2 * 60 / (60 - 5)
    covariance = s2 * inverse @ (J * (w * NOISY.loss)[:, None] ** 2).T @ J @ inverse
    degrees = (1 - 5 / 60) / np.sum(w**2)
    expected = t.ppf(0.975, degrees) * np.sqrt(np.diag(covariance))[[0, 3, 4]]
    # That E lies between 0 and the largest loss, and an exponent between 0 and 10, adds a little to what the runs say.
    assert margins(found) == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize(
    ("loss", "tau"), [(mae, 1 / 2), (asymmetric_mae, 1 / 11), (partial(asymmetric_mae, w=4.0), 1 / 5)]
)
def test_a_loss_with_a_kink_is_as_precise_as_the_quantile_it_estimates(loss, tau):
    # The variance of a regression quantile is tau (1 - tau) / f^2 for unit errors (Koenker 2005, equation 3.4).
    runs = make_runs(3000, noise=0.005)
    expected = np.sqrt(tau * (1 - tau)) / norm.pdf(norm.ppf(tau))
    assert margins(fit(runs, ONE_START, loss)) / margins(fit(runs, ONE_START, mse)) == pytest.approx(expected, rel=0.15)


def test_a_custom_loss_is_treated_like_the_built_in_one():
    def square(y_true, y_pred):
        return (y_pred - y_true) ** 2

    found = fit(NOISY, ONE_START, mse)
    custom = Linearised.of(Problem(NOISY, loss_fn=square), found.law)
    assert custom.margins() == pytest.approx(Linearised.of(found.problem, found.law).margins(), rel=1e-6)


def test_outliers_do_not_widen_the_intervals_of_a_robust_loss():
    loss = partial(log_huber, delta=1e-3)
    spoilt = Runs(NOISY.N, NOISY.D, NOISY.loss * np.where(np.arange(60) % 20 == 7, 1.3, 1))
    clean, robust = margins(fit(NOISY, ONE_START, loss)), margins(fit(spoilt, ONE_START, loss))
    assert np.all(robust < 1.5 * clean)
    assert np.all(margins(fit(spoilt, ONE_START, mse)) > 4 * clean)


@pytest.mark.parametrize("loss", [mse, mae, asymmetric_mae], ids=["mse", "mae", "asymmetric_mae"])
def test_the_interval_of_the_optimum_covers_the_truth(loss):
    covered = []
    for seed in range(25):
        runs = make_runs(30, noise=0.003, rng=seed)
        found = fit(runs, ONE_START, loss, dtype=np.float64)
        C = 100 * float(runs.C.max())
        error = float(np.log(allocate(found.law, C)[0] / allocate(LAW, C)[0]))
        covered.append(abs(error) <= Linearised.of(found.problem, found.law).log_N_margin(C))
    # 95 % of 25 are 24; fewer than 20 would be found in one of a thousand tests.
    assert sum(covered) >= 20


@pytest.mark.parametrize(
    "law", [LAW, KaplanLaw(N_c=6.4e13, D_c=1.8e13, alpha_N=0.076, alpha_D=0.103)], ids=["chinchilla", "kaplan"]
)
def test_the_optimum_moves_with_theta_as_the_interval_assumes(law):
    # With one free exponent, the margin of log N* is that of the exponent times how N* moves with it.
    name = law.parameters[-1].name
    bounds = {parameter: value for parameter, value in law.as_dict().items() if parameter != name}
    family = "chinchilla" if law is LAW else "kaplan"
    found = fit(make_runs(40, law, noise=0.003), None, mse, law=family, bounds=bounds)
    near, C = Linearised.of(found.problem, found.law), 1e23
    moved = [type(law)(**found.law.as_dict() | {name: found.law.as_dict()[name] + d}) for d in (-1e-5, 1e-5)]
    slope = float(np.log(allocate(moved[1], C)[0] / allocate(moved[0], C)[0])) / 2e-5
    assert near.log_N_margin(C) == pytest.approx(abs(slope) * near.margins()[-1], rel=0.01)


def test_an_undetermined_direction_is_as_uncertain_as_its_range():
    # Without any other D, E and B cannot be told apart: E may lie anywhere below the largest loss, uniformly.
    N = np.geomspace(1e7, 1e10, 12)
    runs = Runs(N, np.full(12, 1e10), LAW.loss(N, 1e10) * (1 + 1e-4 * np.cos(np.arange(12))))
    near = Linearised.of(Problem(runs, loss_fn=mse), LAW)
    assert np.sqrt(np.diag(near.covariance))[4] == pytest.approx(10 / np.sqrt(12), rel=0.05)


def test_a_pull_is_the_root_of_the_f_test():
    free = fit(NOISY, ONE_START, mse)
    for shift in (-0.01, 0.01):
        alpha = free.law.alpha + shift
        fixed = fit(NOISY, ONE_START, mse, bounds={"alpha": alpha})
        F = (np.sum(fixed.residuals**2) - np.sum(free.residuals**2)) / (np.sum(free.residuals**2) / 55)
        pull = Linearised.of(fixed.problem, fixed.law).pull(3)
        assert pull.t == pytest.approx(-np.sign(shift) * np.sqrt(F), rel=0.1)


def test_runs_that_follow_a_law_exactly_determine_it():
    runs = make_runs(40)
    for loss in (mse, mae, asymmetric_mae, partial(log_huber, delta=1e-3)):
        near = Linearised.of(Problem(runs, loss_fn=loss), ScalingLaw(**LAW.as_dict()))
        assert near.log_N_margin(1e23) < 1e-3


@pytest.mark.parametrize(
    "loss",
    [
        lambda y, p: np.where(np.abs(p / y - 1) < 0.02, (p / y - 1) ** 2, np.inf),
        lambda y, p: (p / y - 1) ** 2 if np.all(p != y) else 1 / 0,
        lambda y, p: np.zeros_like(p),
    ],
    ids=["infinite farther off", "fails at the measured losses", "constant"],
)
def test_a_loss_that_cannot_be_differentiated_counts_as_least_squares(loss):
    near = Linearised.of(Problem(NOISY, loss_fn=loss), LAW)
    squares = Linearised.of(Problem(NOISY, loss_fn=lambda y, p: (p / y - 1) ** 2), LAW)
    assert near.margins() == pytest.approx(squares.margins(), rel=1e-6)


def test_a_loss_may_hold_an_array_of_its_own():
    noise = np.linspace(0.5, 2, 60)
    runs, kept = NOISY, lambda C: C > np.median(C)
    near = Linearised.of(Problem(runs, loss_fn=lambda y, p: ((p - y) / noise) ** 2, weight_fn=kept), LAW)
    half = runs.take(kept(runs.C))
    shorter = Linearised.of(Problem(half, loss_fn=lambda y, p: ((p - y) / noise[kept(runs.C)]) ** 2), LAW)
    assert natural_margins(near) == pytest.approx(natural_margins(shorter), rel=0.01)
