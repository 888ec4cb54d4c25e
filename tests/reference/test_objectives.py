"""Published optima, which fits from the 4,500 starts of Hoffmann et al. must reach on published runs."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from runs import LAW
from scipy.optimize import minimize

from chinchilla_nb.engine.fitting.fit import FitStatus, fit
from chinchilla_nb.engine.fitting.losses import asymmetric_mae, huber, log_huber, mae, mse
from chinchilla_nb.engine.laws.allocation import allocate, exponents
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.laws.published import PUBLISHED_LAWS
from chinchilla_nb.engine.laws.starts import HOFFMANN_GRID
from chinchilla_nb.engine.runs import Runs

HOFFMANN_LOSS = functools.partial(log_huber, delta=1e-3)


@pytest.fixture
def all_runs(reference):
    table = reference("hoffmann_figure4.csv")
    return Runs(table.N, table.D, table.loss, table.C)


@pytest.fixture
def runs_240(all_runs):
    """Return the runs without the five highest losses, as fitted by Besiroglu et al. 2024."""
    return all_runs.take(np.sort(np.argsort(all_runs.loss)[:240]))


@pytest.fixture
def gemstones(reference):
    table = reference("gemstones_hot.csv")
    return Runs(table.N, table.D, table.loss)


def sum_of(found):
    return found.objective * len(found.runs)


def test_besiroglu_is_reproduced_to_the_digits_given(runs_240):
    found = fit(runs_240, HOFFMANN_GRID, HOFFMANN_LOSS)
    assert sum_of(found) <= 0.0010182740178 * (1 + 1e-10)
    assert found.status is FitStatus.CONVERGED
    law = found.law
    assert law.E == pytest.approx(1.817218, abs=1e-6)
    assert law.A == pytest.approx(477.826, abs=1e-3)
    assert law.B == pytest.approx(2143.417, abs=2e-3)
    assert law.alpha == pytest.approx(0.347310, abs=1e-6)
    assert law.beta == pytest.approx(0.367172, abs=1e-6)
    assert exponents(law)[0] == pytest.approx(0.51390, abs=1e-5)
    N, D = allocate(law, 5.76e23)
    assert D / N == pytest.approx(17.92, abs=0.005)


@pytest.mark.parametrize(
    ("law", "expected"),
    [
        (LAW, 0.00412100914),
        (
            ScalingLaw.from_params(
                {"e": 0.5267228, "a": 6.0073404, "b": 6.0179186, "alpha": 0.33917084, "beta": 0.2849083}
            ),
            0.0012311626,
        ),
    ],
    ids=["rounded", "TeX source"],
)
def test_published_laws_have_their_published_objective(runs_240, law, expected):
    assert HOFFMANN_LOSS(runs_240.loss, law.loss(runs_240.N, runs_240.D)).sum() == pytest.approx(expected, rel=1e-8)


def test_all_245_runs(all_runs):
    found = fit(all_runs, HOFFMANN_GRID, HOFFMANN_LOSS)
    assert sum_of(found) <= 0.00182601052307 * (1 + 1e-11)
    values = (found.law.E, found.law.A, found.law.B, found.law.alpha, found.law.beta)
    assert values == pytest.approx((1.891338, 495.726, 12845.6, 0.349313, 0.453049), rel=5e-6)


def test_squared_error(runs_240):
    found = fit(runs_240, HOFFMANN_GRID, mse)
    assert sum_of(found) <= 0.08320385
    values = (found.law.E, found.law.A, found.law.B, found.law.alpha, found.law.beta)
    assert values == pytest.approx((1.88281, 567.805, 7581.85, 0.35762, 0.42762), rel=2e-5)


def test_the_published_law_of_the_gemstones_is_that_of_their_runs(gemstones):
    law = PUBLISHED_LAWS["McLeish et al. 2025"].law
    found = fit(gemstones, HOFFMANN_GRID, HOFFMANN_LOSS)
    assert law.loss(gemstones.N, gemstones.D) == pytest.approx(found.law.loss(gemstones.N, gemstones.D), rel=1e-6)


def test_gemstones(gemstones):
    found = fit(gemstones, HOFFMANN_GRID, HOFFMANN_LOSS)
    assert sum_of(found) <= 0.0019816135
    assert found.law.alpha == pytest.approx(0.292892, abs=2e-6)
    assert found.law.beta == pytest.approx(0.712979, abs=2e-6)
    assert found.law.E == pytest.approx(2.143206, abs=2e-6)


STARTS = 4
SEARCHED = {
    "log_huber 1e-7": functools.partial(log_huber, delta=1e-7),
    "log_huber 1e-5": functools.partial(log_huber, delta=1e-5),
    "log_huber 1e-2": functools.partial(log_huber, delta=1e-2),
    "log_huber 10": functools.partial(log_huber, delta=10.0),
    "huber 1e-3": functools.partial(huber, delta=1e-3),
    "mae": mae,
    "asymmetric_mae": asymmetric_mae,
    "mse": mse,
}


@pytest.mark.parametrize("loss", SEARCHED.values(), ids=SEARCHED)
def test_no_random_start_of_scipy_finds_a_lower_objective(runs_240, loss):
    """A few starts here; `bench_fit.py --search` runs 200 of each method."""
    found = fit(runs_240, HOFFMANN_GRID, loss)
    N, D = np.log(runs_240.N), np.log(runs_240.D)

    def objective(theta):
        prediction = np.exp(theta[0]) + np.exp(theta[1] - theta[3] * N) + np.exp(theta[2] - theta[4] * D)
        return loss(runs_240.loss, prediction).mean() / found.objective

    rng = np.random.default_rng(0)
    for method in ("Nelder-Mead", "BFGS", "L-BFGS-B", "Powell"):
        for _ in range(STARTS):
            start = rng.uniform([0, 4, 4, 0.2, 0.2], [0.8, 9, 11, 0.5, 0.6])
            with np.errstate(all="ignore"):
                theirs = minimize(objective, start, method=method, options={"maxiter": 600}).fun
            assert not theirs < 1 - 1e-10, method
