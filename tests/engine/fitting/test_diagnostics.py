"""Each warning: given for the mildest runs that deserve it, and absent for healthy runs.

How often they are given is measured by ``tests/benchmarks/warning_rates.py``.
"""

from __future__ import annotations

import numpy as np
import pytest
from runs import LAW, make_runs

from chinchilla_nb import StartGrid, asymmetric_mae, fit, mae, mse
from chinchilla_nb.engine.fitting.diagnostics import FitWarning, diagnose
from chinchilla_nb.engine.fitting.problem import Problem
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.runs import Runs


def runs_on(N, D, noise=0.0):
    """Return runs of every size with every amount of data."""
    N, D = np.broadcast_arrays(np.asarray(N, float), np.asarray(D, float))
    rng = np.random.default_rng(0)
    return Runs(N.ravel(), D.ravel(), LAW.loss(N, D).ravel() * np.exp(noise * rng.normal(size=N.size)))


SIZES, TOKENS = np.geomspace(1e7, 1e10, 6)[:, None], np.geomspace(1e9, 1e12, 6)
HEALTHY = runs_on(SIZES, TOKENS, noise=0.003)


ONE_START = StartGrid({"E": 1.5, "A": 300, "B": 300, "alpha": 0.3, "beta": 0.3})


def messages(warnings, code):
    return [warning.message for warning in warnings if warning.code == code]


def codes(law, runs, bounds=None):
    return [warning.code for warning in diagnose(Problem(runs, bounds=bounds or {}), law)]


def test_healthy_runs_give_no_warning():
    assert codes(LAW, HEALTHY) == []


@pytest.mark.parametrize(
    ("code", "runs"),
    [
        ("few_runs", HEALTHY.take([0, 7, 14, 21])),
        ("few_sizes", runs_on([[1e8], [1e9]], TOKENS)),
        ("few_sizes", runs_on(SIZES, [1e10, 1e11])),
        ("collinear", runs_on(np.geomspace(1e7, 1e10, 12), 20 * np.geomspace(1e7, 1e10, 12))),
        # A third of a decade of N, and noise of 10 %.
        ("poorly_determined", runs_on(np.geomspace(1e9, 2e9, 6)[:, None], TOKENS, noise=0.1)),
        # Only models with far more data than optimal.
        ("extrapolation", runs_on(np.geomspace(1e6, 1e7, 6)[:, None], np.geomspace(1e12, 1e13, 6))),
    ],
)
def test_runs_that_cannot_support_a_law_give_a_warning(code, runs):
    assert code in codes(LAW, runs)


def test_sizes_that_differ_by_a_percent_count_as_one():
    found = messages(diagnose(Problem(runs_on([[1e8], [1.01e8], [1e9], [1.005e9]], TOKENS)), LAW), "few_sizes")
    assert found == ["A and alpha are not identifiable from 2 clearly distinct N"]


def test_eleven_runs_and_three_sizes_give_no_warning_about_their_number():
    assert "few_runs" not in codes(LAW, HEALTHY.take(np.arange(0, 33, 3)))
    assert "few_sizes" not in codes(LAW, runs_on(SIZES[:3], TOKENS))


@pytest.mark.parametrize("loss", [asymmetric_mae, mae, mse])
@pytest.mark.parametrize("n", range(5, 11))
def test_up_to_two_runs_per_parameter_are_few(n, loss):
    # With a kink, the law passes through five of them, and the others show little of its errors.
    found = fit(make_runs(n, noise=0.005), ONE_START, loss)
    assert f"{n} runs are few for five parameters, so the law may be far off" in messages(found.warnings, "few_runs")


def test_fixed_parameters_need_no_runs():
    runs, bounds = HEALTHY.take([0, 8, 16, 19, 27, 34, 35]), {"E": (1.69, 1.69), "alpha": (0.34, 0.34)}
    assert "few_runs" not in codes(LAW, runs, bounds)
    assert "few_runs" in codes(LAW, runs)


@pytest.mark.parametrize("axis", ["N", "D"])
def test_sizes_within_a_fifth_of_each_other_are_too_narrow(axis):
    # Such runs were seen to give an exponent of 4.9 and a million tokens per parameter at 1e24 FLOPs.
    narrow, wide = np.geomspace(1e8, 1.2e8, 8), np.geomspace(1e9, 1e11, 6)
    runs = runs_on(narrow[:, None], wide) if axis == "N" else runs_on(wide[:, None] / 100, 100 * narrow)
    found = messages(diagnose(Problem(runs), LAW), "few_sizes")
    assert any(f"from {axis} that span a factor of only 1.2" in message for message in found)


@pytest.mark.parametrize("seed", range(8))
def test_tokens_per_parameter_within_a_third_over_one_decade_are_collinear(seed):
    runs = make_runs(40, noise=0.005, rng=seed, C=(1e18, 1e19), tokens_per_parameter=(20 / 1.3, 20 * 1.3))
    assert "collinear" in codes(LAW, runs)


def test_one_isoflop_slice_needs_other_budgets():
    N = np.geomspace(1e7, 1e9, 12)
    (warning,) = [one for one in diagnose(Problem(runs_on(N, 1e18 / N)), LAW) if one.code == "collinear"]
    assert warning.message.startswith("N and D trade off")
    assert warning.remedy == "add runs at other budgets"


