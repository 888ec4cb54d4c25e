"""Custom losses: their optima, what is proven about them, and the losses that a user may write."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from runs import GRID, LAW, make_runs
from scipy.optimize import linprog

from chinchilla_nb.engine.fitting.fit import FitError, FitStatus, fit
from chinchilla_nb.engine.fitting.kink_search import NotPiecewiseSmooth, find_kinks
from chinchilla_nb.engine.fitting.losses import asymmetric_mae, huber, log_huber, mae, mse
from chinchilla_nb.engine.fitting.tabulated import Scale, TabulatedLoss
from chinchilla_nb.engine.runs import Runs

NOISY = make_runs(noise=0.02, rng=5)
ALIKE = {
    "mae": (mae, lambda y, p: abs(y - p)),
    "asymmetric_mae": (asymmetric_mae, lambda y, p: np.maximum(y - p, 10 * (p - y))),
    "mse": (mse, lambda y, p: (y - p) ** 2),
    "huber": (
        functools.partial(huber, delta=0.01),
        lambda y, p: np.where(abs(y - p) < 0.01, (y - p) ** 2 / 2, 0.01 * (abs(y - p) - 0.005)),
    ),
    "log_huber": (
        functools.partial(log_huber, delta=1e-2),
        lambda y, p: huber(np.log(y), np.log(p), delta=1e-2),
    ),
}


@functools.cache
def lowest(name):
    """Return the objective of the fit of the noisy runs with a built-in loss."""
    return fit(NOISY, GRID, ALIKE[name][0]).objective


def value_of(loss, law, runs):
    return np.mean(loss(runs.loss, law.loss(runs.N, runs.D)))


def heavy_tailed(seed):
    """Return forty runs with heavy-tailed noise."""
    rng = np.random.default_rng(seed)
    runs = make_runs(rng=rng)
    return Runs(runs.N, runs.D, LAW.loss(runs.N, runs.D) * np.exp(0.02 * rng.standard_t(3, size=len(runs))))


# Optima


@pytest.mark.parametrize(("builtin", "custom"), ALIKE.values(), ids=ALIKE)
@pytest.mark.parametrize("seed", range(3))
def test_a_custom_loss_has_the_optimum_of_the_built_in_one_with_a_certificate(builtin, custom, seed):
    runs = heavy_tailed(seed)
    found = fit(runs, GRID, custom)
    assert found.objective == pytest.approx(fit(runs, GRID, builtin).objective, rel=1e-9)
    assert found.status is FitStatus.CONVERGED
    assert found.certificate.holds


@pytest.mark.parametrize("width", [0.003, 0.01, 0.03])
@pytest.mark.parametrize("seed", range(3))
def test_no_linear_program_around_the_optimum_of_a_loss_with_two_kinks_is_lower(width, seed):
    runs = heavy_tailed(seed)
    found = fit(runs, GRID, lambda y, p: np.maximum(abs(p - y) - width, 0))
    assert found.status is FitStatus.CONVERGED

    def linear_optimum(alpha, beta):
        """Return the least mean loss over E, A, B >= 0, with design x - loss <= width + excess, and the reverse."""
        n = len(runs)
        design = np.stack([np.ones(n), (runs.N / 1e8) ** -alpha, (runs.D / 1e10) ** -beta], axis=1)
        A_ub = np.block([[design, -np.eye(n)], [-design, -np.eye(n)]])
        b_ub = np.concatenate([runs.loss + width, width - runs.loss])
        return linprog(np.repeat([0, 1 / n], [3, n]), A_ub=A_ub, b_ub=b_ub, method="highs").fun

    alpha, beta = found.law.alpha, found.law.beta
    assert found.objective == pytest.approx(linear_optimum(alpha, beta), rel=1e-9)
    for radius in (1e-5, 1e-3, 3e-2, 0.2):
        for angle in np.linspace(0, 2 * np.pi, 8, endpoint=False):
            lowest = linear_optimum(alpha + radius * np.cos(angle), beta + radius * np.sin(angle))
            assert found.objective <= lowest * (1 + 1e-9)


def test_a_capped_loss_ignores_gross_outliers():
    runs = make_runs(60, rng=3)
    outlier = np.arange(60) % 5 == 0
    spoiled = Runs(runs.N, runs.D, LAW.loss(runs.N, runs.D) * np.where(outlier, 1.5 + np.arange(60) / 60, 1.0))
    found = fit(spoiled, GRID, lambda y, p: np.minimum(abs(y - p), 0.01))
    # The law itself: no loss for the other runs, and the cap for each outlier.
    assert found.objective == pytest.approx(0.01 * outlier.mean(), rel=1e-9)
    assert list(found.law.as_dict().values()) == pytest.approx(list(LAW.as_dict().values()), rel=1e-6)


@pytest.mark.parametrize("factor", [1e-9, 1e9])
@pytest.mark.parametrize("name", ["mae", "mse"])
def test_the_scale_of_a_loss_does_not_matter(name, factor):
    _, custom = ALIKE[name]
    found = fit(NOISY, GRID, lambda y, p: factor * custom(y, p))
    assert found.objective == pytest.approx(factor * lowest(name), rel=1e-9)
    assert found.status is FitStatus.CONVERGED


def test_a_constant_in_a_loss_does_not_matter():
    found = fit(NOISY, GRID, lambda y, p: abs(y - p) - 1)
    assert found.objective + 1 == pytest.approx(lowest("mae"), rel=1e-9)
    assert found.status is FitStatus.CONVERGED


def test_a_loss_of_zero_for_many_laws_has_converged():
    found = fit(NOISY, GRID, lambda y, p: np.maximum(abs(y - p) - 1, 0))
    assert (found.objective, found.status) == (0.0, FitStatus.CONVERGED)


def test_runs_that_follow_a_law_exactly_may_have_another_optimum():
    runs = make_runs()
    found = fit(runs, GRID, lambda y, p: abs(p - 1.1 * y))
    # The optimum is the law with E, A and B larger by a tenth.
    assert found.objective == pytest.approx(0, abs=1e-12)
    assert found.law.E == pytest.approx(1.1 * LAW.E, rel=1e-9)


# What a user may write


def test_a_loss_is_called_a_few_thousand_times_at_most():
    calls = []

    def counted(y_true, y_pred):
        calls.append(len(y_pred))
        return np.abs(y_true - y_pred)

    fit(NOISY, GRID, counted)
    # Every call is one for all runs, in their order.
    assert set(calls) == {len(NOISY)}
    assert len(calls) < 4000


def test_a_loss_must_not_write_into_its_arguments():
    # Otherwise this would "converge" to a law that predicts no loss at all.
    def careless(y_true, y_pred):
        y_true[:] = 0
        return np.abs(y_pred - y_true)

    def constant(y_true, y_pred):
        y_pred[:] = y_true
        return np.abs(y_pred - y_true)

    for loss, argument in ((careless, "y_true"), (constant, "y_pred")):
        with pytest.raises(FitError, match=f"{loss.__name__} must not change its argument {argument}: .*np.array"):
            fit(NOISY, GRID, loss)


def test_a_loss_may_hold_a_value_for_each_run():
    scale = np.linspace(1, 3, len(NOISY))
    found = fit(NOISY, GRID, lambda y, p: scale * abs(y - p))
    weighted = fit(NOISY, GRID, mae, weight_fn=lambda C: scale)
    assert found.objective == pytest.approx(weighted.objective * scale.mean(), rel=1e-9)


def test_a_loss_gets_all_runs_in_their_order_and_those_of_weight_zero_do_not_count():
    left_out = NOISY.C > np.quantile(NOISY.C, 0.8)
    factors = np.linspace(1, 2, len(NOISY))

    def infinite_where_left_out(y_true, y_pred):
        np.testing.assert_allclose(y_true.astype(float), NOISY.loss)
        return np.where(left_out, np.inf, factors * abs(y_true - y_pred))

    some = Runs(NOISY.N[~left_out], NOISY.D[~left_out], NOISY.loss[~left_out])
    weighted = fit(NOISY, GRID, infinite_where_left_out, weight_fn=lambda C: np.where(left_out, 0.0, 1.0))
    fewer = fit(some, GRID, lambda y_true, y_pred: factors[~left_out] * abs(y_true - y_pred))
    assert weighted.status is fewer.status is FitStatus.CONVERGED
    assert weighted.objective == pytest.approx(fewer.objective, rel=1e-9)


def test_a_loss_that_refuses_long_double_is_fitted_in_double():
    def narrow(y_true, y_pred):
        assert y_pred.dtype == np.float64
        return np.abs(y_true - y_pred)

    found = fit(NOISY, GRID, narrow)
    assert found.objective == pytest.approx(lowest("mae"), rel=1e-9)
    assert found.status is FitStatus.CONVERGED


def test_a_loss_may_be_infinite_where_it_does_not_apply():
    found = fit(NOISY, GRID, lambda y, p: np.where(p > 1.5 * y, np.inf, abs(y - p)))
    assert found.objective == pytest.approx(lowest("mae"), rel=1e-9)


def test_an_optimum_at_the_edge_of_where_a_loss_applies_is_approached():
    # No prediction may exceed its loss by more than 1 %, but most runs pull the law upwards beyond that of some.
    found = fit(NOISY, GRID, lambda y, p: np.where(p > 1.01 * y, np.inf, abs(p - 1.5 * y)))
    assert np.isfinite(found.objective)
    assert (found.predictions <= 1.01 * NOISY.loss * (1 + 1e-12)).all()


def relative_to_the_mean(y_true, y_pred):
    return abs(y_true - y_pred) / np.mean(y_pred)


def in_single_precision(y_true, y_pred):
    return ((y_true - y_pred) ** 2).astype(np.float32)


def in_steps(y_true, y_pred):
    return np.floor(1000 * abs(y_true - y_pred))


@pytest.mark.parametrize("loss", [relative_to_the_mean, in_single_precision, in_steps])
def test_without_exact_derivatives_a_fit_does_not_claim_to_have_converged(loss):
    found = fit(NOISY, GRID, loss)
    assert found.status is FitStatus.STALLED
    assert found.certificate is None
    assert found.objective == pytest.approx(value_of(loss, found.law, NOISY), rel=1e-5)
    assert found.objective <= value_of(loss, fit(NOISY, GRID, mae).law, NOISY) * (1 + 1e-6)


def test_the_fit_of_a_loss_with_steps_is_no_worse_than_the_law_of_least_absolute_errors():
    def in_wide_steps(y_true, y_pred):
        return np.floor(100 * abs(y_true - y_pred))

    runs = heavy_tailed(2)  # on these runs, no search from near the law of least squares gets there
    found = fit(runs, GRID, in_wide_steps)
    assert found.objective <= value_of(in_wide_steps, fit(runs, GRID, mae).law, runs)


# Tables and kinks


def tabulated(loss, n_runs=3):
    """Return a loss of the residual, the same for each run, as a table, with its kinks."""
    size, scale = np.linspace(0.8, 1.2, n_runs), Scale(1e-3)
    nodes = size[:, None] * scale.nodes()
    work = find_kinks(loss, nodes, loss(nodes), size)
    while True:
        try:
            next(work)
        except StopIteration as end:
            return TabulatedLoss.of(size, scale, loss(nodes), end.value, 0.03), end.value


def test_kinks_are_found_where_they_are():
    _, kinks = tabulated(lambda r: np.maximum(abs(r - 0.01) - 0.03, 0) + r**2)
    assert np.sort(kinks.at, axis=1) == pytest.approx(np.array([[-0.02, 0.04]] * 3), abs=1e-12)
    assert kinks.half == pytest.approx(np.full((3, 2), 0.5), rel=1e-4)


def test_a_kink_at_zero_is_exactly_there():
    _, kinks = tabulated(lambda r: np.maximum(-r, 3 * np.arcsinh(r)))
    assert (kinks.at == 0).all()
    assert kinks.half == pytest.approx(np.full((3, 1), 2.0), rel=1e-4)


@pytest.mark.parametrize("loss", [lambda r: r**2, lambda r: abs(r) ** 1.5, lambda r: np.logaddexp(r / 0.01, -r / 0.01)])
def test_a_smooth_loss_has_no_kinks(loss):
    assert not tabulated(loss)[1].half.any()


@pytest.mark.parametrize("loss", [lambda r: np.floor(100 * abs(r)), lambda r: np.sqrt(abs(r))])
def test_steps_and_cusps_are_refused(loss):
    with pytest.raises(NotPiecewiseSmooth):
        tabulated(loss)


@pytest.mark.parametrize("width", [0.0, 1e-3, 0.02, 0.3])
@pytest.mark.parametrize("loss", [lambda r: abs(r), lambda r: np.minimum(abs(r), 0.05), lambda r: r**2 + abs(r)])
def test_the_derivatives_of_an_averaged_loss_are_those_of_its_values(loss, width):
    table = tabulated(loss)[0].smoothed(width)
    r = np.random.default_rng(1).uniform(-0.2, 0.2, (50, 3))
    step = 1e-7
    value, slope, _ = table.derivatives(r)
    assert (table.value(r + step) - table.value(r - step)) / (2 * step) == pytest.approx(slope, rel=1e-5, abs=1e-5)
    if width == 0:
        assert value == pytest.approx(loss(r), rel=1e-5)


def test_the_average_of_a_table_is_that_of_the_loss():
    table = tabulated(lambda r: abs(r) + r**2)[0].smoothed(0.02)
    r = np.random.default_rng(1).uniform(-0.05, 0.05, 3)
    shifts = 0.02 * (np.arange(2000) + 0.5) / 1000 - 0.02
    average = np.mean([abs(r + shift) for shift in shifts], axis=0)
    # The smooth part may stay as it is where averaging hardly changes it.
    assert table.value(r) == pytest.approx(average + r**2, abs=0.02**2)
