"""Intervals against independent computations, and against each other."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from runs import LAW, make_runs
from scipy.optimize import curve_fit

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.fit import fit
from chinchilla_nb.engine.fitting.losses import asymmetric_mae, log_huber
from chinchilla_nb.engine.laws.allocation import allocate, exponents
from chinchilla_nb.engine.laws.families import FAMILIES
from chinchilla_nb.engine.laws.starts import StartGrid
from chinchilla_nb.engine.runs import Runs

LEAST_SQUARES = functools.partial(log_huber, delta=10.0)


def scattered(n, noise, seed, trend=0.0):
    """Runs with N over 2.5 decades and D/N from 2 to 200, whose noise changes with C."""
    rng = np.random.default_rng(seed)
    N = 10 ** rng.uniform(7.5, 10, n)
    D = N * 10 ** rng.uniform(0.3, 2.3, n)
    C = 6 * N * D
    size = noise * (C / np.exp(np.log(C).mean())) ** trend
    return Runs(N, D, LAW.loss(N, D) * np.exp(size * rng.normal(size=n)))


@functools.cache
def fitted(n, noise, seed):
    """Return the fit of scattered runs by least squares, which several tests ask."""
    return fit(scattered(n, noise, seed), loss_fn=LEAST_SQUARES)


def by_scipy(runs, law):
    """Covariance of E, log A, log B, alpha, beta for least squares of log loss, J'J and residuals by SciPy."""

    def log_loss(sizes, E, a, b, alpha, beta):
        N, D = sizes
        return np.log(E + np.exp(a - alpha * np.log(N)) + np.exp(b - beta * np.log(D)))

    start = [law.E, np.log(law.A), np.log(law.B), law.alpha, law.beta]
    found, covariance = curve_fit(log_loss, (runs.N, runs.D), np.log(runs.loss), start, xtol=1e-12)
    return found, covariance


def test_standard_errors_are_those_of_nonlinear_least_squares():
    found = fitted(100, 0.01, 0)
    near = found.uncertainty("sandwich").near
    _, covariance = by_scipy(found.runs, found.law)
    found = np.sqrt(np.diag(near.covariance))[[0, 3, 4]] * [near.box.unit, 1, 1]
    assert found == pytest.approx(np.sqrt(np.diag(covariance))[[0, 3, 4]], rel=0.02)


def test_the_sandwich_covariance_is_right_where_the_noise_grows_with_compute():
    # The deviation over 120 studies is known to 7 %.
    starts = StartGrid({"E": 1.5, "A": 300, "B": 300, "alpha": 0.3, "beta": 0.3})
    fits = [fit(scattered(60, 0.005, seed, trend=0.2), starts, LEAST_SQUARES) for seed in range(120)]
    spread = np.std([one.law.beta for one in fits])
    near = [one.uncertainty("sandwich").near for one in fits]
    robust, pooled = (
        np.sqrt(np.mean([covariance[4, 4] for covariance in each]))
        for each in ([one.robust_covariance for one in near], [one.covariance for one in near])
    )
    assert robust == pytest.approx(spread, rel=0.15)
    assert pooled < 0.87 * spread


def test_a_profile_interval_ends_where_the_f_test_rejects():
    # Independent: SciPy fits the other parameters at both ends; their sums of squares are those of the F test.
    found = fitted(60, 0.01, 1)
    runs, interval = found.runs, found.uncertainty("profile").interval()["alpha"]
    best = np.sum((np.log(runs.loss) - np.log(found.predictions)) ** 2)
    for end in (float(interval.low), float(interval.high)):
        pinned = fit(runs, loss_fn=LEAST_SQUARES, bounds={"alpha": (end, end)})
        squares = np.sum((np.log(runs.loss) - np.log(pinned.predictions)) ** 2)
        t = 2.0040448  # Student's t, 97.5 %, 55 degrees of freedom
        assert (squares / best - 1) * 55 == pytest.approx(t**2, rel=0.03)


@pytest.mark.parametrize("seed", range(3))
def test_methods_agree_on_a_well_behaved_problem(seed):
    methods = ("pairs", "profile", "sandwich", "residual")
    found = {name: fitted(240, 0.005, seed).uncertainty(name, 2000, rng=0).interval() for name in methods}
    for name in ("E", "alpha", "beta"):
        ends = {method: one[name] for method, one in found.items()}
        width = float(ends["profile"].high - ends["profile"].low)
        for method, one in ends.items():
            assert abs(float(one.low - ends["profile"].low)) < 0.1 * width, (method, name)
            assert abs(float(one.high - ends["profile"].high)) < 0.1 * width, (method, name)


def test_intervals_of_a_law_that_the_runs_follow_exactly_are_points():
    for method in ("pairs", "sandwich"):
        interval = fitted(40, 0.0, 0).uncertainty(method, 20, rng=0).interval()["alpha"]
        assert float(interval.high - interval.low) < 1e-6
        assert float(interval.low) <= LAW.alpha + 1e-6


