"""The frontier law: exact fits to points of compute and loss, and what it refuses."""

from __future__ import annotations

import functools
import pickle

import numpy as np
import pytest
from runs import LAW, make_runs
from scipy.stats import f as f_distribution

from chinchilla_nb import (
    FAMILIES,
    Chinchilla,
    FitStatus,
    FrontierLaw,
    Problem,
    Runs,
    allocate,
    asymmetric_mae,
    compute_optimal_D,
    exponents,
    fit,
    huber,
    log_huber,
    mae,
    mse,
    outside_the_runs,
    run_keys,
    solve,
)
from chinchilla_nb.engine.errors import InputError

FRONTIER = FrontierLaw(E=1.69, A=1000.0, alpha=0.155)
C = np.geomspace(1e18, 1e22, 8)
LOSSES = {
    "mse": mse,
    "mae": mae,
    "huber": huber,
    "asymmetric_mae": asymmetric_mae,
    "log_huber": functools.partial(log_huber, delta=1e-3),
}


def noisy(n, size=0.003, law=FRONTIER, rng=0):
    C = np.geomspace(1e18, 1e22, n)
    return Runs.frontier(C, law.loss(C) * np.exp(size * np.random.default_rng(rng).standard_normal(n)))


@pytest.mark.parametrize("scale", [1, 1000, 1e-3])
@pytest.mark.parametrize("name", LOSSES)
def test_points_on_a_frontier_are_fitted_exactly(name, scale):
    found = fit(Runs.frontier(C, scale * FRONTIER.loss(C)), loss_fn=LOSSES[name], law="frontier")
    assert found.status is FitStatus.CONVERGED
    expected = [scale * FRONTIER.E, scale * FRONTIER.A, FRONTIER.alpha]
    assert list(found.law.as_dict().values()) == pytest.approx(expected, rel=1e-10)
    assert found.warnings == ()


def test_the_frontier_of_a_law_in_n_and_d_has_its_floor_and_an_exponent_that_follows():
    N, D = allocate(LAW, C)
    found = fit(Runs(N, D, LAW.loss(N, D)), loss_fn=mse, law="frontier").law
    # Hoffmann et al. 2022, equation 4, inserted into equation 2.
    assert found.E == pytest.approx(LAW.E, rel=1e-9)
    assert found.alpha == pytest.approx(LAW.alpha * LAW.beta / (LAW.alpha + LAW.beta), rel=1e-9)


def test_a_custom_loss_and_weights_are_fitted():
    def fourth_power(y_true, y_pred):
        return (y_true - y_pred) ** 4

    exact = Runs.frontier(C, FRONTIER.loss(C))
    assert fit(exact, loss_fn=fourth_power, law="frontier").law.alpha == pytest.approx(FRONTIER.alpha, rel=1e-2)
    spoilt = Runs.frontier(C, FRONTIER.loss(C) * np.where(C == C[0], 1.5, 1.0))
    found = fit(spoilt, loss_fn=mse, law="frontier", weight_fn=lambda C: np.where(C > C.min(), 1.0, 0.0))
    assert list(found.law.as_dict().values()) == pytest.approx(list(FRONTIER.as_dict().values()), rel=1e-9)


def test_bounds_hold_and_can_fix_each_parameter():
    for name, value in FRONTIER.as_dict().items():
        found = fit(Runs.frontier(C, FRONTIER.loss(C)), loss_fn=mse, law="frontier", bounds={name: (value, value)})
        assert list(found.law.as_dict().values()) == pytest.approx(list(FRONTIER.as_dict().values()), rel=1e-8)
    found = fit(Runs.frontier(C, FRONTIER.loss(C)), loss_fn=mse, law="frontier", bounds={"A": (1.0, 500.0)})
    assert found.law.A == pytest.approx(500)
    assert "A = 500 is held by its bounds (1, 500)" in str(found.warnings[0])


def test_a_pinned_floor_is_rejected_with_the_p_value_of_the_f_test():
    for n in (6, 10, 30):
        runs = noisy(n, 0.001)
        free, pinned = (fit(runs, loss_fn=mse, law="frontier", bounds=bounds) for bounds in ({}, {"E": (1.5, 1.5)}))
        squares = [np.sum(one.residuals**2) for one in (free, pinned)]
        p = f_distribution.sf((squares[1] - squares[0]) / (squares[0] / (n - 3)), 1, n - 3)
        (message,) = (one.message for one in pinned.warnings if one.code == "rejected")
        assert message.startswith("the runs reject E = 1.5: a larger value fits better, by ")
        # The test is linearised at the pinned floor, which is far off.
        assert np.log10(float(message.split("(p = ")[1].rstrip(")"))) == pytest.approx(np.log10(p), rel=0.25)


def test_true_pinned_floors_are_seldom_rejected():
    rejected = 0
    for seed in range(200):
        pinned = fit(noisy(6, 0.003, rng=seed), loss_fn=mse, law="frontier", bounds={"E": (1.69, 1.69)})
        rejected += any(one.code == "rejected" for one in pinned.warnings)
    assert rejected <= 7  # 1 % are expected; more than 7 of 200 come with a probability of 0.1 %


