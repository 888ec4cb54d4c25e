"""Each warning: given for the mildest runs that deserve it, and absent for healthy runs."""

from __future__ import annotations

import numpy as np
import pytest
from runs import LAW

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


def test_five_runs_and_three_sizes_give_no_warning_about_their_number():
    five = HEALTHY.take([0, 7, 14, 21, 28])
    assert "few_runs" not in codes(LAW, five)
    assert "few_sizes" not in codes(LAW, runs_on(SIZES[:3], TOKENS))


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


def test_a_parameter_fixed_on_purpose_gives_no_warning():
    assert codes(LAW, HEALTHY, {"alpha": (0.34, 0.34)}) == []


def test_an_exponent_at_the_end_of_the_search_is_named():
    law = ScalingLaw(E=1.69, A=1e60, B=410.7, alpha=10.0, beta=0.28)
    assert "at_bound" in codes(law, HEALTHY)


def test_a_warning_reads_as_message_and_remedy():
    assert str(FitWarning("code", "what is wrong", "what to do")) == "what is wrong: what to do"