def test_exponents_and_allocations_come_from_each_drawn_law():
    found = fitted(60, 0.01, 0).uncertainty("pairs", 50, rng=0)
    a = [exponents(law)[0] for law in found.laws]
    interval = found.interval(0.5)["a"]
    low, high = interval.low, interval.high
    assert min(a) <= low < np.median(a) < high <= max(a)
    N = [float(allocate(law, 1e24)[0]) for law in found.laws]
    assert min(N) <= found.allocate(1e24, 0.5)["N"].low < np.median(N)


def test_shapes_follow_what_is_asked():
    found = fitted(60, 0.01, 0).uncertainty("sandwich")
    assert found.predict_loss(1e9, 1e10).low.shape == ()
    assert found.predict_loss([1e9, 1e10], [[1e10], [1e11], [1e12]]).high.shape == (3, 2)
    assert found.allocate([1e22, 1e23])["D_per_N"].value.shape == (2,)
    value = found.predict_loss(1e9, 1e10)
    assert value.low < value.value < value.high


def test_an_interval_of_a_new_run_is_wider_than_that_of_the_law():
    found = fitted(60, 0.01, 0).uncertainty("sandwich")
    mean, new = (found.predict_loss(1e9, 2e10, kind=kind) for kind in ("mean", "new-run"))
    # Student's t of 55 degrees is 2.004; the noise is 1 %.
    assert np.log(new.high / new.value) == pytest.approx(2.004 * 0.01, rel=0.25)
    assert mean.high < new.high
    assert mean.low > new.low


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda u: u.interval(95), "level must be a number between 0 and 1, got 95"),
        (lambda u: u.interval("95"), "level must be a number between 0 and 1, got '95'"),
        (lambda u: u.predict_loss(1e9, 1e10, kind="new"), "kind must be 'mean' or 'new-run', got 'new'"),
        (lambda u: u.predict_loss(-1, 1e10), "N must be positive"),
        (lambda u: u.predict_loss([1, 2], [1, 2, 3]), "N and D must broadcast"),
        (lambda u: u.allocate(0), "C must be positive"),
    ],
)
def test_questions_that_cannot_be_answered_are_said(ask, message):
    found = fitted(60, 0.01, 0).uncertainty("sandwich")
    with pytest.raises(InputError, match=message):
        ask(found)


NAMES = ("pairs", "wild", "profile", "sandwich")


@pytest.mark.parametrize("method", NAMES)
@pytest.mark.parametrize("loss_fn", [LEAST_SQUARES, asymmetric_mae])
def test_five_runs_have_no_end(method, loss_fn):
    found = fit(scattered(5, 0.01, 0), loss_fn=loss_fn).uncertainty(method, 20, rng=0)
    assert found.notes[0] == "5 runs cannot show how precisely they determine 5 parameters"
    alpha = found.interval()["alpha"]
    assert (alpha.low, alpha.high) == (0, np.inf)
    assert found.predict_loss(1e9, 1e10).high == np.inf
    assert found.allocate(1e24)["N"].high == np.inf


def one_size(seed):
    rng = np.random.default_rng(seed)
    D = 10 ** rng.uniform(9, 12, 40)
    N = np.full(40, 1e9)
    return Runs(N, D, LAW.loss(N, D) * np.exp(0.01 * rng.normal(size=40)))


def collinear(seed):
    rng = np.random.default_rng(seed)
    N = 10 ** rng.uniform(8, 9, 40)
    D = 20 * N
    return Runs(N, D, LAW.loss(N, D) * np.exp(0.01 * rng.normal(size=40)))


@functools.cache
def undetermined(make, loss_fn, seed):
    return fit(make(seed), loss_fn=loss_fn)


@pytest.mark.parametrize("method", NAMES)
@pytest.mark.parametrize("make", [one_size, collinear])
@pytest.mark.parametrize("loss_fn", [LEAST_SQUARES, asymmetric_mae])
@pytest.mark.parametrize("seed", range(2))
def test_runs_that_do_not_determine_the_law_give_wide_intervals_and_a_sentence(method, make, loss_fn, seed):
    found = undetermined(make, loss_fn, seed).uncertainty(method, 30, rng=0)
    assert "these runs hardly determine some of the parameters; see the warnings of the fit" in found.notes
    at = found.allocate(1e24)["N"]
    assert at.high / max(float(at.low), 1.0) > 100
    true = float(allocate(LAW, 1e24)[0])
    assert at.low <= true <= at.high


@pytest.mark.parametrize("family", list(FAMILIES.values()), ids=list(FAMILIES))
def test_every_law_has_intervals_where_the_runs_hardly_determine_it(family):
    # Kaplan's law has no exponents near zero, which intervals of other laws reach.
    found = fit(make_runs(12, noise=0.03, rng=1), law=family.name).uncertainty("sandwich")
    for name, interval in found.interval().items():
        assert interval.low <= interval.value <= interval.high, name