def test_runs_of_a_frontier_have_no_sizes():
    runs = Runs.frontier(C, FRONTIER.loss(C), {"seed": np.arange(8)})
    assert not runs.has_sizes
    assert repr(runs) == "Runs.frontier(8 runs, C from 1e+18 to 1e+22 FLOPs)"
    some = pickle.loads(pickle.dumps(runs)).take([5, 2])
    assert (some.C.tolist(), some.columns["seed"].tolist()) == ([C[5], C[2]], [5, 2])
    assert runs.alike(Runs.frontier(C, FRONTIER.loss(C)))
    assert not runs.alike(some)
    with_sizes = Runs(np.full(8, 1e9), C / 6e9, FRONTIER.loss(C), C)
    assert not runs.alike(with_sizes)
    assert not with_sizes.alike(runs)
    for use in (lambda: runs.N, lambda: runs.D, lambda: run_keys(runs)):
        with pytest.raises(InputError, match=r"^runs must have N and D for this, got Runs\.frontier\(C, loss\): give "):
            use()


@pytest.mark.parametrize("law", ["chinchilla", "kaplan"])
def test_laws_in_n_and_d_refuse_points_of_a_frontier(law):
    runs = Runs.frontier(C, FRONTIER.loss(C))
    message = rf"^runs must have N and D for law='{law}', got Runs\.frontier\(C, loss\): fit law='frontier', or give "
    with pytest.raises(InputError, match=message):
        fit(runs, law=law)
    with pytest.raises(InputError, match=message):
        Problem(runs, FAMILIES[law], FAMILIES[law].starts)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (([1e18, 1e19], [3.0]), "loss must have one value per run"),
        (([1e18, -1], [3.0, 2.0]), "C must be positive, got -1.0 at index 1"),
        (([1e18, 1e19], [3.0, np.nan]), "loss must be a finite number, got nan at index 1"),
        (("C", [3.0]), "C must be"),
    ],
)
def test_points_that_are_not_usable_are_refused(bad, message):
    with pytest.raises(InputError, match=f"^{message}"):
        Runs.frontier(*bad)


def test_a_frontier_allocates_nothing():
    for use in (
        lambda: allocate(FRONTIER, 1e24),
        lambda: exponents(FRONTIER),
        lambda: compute_optimal_D(FRONTIER, 1e9),
    ):
        with pytest.raises(InputError, match=r"^law must be a function of N and D to allocate compute, got L\(C\) = "):
            use()
    for name in ("allocate", "exponents", "optimal_D", "iso_loss", "iso_loss_D", "iso_loss_N", "gradient"):
        with pytest.raises(InputError, match=r"^law must be a function of N and D for this, got L\(C\) = "):
            getattr(FRONTIER, name)(1e24)


def test_a_budget_far_beyond_the_points_is_said():
    runs = noisy(8)
    law = fit(runs, loss_fn=mse, law="frontier").law
    assert outside_the_runs(law, runs, 100e22) is None
    assert str(outside_the_runs(law, runs, 5e25)) == (
        "C = 5×10²⁵ is 5,000 times the compute of the largest run: add larger runs before trusting the frontier there"
    )


def test_warnings_are_about_compute():
    few = [str(one) for one in fit(noisy(6), loss_fn=mse, law="frontier").warnings]
    assert few == [
        "6 runs are few for three parameters, so the law may be far off: add runs, or fix parameters with bounds"
    ]
    two = fit(Runs.frontier([1e18, 1e18, 1e19, 1e19], [3.0, 3.01, 2.5, 2.51]), loss_fn=mse, law="frontier")
    assert "A and alpha are not identifiable from 2 distinct C: add runs with other C" in map(str, two.warnings)
    flat = fit(Runs.frontier(C, np.full(8, 2.0)), loss_fn=mse, law="frontier")
    assert "zero" in {one.code for one in flat.warnings}
    power = FrontierLaw(E=0.0, A=27.0, alpha=0.05)
    none = fit(noisy(12, 0.01, power), loss_fn=mse, law="frontier")
    assert any("show no sign of an irreducible loss" in one.message for one in none.warnings)
    assert not {"collinear", "extrapolation"} & {one.code for found in (two, flat, none) for one in found.warnings}


def test_a_fit_can_be_repeated_and_pickled():
    found = fit(noisy(8), law="frontier")
    again = solve(pickle.loads(pickle.dumps(found.problem)))
    assert again.law == found.law
    assert found.problem.alike(again.problem)
    assert "L(C) = " in found._repr_html_().replace("<i>", "").replace("</i>", "")


def test_runs_with_sizes_are_fitted_by_their_compute():
    runs = make_runs(30)
    assert fit(runs, law="frontier").law == fit(Runs.frontier(runs.C, runs.loss), law="frontier").law


def test_a_project_plans_with_laws_in_n_and_d_only(tmp_path):
    message = (
        r"^law must be one of 'chinchilla', 'kaplan', got 'frontier': "
        r"a project plans N and D; use fit\(Runs\.frontier\(C, loss\), law='frontier'\)$"
    )
    with pytest.raises(InputError, match=message):
        Chinchilla(tmp_path, law="frontier")
    (tmp_path / "config.yaml").write_text(f"project_dir: {tmp_path}\nlaw: frontier\n")
    with pytest.raises(InputError, match="a project plans N and D"):
        Chinchilla.from_config(tmp_path / "config.yaml")
