"""Groups fitted together: optima that no other search lowers, known multipliers, and the test of what is shared."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import f as f_distribution
from two_groups import E_D, E_N, FIRST, SECOND, two_groups

from chinchilla_nb import (
    FAMILIES,
    FitError,
    InputError,
    ProductCompute,
    Runs,
    ScalingLaw,
    StartGrid,
    asymmetric_mae,
    fit_groups,
    huber,
    log_huber,
    mae,
    mse,
)
from chinchilla_nb.engine.fitting.fit import solve
from chinchilla_nb.engine.fitting.problem import Problem
from chinchilla_nb.engine.groups.group_sentences import multiplier_sentence, sharing_sentence
from chinchilla_nb.engine.groups.quantities import common_compute, efficiencies, multiplier, parameters
from chinchilla_nb.engine.planning.effective_compute import compute_multiplier

STARTS = StartGrid({"E": [1.0, 2.0], "A": [50.0, 500.0], "B": [50.0, 500.0], "alpha": [0.3, 0.6], "beta": [0.3, 0.6]})
LOSSES = {"mse": mse, "log_huber": functools.partial(log_huber, delta=1e-3), "mae": mae, "asymmetric": asymmetric_mae}


def fitted(runs, loss_fn=mse, **options):
    return fit_groups(Problem(runs, starts=STARTS, loss_fn=loss_fn, **options), "group")


@functools.cache
def usual(loss: str = "mse"):
    """Return the fits of the same runs, which many tests ask."""
    return fitted(two_groups(), LOSSES[loss])


@pytest.mark.parametrize("loss_fn", LOSSES.values(), ids=LOSSES)
def test_runs_that_follow_the_laws_exactly_give_them_back(loss_fn):
    groups = fitted(two_groups(noise=0.0), loss_fn)
    laws = groups.fit("efficiency").laws
    for name, law in (("first", FIRST), ("second", SECOND)):
        assert laws[name].as_dict() == pytest.approx(law.as_dict(), rel=1e-4)
    found = efficiencies(groups.fit("efficiency"), "second", "first")
    assert float(found["N"].value) == pytest.approx(E_N, rel=1e-4)
    assert float(found["D"].value) == pytest.approx(E_D, rel=1e-4)
    for model in ("separate", "exponents", "efficiency"):
        assert float(multiplier(groups.fit(model), "second", "first").value) == pytest.approx(E_N * E_D, rel=1e-3)


@pytest.mark.parametrize("model", ["exponents", "efficiency"])
@pytest.mark.parametrize("loss", LOSSES)
def test_no_simplex_search_from_around_finds_a_lower_objective(loss, model):
    fit = usual(loss).fit(model)
    assert fit.proven

    def objective(theta):
        return float(fit.objective.value(np.clip(theta, fit.box.lower, fit.box.upper)))

    best, size = objective(fit.theta), len(fit.theta)
    for seed, reach in ((1, 0.02), (2, 0.2)):
        start = fit.theta + reach * np.random.default_rng(seed).standard_normal(size)
        found = minimize(objective, start, method="Nelder-Mead", options={"maxfev": 1500, "xatol": 1e-9, "fatol": 0})
        assert found.fun >= best * (1 - 1e-9)


@pytest.mark.parametrize("loss", LOSSES)
def test_separate_laws_are_those_of_separate_fits_and_pooled_ones_that_of_one_fit(loss):
    runs, groups, loss_fn = two_groups(), usual(loss), LOSSES[loss]
    total = 0.0
    for name in ("first", "second"):
        alone = solve(Problem(runs.take(runs.columns["group"] == name), starts=STARTS, loss_fn=loss_fn))
        total += alone.objective * len(alone.runs) / len(runs)
    assert groups.fit("separate").value == pytest.approx(total, rel=1e-7)
    pooled = solve(Problem(runs, starts=STARTS, loss_fn=loss_fn))
    assert groups.fit("pooled").value == pytest.approx(pooled.objective, rel=1e-7)
    values = [groups.fit(model).value for model in ("separate", "exponents", "efficiency", "N-efficiency", "pooled")]
    assert values == sorted(values)  # each is a special case of the one before


def test_the_test_is_the_f_test_for_the_squared_error():
    runs, groups = two_groups(), usual()
    for model in ("exponents", "efficiency", "D-efficiency"):
        fit, largest, test = groups.fit(model), groups.fit("separate"), groups.test(model)
        q = largest.free - fit.free
        expected = (fit.value - largest.value) / q / (largest.value / (len(runs) - 10))
        assert test.constraints == q
        assert expected == pytest.approx(test.F, rel=0.15)  # the engine's errors are relative to the loss
        assert test.p == pytest.approx(f_distribution.sf(test.F, q, len(runs) - 10))
    assert groups.test("separate") is None
    assert groups.test("pooled").rejected
    assert "reject that all parameters are shared (p = " in sharing_sentence(groups, "pooled")
    assert "do not reject that E, alpha and beta are shared" in sharing_sentence(groups, "efficiency")


def test_a_multiplier_depends_on_compute_where_exponents_differ():
    steeper = ScalingLaw(E=1.69, A=800.0, B=900.0, alpha=0.37, beta=0.31)
    groups = fitted(two_groups(noise=0.0, second=steeper))
    separate = groups.fit("separate")
    for C in (1e19, 1e21, 1e24):
        expected = compute_multiplier(FIRST, steeper, C=C)
        assert float(multiplier(separate, "second", "first", C).value) == pytest.approx(expected, rel=1e-3)
    assert groups.test("exponents").rejected
    shared = groups.fit("efficiency")
    small, large = (float(multiplier(shared, "second", "first", C).value) for C in (1e19, 1e24))
    assert small == pytest.approx(large, rel=1e-6)  # the product of the efficiencies at any compute
    found = efficiencies(shared, "second", "first")
    assert small == pytest.approx(float(found["N"].value * found["D"].value), rel=1e-6)


def test_a_multiplier_of_the_other_direction_is_the_inverse():
    fit = usual().fit("efficiency")
    one, other = multiplier(fit, "second", "first"), multiplier(fit, "first", "second")
    assert float(one.value * other.value) == pytest.approx(1.0)
    assert float(one.low * other.high) == pytest.approx(1.0, rel=1e-4)
    alone = multiplier(fit, "first", "first")
    assert [float(alone.low), float(alone.high)] == pytest.approx([1.0, 1.0], rel=1e-9)


def test_a_baseline_that_never_reaches_the_loss_is_said():
    worse = ScalingLaw(E=1.2, A=406.4, B=410.7, alpha=0.34, beta=0.28)
    fit = fitted(two_groups(noise=0.0, second=worse)).fit("exponents")
    found = multiplier(fit, "second", "first", C=1e25)
    assert np.isinf(found.value)
    assert multiplier_sentence("second", "first", found) == (
        "'first' does not reach the loss of 'second' with any compute"
    )


def test_the_default_compute_is_the_largest_that_both_reach():
    runs, groups = two_groups(), usual()
    largest = [runs.C[runs.columns["group"] == name].max() for name in ("first", "second")]
    assert common_compute(groups.fit("pooled")) == min(largest)


def test_intervals_of_shared_parameters_are_the_same_in_each_group():
    found = parameters(usual().fit("efficiency"))
    for name in ("E", "alpha", "beta"):
        assert float(found["first"][name].low) == float(found["second"][name].low)
    assert float(found["first"]["A"].low) < float(found["first"]["A"].value) < float(found["first"]["A"].high)


def test_a_group_with_few_runs_needs_shared_parameters():
    runs = two_groups(40)
    keep = np.ones(40, dtype=bool)
    keep[1::2] = False
    keep[[1, 3, 5]] = True  # three runs of the second group
    groups = fitted(runs.take(keep))
    assert list(groups.fits) == ["exponents", "efficiency", "N-efficiency", "D-efficiency", "pooled"]
    assert "needs at least 5 runs of each group" in groups.failures["separate"]
    with pytest.raises(FitError, match="got 3 of 'second'"):
        groups.fit("separate")
    found = multiplier(groups.fit("efficiency"), "second", "first")
    assert float(found.low) < E_N * E_D < float(found.high)


def test_weights_bounds_laws_and_conventions_reach_the_groups():
    runs = two_groups()
    without = fitted(runs, weight_fn=lambda C: (C > 1e19).astype(float)).fit("efficiency")
    small = fitted(runs.take(runs.C > 1e19)).fit("efficiency")
    assert without.value == pytest.approx(small.value, rel=1e-9)
    fixed = fitted(runs, bounds={"E": (1.5, 1.5)})
    assert fixed.fit("separate").laws["second"].E == pytest.approx(1.5)
    kaplan = fit_groups(Problem(runs, FAMILIES["kaplan"], FAMILIES["kaplan"].starts, mse), "group")
    assert set(kaplan.fits) == {"separate", "efficiency", "N-efficiency", "D-efficiency", "pooled"}
    assert kaplan.fit("exponents") is kaplan.fit("efficiency")
    worth = efficiencies(kaplan.fit("efficiency"), "second", "first")
    laws = kaplan.fit("efficiency").laws
    assert float(worth["N"].value) == pytest.approx(laws["first"].N_c / laws["second"].N_c)
    assert float(worth["D"].value) == pytest.approx(laws["first"].D_c / laws["second"].D_c)
    other = fitted(runs.under(ProductCompute(8.0)))
    same = multiplier(other.fit("efficiency"), "second", "first")
    assert float(same.value) == pytest.approx(float(multiplier(usual().fit("efficiency"), "second", "first").value))


def test_what_cannot_be_fitted_is_refused_in_a_sentence():
    runs = two_groups()
    with pytest.raises(InputError, match="must be a built-in loss to fit groups together"):
        fitted(runs, lambda y_true, y_pred: (y_true - y_pred) ** 2)
    with pytest.raises(InputError, match="model must be 'separate' or 'exponents'"):
        usual().fit("all")
    with pytest.raises(InputError, match="baseline must be 'first' or 'second'"):
        multiplier(usual().fit("pooled"), "first", "third")
    with pytest.raises(FitError, match="needs at least 3 runs"):
        fitted(runs.take([0, 1]))


def test_huber_far_from_all_losses_is_the_absolute_error():
    runs = two_groups()
    narrow = fitted(runs, functools.partial(huber, delta=1e-9)).fit("efficiency")
    assert narrow.laws["first"].alpha == pytest.approx(usual("mae").fit("efficiency").laws["first"].alpha, rel=1e-3)


def test_several_groups():
    one, two = two_groups(40, rng=0), two_groups(40, rng=1)
    N, D, loss = (np.concatenate([getattr(one, name), getattr(two, name)]) for name in ("N", "D", "loss"))
    names = np.concatenate([one.columns["group"], np.char.add(two.columns["group"].astype("U12"), " again")])
    groups = fit_groups(Problem(Runs(N, D, loss, columns={"group": names}), starts=STARTS, loss_fn=mse), "group")
    assert groups.grouped.names == ("first", "first again", "second", "second again")
    same = multiplier(groups.fit("efficiency"), "first again", "first")
    assert float(same.low) < 1 < float(same.high)
    three = multiplier(groups.fit("efficiency"), "second again", "first")
    assert float(three.low) < E_N * E_D < float(three.high)
