"""Approach 2: minima of isoFLOP slices and power laws through them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runs import LAW
from slices_of_runs import sliced_runs

from chinchilla_nb.engine.approaches.isoflop import fit_isoflop
from chinchilla_nb.engine.approaches.slice_bias import slice_bias
from chinchilla_nb.engine.approaches.slices import find_slices
from chinchilla_nb.engine.compute.product import ProductCompute
from chinchilla_nb.engine.errors import FitError
from chinchilla_nb.engine.laws.allocation import allocate
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.runs import Runs

BUDGETS = (1e18, 1e19, 1e20, 1e21)


def _isoflop(runs, draws=200, rng=0):
    return fit_isoflop(find_slices(runs), draws, np.random.default_rng(rng))


def _parabolic_runs(vertices, floors, curvature=0.05, width=2.0, sizes=6):
    """Runs whose slices are exact parabolas."""
    N = np.outer(vertices, np.geomspace(1 / width, 1.3 * width, sizes))
    loss = np.asarray(floors)[:, None] + curvature * np.log(N / np.asarray(vertices)[:, None]) ** 2
    return Runs(N.ravel(), np.repeat(BUDGETS, sizes) / 6 / N.ravel(), loss.ravel())


def test_exact_parabolas_give_their_vertices_and_the_line_through_them():
    vertices, floors = 2e8 * 10 ** (0.46 * np.arange(4)), [3.2, 2.9, 2.7, 2.6]
    found = _isoflop(_parabolic_runs(vertices, floors))
    assert [one.N for one in found.parabolas] == pytest.approx(vertices)
    assert [one.loss for one in found.parabolas] == pytest.approx(floors)
    laws = found.estimate.laws
    assert laws.a[0] == pytest.approx(0.46)
    assert laws.b[0] == pytest.approx(0.54)
    assert laws.N(np.array([1e23]))[0, 0] == pytest.approx(2e8 * 10**2.3)
    assert laws.D(np.array([1e23]))[0, 0] == pytest.approx(1e23 / 6 / (2e8 * 10**2.3))
    # Without noise the intervals have no width.
    assert float(found.estimate.interval()["a"].high - found.estimate.interval()["a"].low) < 1e-9


def test_the_lowest_loss_follows_the_frontier_of_a_law():
    floors = 1.7 + 3.0 * np.array([1.0, 0.7, 0.49, 0.343])  # E + A / C^gamma with gamma = log10(1 / 0.7)
    laws = _isoflop(_parabolic_runs(2e8 * 10 ** (0.5 * np.arange(4)), floors)).estimate.laws
    assert laws.gamma[0] == pytest.approx(-np.log10(0.7), rel=1e-3)
    assert laws.loss(np.array([1e23]))[0, 0] == pytest.approx(1.7 + 3.0 * 0.7**5, rel=1e-4)


def test_tokens_follow_the_compute_convention():
    runs = sliced_runs(noise=0.002).under(ProductCompute(8.0))
    laws = _isoflop(runs).estimate.laws
    C = np.array([1e22])
    assert laws.N(C) * laws.D(C) * 8 == pytest.approx(1e22)


@given(
    exponent=st.floats(0.15, 0.6),
    factor=st.floats(50, 5000),
    width=st.floats(1.5, 30),
    sizes=st.integers(4, 12),
)
@settings(max_examples=60, deadline=None)
def test_a_symmetric_law_is_not_biased_on_centred_slices(exponent, factor, width, sizes):
    law = ScalingLaw(1.69, factor, factor, exponent, exponent)
    runs = sliced_runs(law, BUDGETS, width, sizes)
    bias = slice_bias(_isoflop(runs, draws=2), law)
    in_N, in_D, share = bias.at(1e24)
    assert abs(in_N) < 1e-6
    assert abs(in_D) < 1e-6
    assert share < 1e-10
    assert "finds the right D* at 10²⁴ FLOPs" in bias.text(1e24)


@pytest.mark.parametrize("width", [2.0, 3.0, 4.0])
def test_the_bias_of_centred_slices_is_a_factor_that_a_polynomial_fit_gives(width):
    # All slices have the shape of beta exp(-alpha x) + alpha exp(beta x), so that each minimum is off by one factor.
    runs = sliced_runs(width=width, sizes=9)
    found = _isoflop(runs, draws=2)
    used = np.log(runs.N[found.parabolas[0].runs] / allocate(LAW, 1e18)[0])
    shape = LAW.beta * np.exp(-LAW.alpha * used) + LAW.alpha * np.exp(LAW.beta * used)
    square, linear, _ = np.polyfit(used, shape, 2)
    bias = slice_bias(found, LAW)
    in_N, in_D, _ = bias.at(1e24)
    assert bias.laws.a[0] == pytest.approx(LAW.exponents()[0])
    assert np.log1p(in_N) == pytest.approx(-linear / (2 * square), rel=1e-6)
    assert (1 + in_N) * (1 + in_D) == pytest.approx(1)
    assert in_D < 0  # alpha > beta: the loss rises more steeply for small models


def test_slices_off_the_centre_bias_the_exponent():
    drifting = sliced_runs(width=4.0, off_centre=(3.0, 1.5, 0.75, 0.375))
    bias = slice_bias(_isoflop(drifting, draws=2), LAW)
    assert abs(bias.laws.a[0] - LAW.exponents()[0]) > 0.003
    assert "too " in bias.text(1e24)
    assert "wastes" in bias.text(1e24)


def test_slices_without_a_minimum_are_refused_by_name_and_the_others_go_on():
    runs = sliced_runs(C=(1e18, 1e19, 1e20))
    few = sliced_runs(C=(1e21,), sizes=3)
    falling = sliced_runs(C=(1e22,), off_centre=1 / 30, width=3.0)
    together = Runs(*(np.concatenate([getattr(one, x) for one in (runs, few, falling)]) for x in ("N", "D", "loss")))
    found = _isoflop(together)
    assert [round(np.log10(one.slice.C)) for one in found.parabolas] == [18, 19, 20]
    reasons = [str(one) for one in found.refused]
    assert reasons[0] == "C = 10²¹: it has 3 distinct sizes, and a parabola needs at least 4"
    assert reasons[1].startswith("C = 10²²: the minimum of its parabola lies outside its sizes, ")


def test_a_slice_that_bends_down_says_so():
    runs = _parabolic_runs(2e8 * 10 ** (0.46 * np.arange(4)), [3.2, 2.9, 2.7, 2.6])
    bent = np.where(runs.C > 5e20, 5.2 - runs.loss, runs.loss)
    refused = _isoflop(Runs(runs.N, runs.D, bent)).refused
    assert "has no minimum, because the loss does not rise" in str(refused[0])


def test_slices_of_a_column_at_one_budget_determine_no_line():
    runs = sliced_runs(C=(1e20,), sizes=6, noise=0.001)
    twice = Runs(
        *(np.tile(getattr(runs, name), 2) for name in ("N", "D", "loss")), columns={"data": np.repeat(["a", "b"], 6)}
    )
    with pytest.raises(FitError, match="need slices at two budgets, got all of them at 10²⁰ FLOPs"):
        fit_isoflop(find_slices(twice, by="data"), 10, np.random.default_rng(0))


def test_repeated_sizes_count_once():
    one = sliced_runs(sizes=3)
    twice = Runs(*(np.tile(getattr(one, x), 2) for x in ("N", "D", "loss")))
    with pytest.raises(FitError, match=r"need 2 slices with a minimum, got 0 of 4 slices .*3 distinct sizes"):
        _isoflop(twice)


def test_models_far_from_the_optimum_do_not_move_the_minimum():
    near = sliced_runs(noise=0.003)
    N = np.array([5e12, 9e12])
    far = Runs(np.append(near.N, N), np.append(near.D, 1e20 / 6 / N), np.append(near.loss, [9.0, 11.0]))
    assert _isoflop(far).estimate.laws.a[0] == pytest.approx(_isoflop(near).estimate.laws.a[0], rel=1e-9)


def test_the_same_seed_gives_the_same_intervals():
    runs = sliced_runs(noise=0.01)
    one, same, other = (_isoflop(runs, rng=rng).estimate.interval()["a"] for rng in (1, 1, 2))
    assert (one.low, one.high) == (same.low, same.high)
    assert one.low != other.low
    assert one.low < one.value < one.high


def test_lost_minima_are_counted():
    runs = sliced_runs(off_centre=3.2, width=4.0, noise=0.02, rng=3)
    found = _isoflop(runs)
    assert found.lost.sum() > 0
    assert any("resampled slices have no minimum between their sizes" in note for note in found.notes)


def test_intervals_of_minima_contain_the_truth_as_often_as_they_say():
    hits = []
    for seed in range(60):
        runs = sliced_runs(noise=0.004, rng=seed)
        found = _isoflop(runs, rng=seed)
        noiseless = slice_bias(found, LAW)
        one = found.estimate.interval(0.8)["a"]
        hits.append(one.low <= noiseless.laws.a[0] <= one.high)
    # 48 of 60 expected; four standard deviations are 12.
    assert 36 <= sum(hits) <= 60


def test_losses_that_are_equal_have_no_minimum():
    """Their parabola bends by rounding alone, upwards in some slices."""
    C = np.repeat(10.0 ** np.arange(18, 21.5, 0.5), 7)
    N = np.sqrt(C / 120) * np.tile(np.exp(np.linspace(-1.5, 1.5, 7)), 7)
    flat = Runs(N, C / 6 / N, np.full(len(N), 3.0))
    with pytest.raises(FitError, match="got 0 of 7 slices .* the loss does not rise towards both ends"):
        fit_isoflop(find_slices(flat), 20, np.random.default_rng(0))


def test_one_slice_is_too_few_and_the_message_names_no_refusals():
    runs = sliced_runs(C=(1e20,))
    with pytest.raises(FitError, match=r"got 1 of 1 slices of runs whose C differ by at most 5 %: train"):
        fit_isoflop(find_slices(runs), 20, np.random.default_rng(0))
