"""Kaplan's joint law: its formula, its consequences, and exact fits by the same solver."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from chinchilla_nb import (
    FitStatus,
    KaplanLaw,
    Runs,
    ScalingLaw,
    StartGrid,
    asymmetric_mae,
    fit,
    huber,
    log_huber,
    mae,
    mse,
)
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.allocation import allocate, compute_optimal_D, exponents, has_optimum
from chinchilla_nb.engine.laws.kaplan import KAPLAN_PARAMETERS

# Kaplan et al. 2020, table 2.
LAW = KaplanLaw(N_c=6.4e13, D_c=1.8e13, alpha_N=0.076, alpha_D=0.103)
LOSSES = {
    "mse": mse,
    "mae": mae,
    "huber": huber,
    "asymmetric_mae": asymmetric_mae,
    "log_huber": partial(log_huber, delta=1e-3),
}


def some_runs(noise=0.0, size=40, law=LAW):
    rng = np.random.default_rng(1)
    N, D = np.exp(rng.uniform(np.log([1e6, 1e8]), np.log([1e9, 1e11]), (size, 2))).T
    return Runs(N, D, law.loss(N, D) + noise * rng.standard_normal(size))


def test_the_loss_is_that_of_the_paper():
    # Equation 1.5 as printed, for GPT-3's size and data.
    N, D = 1.75e11, 3e11
    assert LAW.loss(N, D) == pytest.approx(((6.4e13 / N) ** (0.076 / 0.103) + 1.8e13 / D) ** 0.103, rel=1e-12)
    # With infinite data it is (N_c / N)^alpha_N, and with an infinite model (D_c / D)^alpha_D.
    assert LAW.loss(N, 1e300) == pytest.approx((6.4e13 / N) ** 0.076, rel=1e-9)
    assert LAW.loss(1e300, D) == pytest.approx((1.8e13 / D) ** 0.103, rel=1e-9)


@pytest.mark.parametrize(("N", "D"), [(1e7, 1e9), (1e9, 1e9), (1e11, 1e12)])
def test_the_gradient_is_the_slope_of_the_loss(N, D):
    h = 1e-5
    dN, dD = LAW.gradient(N, D)
    assert dN == pytest.approx((LAW.loss(N * (1 + h), D) - LAW.loss(N * (1 - h), D)) / (2 * h * N), rel=1e-6)
    assert dD == pytest.approx((LAW.loss(N, D * (1 + h)) - LAW.loss(N, D * (1 - h))) / (2 * h * D), rel=1e-6)


def test_curves_of_equal_loss_go_through_the_models_that_have_it():
    N, D = np.geomspace(1e7, 1e11, 5), np.geomspace(1e9, 1e12, 5)
    loss = LAW.loss(N, D)
    assert LAW.iso_loss_D(loss, N) == pytest.approx(D, rel=1e-9)
    assert LAW.iso_loss_N(loss, D) == pytest.approx(N, rel=1e-9)
    # No amount of data brings a small model to the loss of a large one.
    assert np.isnan(LAW.iso_loss_D(LAW.loss(1e12, 1e13), 1e6))


@pytest.mark.parametrize("C", [1e18, 5.76e23])
def test_the_allocation_is_the_minimum_along_the_isoflop_line(C):
    N, D = allocate(LAW, C)
    assert 6 * N * D == pytest.approx(C, rel=1e-12)
    # dL = 0 along 6ND = C gives r (N_c / N)^r = D_c / D with r = alpha_N / alpha_D, solved for N by hand.
    r = 0.076 / 0.103
    assert N == pytest.approx((r * 6.4e13**r * C / (6 * 1.8e13)) ** (1 / (1 + r)), rel=1e-10)
    found = minimize_scalar(
        lambda log_N: float(LAW.loss(np.exp(log_N), C / 6 / np.exp(log_N))), bracket=(np.log(1e5), np.log(1e15))
    )
    assert float(LAW.loss(N, D)) <= found.fun * (1 + 1e-12)


def test_budgets_are_allocated_all_at_once():
    C = np.geomspace(1e15, 1e30, 50)
    N, D = allocate(LAW, C)
    assert N.shape == D.shape == (50,)
    assert [float(allocate(LAW, one)[0]) for one in C] == N.tolist()
    # N* grows as C^a with a = 1 / (1 + r).
    assert exponents(LAW)[0] == pytest.approx(1 / (1 + 0.076 / 0.103), rel=1e-9)
    assert compute_optimal_D(LAW, N) == pytest.approx(D, rel=1e-9)


def test_a_flat_law_has_no_allocation():
    flat = KaplanLaw(N_c=0.0, D_c=1.8e13, alpha_N=0.076, alpha_D=0.103)
    assert not has_optimum(flat)
    with pytest.raises(InputError, match="N_c = 0: the law says that model size does not matter"):
        allocate(flat, 1e20)


def test_parameters_are_checked_and_may_be_logarithms():
    assert KaplanLaw.from_params(
        {"log_N_c": np.log(6.4e13), "D_c": 1.8e13, "alpha_N": 0.076, "alpha_D": 0.103}
    ).N_c == pytest.approx(6.4e13)
    with pytest.raises(InputError, match=r"needs N_c \(or log_N_c\), D_c \(or log_D_c\), alpha_N and alpha_D, got N_c"):
        KaplanLaw.from_params({"N_c": 1.0})
    with pytest.raises(InputError, match="alpha_D must be positive, got 0"):
        KaplanLaw(1.0, 1.0, 0.1, 0.0)
    with pytest.raises(InputError, match="N_c must be finite and not negative, got -1.0"):
        KaplanLaw(-1.0, 1.0, 0.1, 0.1)


def test_the_equation_is_that_of_the_paper():
    assert str(LAW) == "L(N, D) = [(6.4e+13 / N)^0.7379 + 1.8e+13 / D]^0.103"


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
@pytest.mark.parametrize("scale", [1.0, 1e3], ids=["nats", "thousandths"])
def test_a_law_is_recovered_from_runs_without_noise(loss, scale):
    runs = some_runs()
    found = fit(Runs(runs.N, runs.D, runs.loss * scale), loss_fn=loss, law="kaplan")
    assert found.status is FitStatus.CONVERGED
    # A loss in other units is a law with the same exponents: each scale is multiplied by 1000^(1 / exponent).
    expected = KaplanLaw(6.4e13 * scale ** (1 / 0.076), 1.8e13 * scale ** (1 / 0.103), 0.076, 0.103)
    for name, value in expected.as_dict().items():
        assert found.law.as_dict()[name] == pytest.approx(value, rel=1e-10)
    assert found.warnings == ()


def test_least_absolute_errors_end_at_a_vertex():
    found = fit(some_runs(noise=0.02), loss_fn=mae, law="kaplan")
    assert found.status is FitStatus.CONVERGED
    # Four free parameters put the law through four runs exactly.
    assert np.count_nonzero(np.abs(found.residuals) < 1e-12) == 4
    assert isinstance(found.law, KaplanLaw)


def test_with_a_fixed_parameter_the_vertex_has_one_run_less():
    found = fit(some_runs(noise=0.02), loss_fn=mae, law="kaplan", bounds={"D_c": (1e13, 1e13)})
    assert found.law.D_c == pytest.approx(1e13, rel=1e-12)
    assert np.count_nonzero(np.abs(found.residuals) < 1e-12) == 3


def test_bounds_that_exclude_the_optimum_hold_and_give_a_warning():
    # Without bounds N_c is near 6.4e13.
    found = fit(some_runs(noise=0.02), loss_fn=mse, law="kaplan", bounds={"N_c": (1e10, 1e11)})
    assert found.law.N_c == pytest.approx(1e11, rel=1e-9)
    assert [str(warning) for warning in found.warnings if warning.code == "at_bound"] == [
        "N_c = 10¹¹ is held by its bounds (10¹⁰, 10¹¹): widen them"
    ]
    assert found.objective > fit(some_runs(noise=0.02), loss_fn=mse, law="kaplan").objective


def test_a_custom_loss_fits_it_too():
    found = fit(some_runs(noise=0.02), loss_fn=lambda y, p: (y - p) ** 2, law="kaplan")
    assert found.objective == pytest.approx(fit(some_runs(noise=0.02), loss_fn=mse, law="kaplan").objective, rel=1e-6)


SIZES = np.geomspace(1e7, 1e9, 9)


@pytest.mark.parametrize(
    ("runs", "message"),
    [
        (some_runs(size=3), "3 runs cannot determine four parameters"),
        (Runs([1e8] * 9, SIZES, LAW.loss(1e8, SIZES)), "N_c and alpha_N are not identifiable from 1 distinct N"),
        (Runs(SIZES, 20 * SIZES, LAW.loss(SIZES, 20 * SIZES)), "N and D move together"),
    ],
    ids=["few runs", "one size", "fixed D/N"],
)
def test_warnings_name_its_parameters(runs, message):
    warnings = [str(warning) for warning in fit(runs, loss_fn=mse, law="kaplan").warnings]
    assert any(warning.startswith(message) for warning in warnings), warnings


def test_starts_of_another_law_and_unknown_laws_are_refused():
    with pytest.raises(InputError, match=r"starts must be of the law 'kaplan', got E, A, B, alpha, beta: give"):
        fit(some_runs(), StartGrid({"E": 1, "A": 1, "B": 1, "alpha": 1, "beta": 1}), law="kaplan")
    with pytest.raises(InputError, match=r"law must be one of 'chinchilla', 'kaplan', 'frontier', got 'kaplann'"):
        fit(some_runs(), law="kaplann")
    with pytest.raises(InputError, match=r"bounds has no key 'E': choose from N_c, D_c, "):
        fit(some_runs(), law="kaplan", bounds={"E": (0, 1)})


def test_a_grid_of_its_own_starts_is_screened_one_by_one():
    grid = StartGrid(
        {"log_N_c": (28, 32), "D_c": (1e13, 3e13), "alpha_N": 0.08, "alpha_D": (0.1, 0.12)}, KAPLAN_PARAMETERS
    )
    runs = some_runs(noise=0.02)
    found = fit(runs, grid, mse, law="kaplan")
    # The objective at each start, from the formula.
    expected = [
        np.mean((KaplanLaw(N_c, D_c, 0.08, alpha_D).loss(runs.N, runs.D) - runs.loss) ** 2)
        for N_c in np.exp([28, 32])
        for D_c in (1e13, 3e13)
        for alpha_D in (0.1, 0.12)
    ]
    assert found.landscape == pytest.approx(expected, rel=1e-9)


# What the law cannot describe


FLOORED = some_runs(law=ScalingLaw(E=3.0, A=30.0, B=30.0, alpha=0.6, beta=0.6), noise=0.005)
OTHERS = {
    "an irreducible loss": FLOORED,
    "an irreducible loss, in thousandths": Runs(FLOORED.N, FLOORED.D, 1000 * FLOORED.loss),
    "a constant loss": Runs(FLOORED.N, FLOORED.D, np.full(40, 2.0) + 1e-3 * np.cos(np.arange(40))),
    "losses that rise with N": Runs(FLOORED.N, FLOORED.D, (FLOORED.N / 1e8) ** 0.05),
    "N alone": Runs(FLOORED.N, FLOORED.D, 10 * FLOORED.N**-0.1),
}


@pytest.mark.parametrize("bounds", [{}, {"N_c": (1e5, 1e20)}], ids=["free", "with limits of N_c"])
@pytest.mark.parametrize("loss", [mse, mae], ids=["mse", "mae"])
@pytest.mark.parametrize("runs", OTHERS.values(), ids=OTHERS)
def test_the_objective_is_that_of_the_law_returned(runs, loss, bounds):
    found = fit(runs, loss_fn=loss, law="kaplan", bounds=bounds)
    # The largest residuals of exact runs are rounding errors.
    assert np.mean(loss(runs.loss, found.predictions)) == pytest.approx(found.objective, rel=1e-6, abs=1e-14)


def test_an_irreducible_loss_is_named_where_the_law_has_none():
    messages = [str(warning) for warning in fit(FLOORED, loss_fn=mse, law="kaplan").warnings]
    assert any(
        "is at the smallest exponent the fit considers: these runs may have an irreducible" in m for m in messages
    )
    assert not any("does not matter" in message for message in messages)


def test_data_that_do_not_matter_are_said_to_and_leave_nothing_to_allocate():
    found = fit(OTHERS["N alone"], loss_fn=mae, law="kaplan")
    assert found.law.D_c == 0
    assert found.law.loss(1e9, 1e10) == pytest.approx(10 * 1e9**-0.1, rel=1e-9)
    assert "D_c = 0: data does not matter in these runs" in str(found.warnings[0])
    with pytest.raises(InputError, match="D_c = 0: the law says that data does not matter"):
        allocate(found.law, 1e20)
