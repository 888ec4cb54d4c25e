"""The fit: recovery of laws, invariances, bounds, weights and small numbers of runs."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from runs import GRID, LAW, make_runs
from scipy.optimize import minimize, nnls

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.fit import FitError, FitStatus, fit, iter_fit
from chinchilla_nb.engine.fitting.losses import asymmetric_mae, huber, log_huber, mae, mse
from chinchilla_nb.engine.fitting.problem import Problem
from chinchilla_nb.engine.laws.chinchilla import PARAMETERS, ScalingLaw
from chinchilla_nb.engine.laws.starts import HOFFMANN_GRID, StartGrid
from chinchilla_nb.engine.runs import Runs

LOSSES = {
    "mae": mae,
    "asymmetric_mae": asymmetric_mae,
    "mse": mse,
    "huber": huber,
    "log_huber": functools.partial(log_huber, delta=1e-3),
}
LAWS = {
    "symmetric": ScalingLaw(E=1.5, A=300.0, B=300.0, alpha=0.3, beta=0.3),
    "chinchilla": LAW,
    "asymmetric": ScalingLaw(E=0.8, A=50.0, B=2e7, alpha=0.2, beta=0.8),
}


def values(law):
    return np.array(list(law.as_dict().values()))


NOISY = make_runs(noise=0.02, rng=5)


@pytest.fixture(scope="module", params=LOSSES)
def noisy_fit(request):
    return fit(NOISY, GRID, LOSSES[request.param])


# Results


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_a_law_without_noise_is_recovered(law, loss):
    found = fit(make_runs(law=law), HOFFMANN_GRID, loss)
    assert values(found.law) == pytest.approx(values(law), rel=1e-10)
    assert found.status is FitStatus.CONVERGED


def test_the_objective_is_the_mean_of_the_loss_at_the_law(noisy_fit):
    expected = noisy_fit.loss_fn(NOISY.loss, noisy_fit.law.loss(NOISY.N, NOISY.D)).mean()
    assert noisy_fit.objective == pytest.approx(expected, rel=1e-9)
    assert noisy_fit.status is FitStatus.CONVERGED


def test_residuals_are_measured_minus_predicted(noisy_fit):
    law = noisy_fit.law
    expected = [
        loss - law.E - law.A / N**law.alpha - law.B / D**law.beta
        for N, D, loss in zip(NOISY.N.tolist(), NOISY.D.tolist(), NOISY.loss.tolist(), strict=True)
    ]
    assert noisy_fit.residuals == pytest.approx(expected, rel=0, abs=1e-14)
    assert max(expected) > 0.01  # so that the other sign would not pass


def test_the_landscape_is_the_objective_at_every_start(noisy_fit):
    E, A, B, alpha, beta = GRID.points().T
    assert noisy_fit.landscape.shape == (noisy_fit.starts,) == (32,)
    for at in (0, 13, 31):
        start = ScalingLaw(np.exp(E[at]), np.exp(A[at]), np.exp(B[at]), alpha[at], beta[at])
        expected = noisy_fit.loss_fn(NOISY.loss, start.loss(NOISY.N, NOISY.D)).mean()
        assert noisy_fit.landscape[at] == pytest.approx(expected, rel=1e-12)


# Invariances


def test_the_order_of_runs_does_not_matter(noisy_fit):
    shuffled = NOISY.take(np.random.default_rng(1).permutation(len(NOISY)))
    again = fit(shuffled, GRID, noisy_fit.loss_fn)
    assert again.objective == pytest.approx(noisy_fit.objective, rel=1e-12)
    assert values(again.law) == pytest.approx(values(noisy_fit.law), rel=1e-8)


@pytest.mark.parametrize("unit", [1e-3, 1e3])
def test_losses_in_other_units_give_the_same_law_scaled(noisy_fit, unit):
    name = getattr(noisy_fit.loss_fn, "__name__", "log_huber")
    # delta is in units of the loss: it changes with the unit, except for log_huber.
    loss_fn = functools.partial(huber, delta=unit) if name == "huber" else noisy_fit.loss_fn
    again = fit(Runs(NOISY.N, NOISY.D, NOISY.loss * unit), GRID, loss_fn)
    assert values(again.law) == pytest.approx(values(noisy_fit.law) * [unit, unit, unit, 1, 1], rel=1e-8)


def test_sizes_in_other_units_give_the_same_law_transformed(noisy_fit):
    millions = Runs(NOISY.N / 1e6, NOISY.D * 4, NOISY.loss)
    again, law = fit(millions, GRID, noisy_fit.loss_fn).law, noisy_fit.law
    expected = [law.E, law.A * 1e6**-law.alpha, law.B * 4**law.beta, law.alpha, law.beta]
    assert values(again) == pytest.approx(expected, rel=1e-8)


def test_the_order_of_grid_keys_does_not_matter(noisy_fit):
    turned = StartGrid(dict(reversed(GRID.axes.items())))
    again = fit(NOISY, turned, noisy_fit.loss_fn)
    assert values(again.law).tolist() == values(noisy_fit.law).tolist()
    assert again.landscape.tolist() == noisy_fit.landscape.tolist()


@pytest.mark.parametrize(
    "grid",
    [
        {"e": [700.0], "a": [700.0], "b": [700.0], "alpha": [0.0], "beta": [0.0]},
        {"e": [1e4, -1e4], "a": [1e4, -1e4], "b": [1e4, -1e4], "alpha": [0.0, 1e4], "beta": [0.0, 1e4]},
        {"E": [1e3], "A": [1e-300], "B": [1e-300], "alpha": [50.0], "beta": [50.0]},
        {"E": [NOISY.loss.max() * 2], "A": [1.0], "B": [1.0], "alpha": [0.5], "beta": [0.5]},
    ],
    ids=["overflow", "far beyond", "underflow", "E above every loss"],
)
def test_extreme_starts_give_the_same_fit_without_warnings(noisy_fit, grid):
    # Warnings are errors here.
    again = fit(NOISY, StartGrid(grid), noisy_fit.loss_fn)
    assert again.objective == pytest.approx(noisy_fit.objective, rel=1e-10)


def test_arguments_are_left_as_they_were():
    before = {name: getattr(NOISY, name).copy() for name in ("N", "D", "loss", "C")}
    bounds = {"E": (1.0, 2.0)}
    fit(NOISY, GRID, mse, weight_fn=np.sqrt, bounds=bounds)
    with pytest.raises(FitError, match="weight_fn must not change its argument C"):
        fit(NOISY, GRID, mse, weight_fn=lambda C: np.multiply(C, 2, out=C))
    assert all(np.array_equal(before[name], getattr(NOISY, name)) for name in before)
    assert bounds == {"E": (1.0, 2.0)}


# Precision


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_double_and_long_double_find_the_same_law(loss):
    double, long = (fit(NOISY, GRID, loss, dtype=dtype) for dtype in (np.float64, np.longdouble))
    assert values(double.law) == pytest.approx(values(long.law), rel=1e-7)
    assert double.objective == pytest.approx(long.objective, rel=1e-12)


# Custom losses

CUSTOM = {
    "lambda like mae": (mae, lambda y, p: abs(y - p)),
    "lambda like mse": (mse, lambda y, p: (y - p) ** 2),
    "lambda like huber": (
        functools.partial(huber, delta=0.01),
        lambda y, p: np.where(abs(y - p) < 0.01, (y - p) ** 2 / 2, 0.01 * (abs(y - p) - 0.005)),
    ),
    "lambda like log_huber": (
        functools.partial(log_huber, delta=1e-2),
        lambda y, p: huber(np.log(y), np.log(p), delta=1e-2),
    ),
    "lambda like asymmetric_mae": (asymmetric_mae, lambda y, p: np.maximum(y - p, 10 * (p - y))),
}


@pytest.mark.parametrize(("builtin", "custom"), CUSTOM.values(), ids=CUSTOM)
def test_a_custom_loss_reaches_the_optimum_of_the_built_in_one(builtin, custom):
    exact, found = fit(NOISY, GRID, builtin), fit(NOISY, GRID, custom)
    assert found.objective == pytest.approx(exact.objective, rel=1e-6)


def test_a_closure_is_a_loss_too():
    def power(p):
        return lambda y, predicted: np.abs(y - predicted) ** p

    assert fit(NOISY, GRID, power(2)).objective == pytest.approx(fit(NOISY, GRID, mse).objective, rel=1e-6)


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (lambda y, p: np.mean((y - p) ** 2), r"must return one loss per run, shape \(40,\), got shape \(\)"),
        (lambda y, p: np.outer(y, p), r"must return one loss per run, shape \(40,\), got shape \(40, 40\)"),
        (lambda y, p: y * np.nan, "is not finite at any start"),
    ],
)
def test_a_loss_of_the_wrong_kind_is_refused_in_one_sentence(loss, message):
    with pytest.raises(ValueError, match=message) as caught:
        fit(NOISY, GRID, loss)
    assert "\n" not in str(caught.value)


def test_an_exception_in_a_loss_is_reported_with_the_name_of_the_loss():
    def moody(y_true, y_pred):
        raise RuntimeError("not today")

    with pytest.raises(
        FitError, match=r"moody raised RuntimeError\('not today'\) on 40 runs: call it with y_true"
    ) as caught:
        fit(NOISY, GRID, moody)
    assert isinstance(caught.value.__cause__, RuntimeError)


# Bounds


@pytest.mark.parametrize(
    "bounds",
    [
        {"E": (1.5, 1.5)},
        {"A": (200.0, 200.0), "beta": (0.3, 0.3)},
        {"B": (1e3, 1e3), "alpha": (0.4, 0.4)},
        {"E": (0.0, 0.0)},
    ],
)
def test_fixed_parameters_stay_where_they_are(bounds):
    for loss in LOSSES.values():
        law = fit(NOISY, GRID, loss, bounds=bounds).law.as_dict()
        for name, (value, _) in bounds.items():
            assert law[name] == pytest.approx(value, rel=1e-13)


@pytest.mark.parametrize(
    "bounds",
    [
        {"E": (1.8, 3.0)},
        {"alpha": (0.4, 0.5), "beta": (0.1, 0.25)},
        {"A": (1e3, 1e4)},
        {"A": (10.0, 100.0), "B": (2e3, 1e4), "E": (0.5, 1.6)},
    ],
)
@pytest.mark.parametrize("loss", ["mse", "log_huber", "mae"])
def test_bounded_fits_are_no_worse_than_a_bounded_search_by_scipy(loss, bounds):
    found = fit(NOISY, GRID, LOSSES[loss], bounds=bounds)
    for name, (low, high) in bounds.items():
        assert low * (1 - 1e-13) <= found.law.as_dict()[name] <= high * (1 + 1e-13)
    wide = {"E": (1e-3, 3.0), "A": (1.0, 1e6), "B": (1.0, 1e6), "alpha": (0.01, 2.0), "beta": (0.01, 2.0)} | bounds
    box = [tuple(np.log(wide[name])) if name in "EAB" else wide[name] for name in PARAMETERS]

    def objective(theta):
        E, A, B = np.exp(theta[:3])
        prediction = E + A / NOISY.N ** theta[3] + B / NOISY.D ** theta[4]
        return LOSSES[loss](NOISY.loss, prediction).mean()

    rng = np.random.default_rng(2)
    for _ in range(6):
        start = [rng.uniform(low, high) for low, high in box]
        for method in ("Nelder-Mead", "L-BFGS-B"):
            theirs = minimize(objective, start, method=method, bounds=box, options={"maxiter": 500}).fun
            assert found.objective <= theirs * (1 + 1e-12)


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        ({"gamma": (0, 1)}, "bounds has no key 'gamma'"),
        ({"E": (2.0, 1.0)}, r"bounds\['E'\] must be 0 <= low <= high .*got \(2.0, 1.0\)"),
        ({"alpha": (-1.0, 1.0)}, r"bounds\['alpha'\]"),
        ({"beta": (0.0, np.inf)}, r"bounds\['beta'\]"),
        ({"E": (np.nan, 1.0)}, r"bounds\['E'\]"),
    ],
)
def test_impossible_bounds_are_refused_by_name(bounds, message):
    with pytest.raises(InputError, match=message):
        fit(NOISY, GRID, mse, bounds=bounds)


# Weights


def test_weight_zero_leaves_a_run_out(noisy_fit):
    left_out = np.arange(len(NOISY)) % 5 == 0
    weighted = fit(NOISY, GRID, noisy_fit.loss_fn, weight_fn=lambda C: np.where(left_out, 0.0, 1.0))
    fewer = fit(NOISY.take(~left_out), GRID, noisy_fit.loss_fn)
    assert weighted.objective == pytest.approx(fewer.objective, rel=1e-9)
    assert values(weighted.law) == pytest.approx(values(fewer.law), rel=1e-7)


def test_weight_two_counts_a_run_twice(noisy_fit):
    twice = np.arange(len(NOISY)) % 5 == 0
    weighted = fit(NOISY, GRID, noisy_fit.loss_fn, weight_fn=lambda C: 1.0 + twice)
    index = np.concatenate([np.arange(len(NOISY)), np.flatnonzero(twice)])
    repeated = fit(NOISY.take(index), GRID, noisy_fit.loss_fn)
    assert weighted.objective == pytest.approx(repeated.objective, rel=1e-9)
    assert values(weighted.law) == pytest.approx(values(repeated.law), rel=1e-7)


def test_the_scale_of_weights_does_not_matter(noisy_fit):
    one, other = (fit(NOISY, GRID, noisy_fit.loss_fn, weight_fn=lambda C, k=k: k * C**0.1) for k in (1.0, 1e6))
    assert values(one.law) == pytest.approx(values(other.law), rel=1e-8)
    assert one.objective == pytest.approx(other.objective, rel=1e-12)


@pytest.mark.parametrize(
    ("weight_fn", "message"),
    [
        (lambda C: C[:3], r"one weight per run, shape \(40,\), got shape \(3,\)"),
        (lambda C: -C, "finite and not negative, got -"),
        (lambda C: C * np.nan, "got nan"),
        (lambda C: C * 0, "got only 0"),
    ],
)
def test_unusable_weights_are_refused(weight_fn, message):
    with pytest.raises(FitError, match=message):
        fit(NOISY, GRID, mse, weight_fn=weight_fn)


# Few runs, and degenerate runs


@pytest.mark.parametrize("n", [0, 1, 2])
def test_fewer_than_three_runs_are_refused(n):
    with pytest.raises(FitError, match=f"at least 3 runs, got {n}"):
        fit(NOISY.take(np.arange(n)), GRID, mse)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
@pytest.mark.parametrize("n", [3, 4])
def test_three_and_four_runs_are_fitted_exactly_with_a_warning(n, loss):
    found = fit(make_runs(n), GRID, loss)
    assert found.predictions == pytest.approx(found.runs.loss, rel=1e-12)
    assert "few_runs" in {warning.code for warning in found.warnings}


def test_four_runs_that_no_law_fits_exactly_are_fitted_as_well_as_by_least_squares_at_any_exponents():
    runs = NOISY.take(np.arange(4))
    exponents = np.append(0.0, np.geomspace(1e-3, 10, 60))
    least = min(
        nnls(np.stack([np.ones(4), (runs.N / 1e9) ** -alpha, (runs.D / 1e10) ** -beta], axis=1), runs.loss)[1] ** 2 / 4
        for alpha in exponents
        for beta in exponents
    )
    assert least > 1e-5
    assert least / 1.01 < fit(runs, GRID, mse).objective <= least


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_identical_runs_are_fitted_exactly(loss):
    found = fit(NOISY.take(np.zeros(8, int)), GRID, loss)
    assert found.predictions == pytest.approx(found.runs.loss, rel=1e-12)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
@pytest.mark.parametrize("axis", ["N", "D"])
def test_one_distinct_size_still_fits_the_other_axis(axis, loss):
    law = LAWS["chinchilla"]
    runs = make_runs()
    N = np.full(len(runs), 1e8) if axis == "N" else runs.N
    D = np.full(len(runs), 1e10) if axis == "D" else runs.D
    found = fit(Runs(N, D, law.loss(N, D)), HOFFMANN_GRID, loss)
    assert found.predictions == pytest.approx(found.runs.loss, rel=1e-12)
    assert "few_sizes" in {warning.code for warning in found.warnings}


@pytest.mark.parametrize("loss", [mae, mse])
def test_collinear_sizes_are_fitted_with_a_warning(loss):
    law = LAWS["chinchilla"]
    N = np.geomspace(1e7, 1e10, 30)
    found = fit(Runs(N, 20 * N, law.loss(N, 20 * N)), GRID, loss)
    assert found.predictions == pytest.approx(found.runs.loss, rel=1e-4)
    assert "collinear" in {warning.code for warning in found.warnings}


# Progress, and maps


@pytest.mark.parametrize("loss", [mse, mae, lambda y, p: (y - p) ** 2], ids=["mse", "mae", "custom"])
def test_progress_only_improves_and_ends_with_the_fit(loss):
    steps = list(iter_fit(Problem(NOISY, starts=GRID, loss_fn=loss)))
    assert all(0 <= step.done <= step.total for step in steps)
    stages = [step.stage for step in steps]
    assert sorted(set(stages), key=stages.index) == ["screening", "optimising", "polishing"]
    final = steps[-1].best
    # Only the last fit has a final status: until then nothing has stalled or converged.
    assert {step.best.status for step in steps[:-1] if step.best} == {FitStatus.UNFINISHED}
    assert final.status is FitStatus.CONVERGED
    assert final.objective == fit(NOISY, GRID, loss).objective
    assert all(step.best is None or step.best.objective >= final.objective * (1 - 1e-12) for step in steps)


@pytest.mark.parametrize("loss", [mae, lambda y, p: (y - p) ** 2], ids=["mae", "custom"])
def test_serial_and_parallel_agree_to_the_bit(loss):
    from joblib import Parallel, delayed

    def processes(function, items):
        return Parallel(n_jobs=2, return_as="generator")(delayed(function)(item) for item in items)

    serial, parallel = (fit(NOISY, GRID, loss, exhaustive=True, map=how) for how in (map, processes))
    assert values(serial.law).tolist() == values(parallel.law).tolist()
    assert (serial.objective, serial.optima) == (parallel.objective, parallel.optima)


# Many runs


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_many_runs_average_the_noise_out(loss):
    law = LAWS["chinchilla"]
    found = fit(make_runs(20_000, noise=0.01, rng=9), GRID, loss)
    # Noise is symmetric; only asymmetric_mae predicts lower on purpose, by the same share everywhere.
    predicted = found.predictions / law.loss(found.runs.N, found.runs.D)
    # With five parameters and 20,000 runs the error is 1 % sqrt(5 / 20,000) for mse, at most 1.8 times that for others.
    assert np.std(predicted) < 2 * 1.8 * 0.01 * (5 / 20_000) ** 0.5
    assert found.status is FitStatus.CONVERGED


@pytest.mark.parametrize("loss", ["mae", "log_huber"])
def test_many_runs_without_noise_give_the_law(loss):
    law = LAWS["asymmetric"]
    assert values(fit(make_runs(20_000, law), HOFFMANN_GRID, LOSSES[loss]).law) == pytest.approx(values(law), rel=1e-9)


# Text and HTML


def test_text_and_html_show_the_law_the_loss_and_the_warnings():
    found = fit(NOISY.take(np.arange(4)), GRID, functools.partial(log_huber, delta=1e-3))
    for text in (repr(found), found._repr_html_()):
        assert f"{found.law.alpha:.6g}" in text
        assert "log_huber(delta=0.001)" in text
        assert "4 runs cannot determine five parameters" in text
