"""Optima outside the runs: against numbers computed by hand from a symmetric law, whose optimum has D/N = 1."""

from __future__ import annotations

import numpy as np
import pytest

from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.planning.extrapolation import FAR, outside_the_runs
from chinchilla_nb.engine.runs import Runs

EVEN = ScalingLaw(E=1.0, A=100.0, B=100.0, alpha=0.5, beta=0.5)
"""N* = D* at every budget."""
GROWING = ScalingLaw(E=1.0, A=100.0, B=100.0, alpha=0.6, beta=0.4)
"""a = 0.4 and b = 0.6, so that D*/N* grows as C^0.2."""


def runs_of(*ratios: float, N: float = 1e6) -> Runs:
    D = N * np.array(ratios)
    return Runs(np.full(len(D), N), D, EVEN.loss(N, D))


@pytest.mark.parametrize("times", [0.01, 1.0, 10.0, FAR])
def test_an_optimum_inside_the_runs_and_ten_times_their_compute_is_normal_use(times):
    runs = runs_of(0.5, 1.0, 2.0)
    assert outside_the_runs(EVEN, runs, times * runs.C.max()) is None


def test_compute_far_beyond_the_runs_is_named():
    runs = runs_of(0.5, 1.0, 2.0)  # the largest has 6 x 1e6 x 2e6 = 1.2e13 FLOPs
    found = outside_the_runs(EVEN, runs, 6e17)
    assert (found.far, found.lopsided) == (True, False)
    assert str(found) == (
        "C = 6×10¹⁷ is 50,000 times the compute of the largest run: add larger runs before trusting the frontier there"
    )


def test_compute_far_below_the_runs_is_named():
    runs = runs_of(0.5, 1.0, 2.0)  # the smallest has 6 x 1e6 x 5e5 = 3e12 FLOPs
    assert outside_the_runs(EVEN, runs, 3.1e10) is None
    assert str(outside_the_runs(EVEN, runs, 1e5)) == (
        "C = 10⁵ is 3×10⁷ times smaller than the compute of the smallest run: "
        "add smaller runs before trusting the frontier there"
    )


def test_tokens_per_parameter_outside_those_of_the_runs_are_named():
    runs = runs_of(2.0, 4.0)
    found = outside_the_runs(EVEN, runs, 2.4e13)
    assert (found.far, found.lopsided) == (False, True)
    assert found.text("bytes") == (
        "the optimum at C = 2.4×10¹³ has 1 bytes per parameter; the runs have 2 to 4: "
        "add runs on both sides of it before trusting the frontier"
    )
    assert "has 1 tokens per parameter; the runs have 2 to 4, and C is 1,000 times" in str(
        outside_the_runs(EVEN, runs, 2.4e16)
    )
    assert "and C is 1,000 times" in str(outside_the_runs(EVEN, runs, 2.39999e16))


def test_it_depends_on_the_budget_and_not_on_the_largest_run():
    # At N = 1e6, where 0.6 x 100 / N^0.6 = 0.4 x 100 / D^0.4, D is (1e6^0.6 / 1.5)^2.5 = 3.6e8; at 32 times that C, D/N
    # is twice as large.
    D = (1e6**0.6 / 1.5) ** 2.5
    runs = runs_of(*(D / 1e6 * np.array([0.5, 1.0, 1.5])))
    assert outside_the_runs(GROWING, runs, 6e6 * D) is None
    found = outside_the_runs(GROWING, runs, 32 * 6e6 * D)
    assert found.lopsided
    assert found.tokens_per_parameter == pytest.approx(2 * D / 1e6)
    assert found.seen == pytest.approx((D / 2e6, 1.5 * D / 1e6))


def test_a_ratio_that_is_outside_by_less_than_what_is_shown_is_inside():
    assert outside_the_runs(EVEN, runs_of(1.004, 1.005), 1e13) is None
    assert outside_the_runs(EVEN, runs_of(1.02, 1.03), 1e13) is not None


def test_without_an_optimum_nothing_is_outside():
    assert outside_the_runs(ScalingLaw(1.0, 100.0, 0.0, 0.5, 0.5), runs_of(1.0), 1e30) is None
    assert outside_the_runs(EVEN, runs_of(1.0), 1.0) is None