def test_runs_within_one_decade_with_noise_do_not_determine_the_optimum():
    for seed in range(4):
        runs = make_runs(12, noise=0.03, rng=seed, C=(1e18, 5e18), tokens_per_parameter=(7, 60))
        found = messages(fit(runs, ONE_START).warnings, "poorly_determined")
        assert any("100 times the largest run, is uncertain by" in message for message in found)


def test_a_law_without_a_floor_is_said_to_have_none():
    law = ScalingLaw(**LAW.as_dict() | {"E": 0.0})
    studies = [make_runs(60, law, noise=0.005, rng=seed) for seed in range(20)]
    said = [messages(fit(runs, ONE_START, mse).warnings, "zero") for runs in studies]
    assert sum(any(message.startswith("E = ") for message in found) for found in said) >= 16


def test_the_floor_of_a_law_that_has_one_is_not_questioned():
    studies = [make_runs(60, noise=0.005, rng=seed) for seed in range(20)]
    assert not any(messages(fit(runs, ONE_START, mse).warnings, "zero") for runs in studies)


@pytest.mark.parametrize(
    ("changed", "name"),
    [({"E": 0.0}, "E"), ({"A": 0.0}, "A"), ({"B": 0.0}, "B"), ({"alpha": 0.0}, "alpha"), ({"beta": 0.0}, "beta")],
)
def test_a_parameter_at_zero_is_named(changed, name):
    law = ScalingLaw(**LAW.as_dict() | changed)
    zero = [warning for warning in diagnose(Problem(HEALTHY), law) if warning.code == "zero"]
    assert [warning.message.split(" = 0")[0] for warning in zero] == [name]
    assert all(warning.remedy for warning in zero)


def test_a_parameter_held_by_its_bounds_is_named():
    bounds = {"alpha": (0.1, 0.34), "E": (1.0, 2.0)}
    held = [warning for warning in diagnose(Problem(HEALTHY, bounds=bounds), LAW) if warning.code == "at_bound"]
    assert len(held) == 1
    assert held[0].message.startswith("alpha = 0.34 is held by its bounds (0.1, 0.34)")


def test_bounds_around_losses_of_any_unit_hold_nothing():
    law = ScalingLaw(E=1.857e-9, A=4e-7, B=4e-7, alpha=0.34, beta=0.28)
    N, D = (axis.ravel() for axis in np.broadcast_arrays(SIZES, TOKENS))
    problem = Problem(Runs(N, D, law.loss(N, D)), bounds={"E": (5e-10, 3e-9)})
    assert messages(diagnose(problem, law), "at_bound") == []


@pytest.mark.parametrize(("name", "wrong"), [("alpha", 0.25), ("alpha", 0.45), ("beta", 0.4), ("E", 1.4)])
@pytest.mark.parametrize("loss", [asymmetric_mae, mae, mse])
def test_a_parameter_fixed_where_the_runs_reject_it_is_named(name, wrong, loss):
    runs = make_runs(60, noise=0.001)
    fixed = fit(runs, ONE_START, loss, bounds={name: wrong})
    better = "larger" if wrong < LAW.as_dict()[name] else "smaller"
    (message,) = messages(fixed.warnings, "rejected")
    assert message.startswith(f"the runs reject {name} = {wrong}: a {better} value fits better, by ")
    assert messages(fit(runs, ONE_START, loss, bounds={name: LAW.as_dict()[name]}).warnings, "rejected") == []


def test_a_bound_that_the_runs_reject_is_named():
    found = fit(make_runs(60, noise=0.003), ONE_START, mse, bounds={"alpha": (0.1, 0.25)}).warnings
    assert messages(found, "at_bound") == ["alpha = 0.25 is held by its bounds (0.1, 0.25)"]
    assert messages(found, "rejected")[0].startswith("the runs reject alpha = 0.25: a larger value fits better")


def test_a_parameter_fixed_on_purpose_gives_no_warning():
    assert codes(LAW, HEALTHY, {"alpha": (0.34, 0.34)}) == []


def test_a_law_that_is_fixed_altogether_has_no_uncertain_parameter():
    bounds = {name: (value, value) for name, value in LAW.as_dict().items()}
    assert codes(LAW, HEALTHY, bounds) == []
    wrong = ScalingLaw(**LAW.as_dict() | {"A": 300.0})
    assert "rejected" in codes(wrong, HEALTHY, bounds | {"A": (300.0, 300.0)})


def test_a_floor_that_is_bounded_from_below_is_not_said_to_be_zero():
    law = ScalingLaw(**LAW.as_dict() | {"E": 0.3})
    runs = make_runs(40, law, noise=0.02)
    assert any(message.startswith("E = 0.3 may be 0") for message in messages(diagnose(Problem(runs), law), "zero"))
    assert messages(diagnose(Problem(runs, bounds={"E": (0.1, 3.0)}), law), "zero") == []


def test_an_exponent_at_the_end_of_the_search_is_named():
    law = ScalingLaw(E=1.69, A=1e60, B=410.7, alpha=10.0, beta=0.28)
    assert "at_bound" in codes(law, HEALTHY)


def test_a_warning_reads_as_message_and_remedy():
    assert str(FitWarning("code", "what is wrong", "what to do")) == "what is wrong: what to do"
