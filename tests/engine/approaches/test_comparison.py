"""The three approaches on the same runs."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from runs import GRID, LAW, make_runs
from slices_of_runs import sliced_runs

from chinchilla_nb.engine.approaches.comparison import APPROACHES, compare_approaches
from chinchilla_nb.engine.approaches.isoflop import fit_isoflop
from chinchilla_nb.engine.approaches.slice_bias import slice_bias
from chinchilla_nb.engine.approaches.slices import find_slices
from chinchilla_nb.engine.errors import FitError, InputError
from chinchilla_nb.engine.fitting.fit import fit
from chinchilla_nb.engine.fitting.losses import log_huber
from chinchilla_nb.engine.laws.allocation import allocate
from chinchilla_nb.engine.runs import Runs

LEAST_SQUARES = functools.partial(log_huber, delta=10.0)


@pytest.fixture(scope="module")
def fitted():
    return fit(sliced_runs(noise=0.003, sizes=9), GRID, LEAST_SQUARES)


@pytest.fixture(scope="module")
def sure(fitted):
    return fitted.uncertainty(draws=200, rng=0)


def test_all_three_find_the_law_within_their_intervals(fitted, sure):
    found = compare_approaches(fitted, sure, rng=0).at(1e22, 0.99)
    N, D = allocate(LAW, 1e22)
    truth = {"a": LAW.exponents()[0], "b": LAW.exponents()[1], "N": N, "D": D, "loss": LAW.loss(N, D)}
    for name in APPROACHES:
        for quantity, value in truth.items():
            one = found[name][quantity]
            assert one.low <= one.value <= one.high, (name, quantity)
            # The envelope keeps the luckiest run of each budget.
            slack = 1.01 if (name, quantity) == ("envelope", "loss") else 1.0
            assert one.low / slack <= value <= one.high * slack, (name, quantity)


def test_the_parametric_row_is_that_of_the_uncertainty(fitted, sure):
    row = compare_approaches(fitted, sure, rng=0).at(1e23, 0.9)["parametric"]
    assert float(row["N"].value) == float(allocate(fitted.law, 1e23)[0])
    assert float(row["N"].low) == float(sure.allocate(1e23, 0.9)["N"].low)
    assert float(row["a"].high) == float(sure.interval(0.9)["a"].high)


def test_without_an_uncertainty_the_parametric_row_has_no_ends_and_says_so(fitted):
    found = compare_approaches(fitted, draws=50)
    row = found.at(1e22)["parametric"]
    assert float(row["a"].value) == fitted.law.exponents()[0]
    assert np.isnan(row["a"].low)
    assert "need the uncertainty of the fit" in found.notes["parametric"][0]


def test_runs_without_a_fit_have_the_first_two_approaches():
    found = compare_approaches(sliced_runs(noise=0.003), draws=50)
    assert found.parametric is None
    assert found.bias is None
    assert found.notes["parametric"] == ("the parametric law has not been fitted: fit it first",)
    row = found.at(1e22)
    assert np.isnan(row["parametric"]["N"].value)
    assert np.isfinite(row["envelope"]["N"].value)


def test_scattered_runs_have_no_slices_and_the_others_go_on():
    found = compare_approaches(fit(make_runs(30, noise=0.003), GRID, LEAST_SQUARES), draws=50)
    assert found.isoflop is None
    assert "isoFLOP parabolas need" in found.failures["isoflop"]
    assert np.isnan(found.at(1e22)["isoflop"]["a"].value)
    assert np.isfinite(found.at(1e22)["parametric"]["a"].value)


def test_if_all_fail_an_error_has_the_reasons():
    with pytest.raises(FitError, match=r"the envelope needs 3 runs.*isoFLOP parabolas.*has not been fitted"):
        compare_approaches(Runs([1e8, 2e8], [1e9, 1e10], [3.0, 2.9]))


@pytest.mark.parametrize("unit", [1e-180, 1e-3, 1e180])
def test_the_unit_of_the_loss_changes_no_size(unit):
    runs = sliced_runs(noise=0.003)
    one, other = (
        compare_approaches(Runs(runs.N, runs.D, runs.loss * factor), draws=50, rng=0).at(1e22) for factor in (1, unit)
    )
    for name in ("envelope", "isoflop"):
        for quantity, factor in (("a", 1), ("N", 1), ("loss", unit)):
            for end in ("value", "low", "high"):
                expected = factor * float(getattr(one[name][quantity], end))
                assert float(getattr(other[name][quantity], end)) == pytest.approx(expected, rel=1e-6)


def test_a_law_without_an_optimum_is_said():
    runs = sliced_runs(noise=0.003)
    flat = fit(runs, GRID, LEAST_SQUARES, bounds={"beta": (0.0, 0.0)})
    found = compare_approaches(flat, draws=50)
    assert "has no compute-optimal allocation" in found.failures["parametric"]
    assert found.isoflop is not None


def test_an_uncertainty_of_another_fit_is_refused(sure):
    other = fit(sliced_runs(noise=0.01), GRID, LEAST_SQUARES)
    with pytest.raises(InputError, match="uncertainty must be of this fit"):
        compare_approaches(other, sure)


@pytest.mark.parametrize("draws", [1, 10**6, 2.5, True, "10"])
def test_draws_are_a_whole_number(draws):
    with pytest.raises(InputError, match="draws must be a whole number from 2 to 20,000"):
        compare_approaches(sliced_runs(), draws=draws)


def test_the_sentence_has_the_error_of_an_independent_computation():
    # Each slice has the shape of beta exp(-alpha x) + alpha exp(beta x) around its centre.
    runs = sliced_runs(C=(1e17, 1e18, 1e19, 1e20, 1e21), width=4.0, sizes=15)
    x = np.linspace(-np.log(4.0), np.log(4.0), 15)
    square, linear, _ = np.polyfit(x, LAW.beta * np.exp(-LAW.alpha * x) + LAW.alpha * np.exp(LAW.beta * x), 2)
    low = 1 - np.exp(linear / (2 * square))  # 1.3 %
    bias = slice_bias(fit_isoflop(find_slices(runs), 2, np.random.default_rng(0)), LAW)
    assert f"on these slices approach 2 puts D* {100 * low:.1f} % too low at 10²⁴ FLOPs" in bias.text(1e24)
