"""Figures of intervals: bands and regions, against the uncertainty they come from and against closed forms."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from runs import GRID, LAW, make_runs

from chinchilla_nb.drawing import draw_frontier
from chinchilla_nb.engine.fitting.fit import fit
from chinchilla_nb.engine.fitting.losses import mse
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.uncertainty.estimate import estimate_uncertainty
from chinchilla_nb.engine.uncertainty.exponent_region import exponent_region
from chinchilla_nb.engine.uncertainty.likelihood import ProfileLikelihood
from chinchilla_nb.engine.uncertainty.profile_curve import profile_curve
from chinchilla_nb.figures import (
    exponent_region_figure,
    frontier_figure,
    frontier_intervals,
    loss_figure,
    profile_figure,
    zoomed,
)

RUNS = make_runs(60, noise=0.01)
FIT = fit(RUNS, GRID, mse)
RANGE = (1e18, 1e23)
DRAWS = estimate_uncertainty(FIT, "pairs", 200, 0)
INTERVALS = frontier_intervals(DRAWS, RANGE)


def draws_of_N(C):
    """N* of each draw by the closed form, (alpha A / (beta B))^(1 / (alpha + beta)) (C / 6)^(beta / (alpha + beta))."""
    _, A, B, alpha, beta = DRAWS.params.T
    return (alpha * A / (beta * B)) ** (1 / (alpha + beta)) * (C / 6) ** (beta / (alpha + beta))


@pytest.mark.parametrize("C", [1.3e18, 4.7e20, 2.9e22])
def test_intervals_at_a_budget_are_those_of_the_uncertainty(C):
    found, exact = INTERVALS.at(C), DRAWS.allocate(C)
    for name in ("N", "D", "D_per_N", "loss"):
        width = np.log(exact[name].high / exact[name].low)
        np.testing.assert_allclose(np.log(found[name]), np.log([exact[name].low, exact[name].high]), atol=0.02 * width)
    # Nine draws in ten lie within an interval of 95 per cent, and some outside.
    inside = np.mean((draws_of_N(C) > found["N"][0]) & (draws_of_N(C) < found["N"][1]))
    assert 0.9 < inside < 1
    one = DRAWS.predict_loss(exact["N"].value, exact["D"].value, kind="new-run")
    np.testing.assert_allclose(found["new_run"], [one.low, one.high], rtol=1e-3)
    assert found["new_run"][0] < found["loss"][0]
    assert found["new_run"][1] > found["loss"][1]


def test_bands_are_the_intervals_of_every_budget_in_view():
    figure = frontier_figure(RUNS, FIT, C_range=RANGE, intervals=INTERVALS)
    CN, _, ND = figure.planes
    half = len(CN.band) // 2
    np.testing.assert_allclose(CN.band.x[:half], CN.band.x[half:][::-1])
    at = DRAWS.allocate(CN.band.x[:half])
    seen = (CN.band.y[:half] > CN.y.low) & (CN.band.y[half:][::-1] < CN.y.high)
    assert seen.sum() > 20
    np.testing.assert_allclose(CN.band.y[:half][seen], at["N"].low[seen])
    np.testing.assert_allclose(CN.band.y[half:][::-1][seen], at["N"].high[seen])
    # The N-D plane shows the same models: its two edges are the least and the largest N*.
    N, D = (np.log10(values[: len(ND.band) // 2]) for values in (ND.band.x, ND.band.y))
    seen = (10**N > ND.x.low) & (10**D < ND.y.high)
    np.testing.assert_allclose(10 ** N[seen], DRAWS.allocate(6 * 10 ** (N + D)[seen])["N"].low)
    for plane in figure.planes:
        assert plane.band.x.min() < plane.x.low
        assert plane.band.x.max() > plane.x.high


def test_the_frontier_lies_in_its_band_and_no_axis_changes():
    with_band, without = (frontier_figure(RUNS, FIT, C_range=RANGE, intervals=i) for i in (INTERVALS, None))
    for plane, before in zip(with_band.planes, without.planes, strict=True):
        assert (plane.x.low, plane.x.high, plane.y.low, plane.y.high) == (
            before.x.low,
            before.x.high,
            before.y.low,
            before.y.high,
        )
        assert len(before.band) == len(before.region) == 0
    C, N = with_band.planes[0].frontier.x, with_band.planes[0].frontier.y
    for budget, size in zip(C, N, strict=True):
        low, high = INTERVALS.at(budget)["N"]
        assert low < size < high


def test_the_region_of_the_optimum_is_a_part_of_the_line_of_the_budget():
    figure = frontier_figure(RUNS, FIT, budget=1e22, C_range=RANGE, intervals=INTERVALS)
    low, high = np.quantile(draws_of_N(1e22), [0.025, 0.975])
    for plane in figure.planes:
        values = {plane.x.name: plane.region.x, plane.y.name: plane.region.y}
        N, D = values.get("N"), values.get("D")
        N = 1e22 / 6 / D if N is None else N
        assert N[0] < low < high < N[1]  # percentiles are widened for the degrees of freedom
        np.testing.assert_allclose(N, INTERVALS.at(1e22)["N"])
        if D is not None and "N" in values:
            np.testing.assert_allclose(6 * N * D, 1e22)


def test_zooming_shows_the_band_of_the_view():
    figure = frontier_figure(RUNS, FIT, C_range=RANGE, intervals=INTERVALS)
    plane = figure.planes[0]
    far = zoomed(plane.x, 1e15, 1e26), zoomed(plane.y, 1e4, 1e14)
    seen = figure.in_view(plane, *far)
    assert seen.band.x.min() < 1.2e15
    assert seen.band.x.max() > 0.8e26
    np.testing.assert_array_equal(seen.band.x, figure.band_in_view(*far).x)


def test_the_band_of_the_loss_is_that_of_the_optimum():
    figure = loss_figure(RUNS, FIT, C_range=RANGE, intervals=INTERVALS)
    half = len(figure.band) // 2
    at = DRAWS.allocate(figure.band.x[:half])["loss"]
    top = figure.band.y.max()  # the band ends somewhat above the axis
    assert top > figure.scatter.y.high
    np.testing.assert_allclose(figure.band.y[:half], np.minimum(at.low, top))
    np.testing.assert_allclose(figure.band.y[half:][::-1], np.minimum(at.high, top))
    assert len(loss_figure(RUNS, FIT, C_range=RANGE).band) == 0


def test_runs_that_say_nothing_fill_the_chart():
    runs = make_runs(4)
    found = fit(runs, GRID, mse)
    unknown = frontier_intervals(estimate_uncertainty(found, "sandwich"), RANGE)
    assert unknown.at(1e20)["N"] == (0.0, np.inf)
    plane = frontier_figure(runs, found, budget=1e20, C_range=RANGE, intervals=unknown).planes[0]
    assert plane.band.y.min() <= plane.y.low
    assert plane.band.y.max() >= plane.y.high
    # A model has at least one parameter and one token.
    np.testing.assert_allclose(np.sort(plane.region.y), [1, 1e20 / 6])


def test_a_law_without_an_optimum_has_a_band_of_everything():
    flat = dataclasses.replace(FIT, law=ScalingLaw(E=2, A=0, B=400, alpha=0.3, beta=0.3))
    found = frontier_intervals(estimate_uncertainty(flat, "sandwich"), RANGE)
    assert found.at(1e20)["loss"] == (0.0, np.inf)
    assert found.at(1e20)["new_run"] == (0.0, np.inf)


def test_the_picture_names_the_band():
    drawing = frontier_figure(RUNS, FIT, budget=1e22, next_point=(7e9, 2.4e11), intervals=INTERVALS)
    figure = draw_frontier(drawing, FIT.law)
    loss = DRAWS.predict_loss(7e9, 2.4e11)
    assert f"({float(loss.low):.3f}\u2009–\u2009{float(loss.high):.3f} if the law holds; 95 %)" in figure.get_suptitle()
    assert "95 % band" in [text.get_text() for text in figure.legends[0].get_texts()]
    without = draw_frontier(frontier_figure(RUNS, FIT, budget=1e22), FIT.law)
    assert "95 % band" not in [text.get_text() for text in without.legends[0].get_texts()]


def test_the_profile_is_lowest_at_the_fit_and_crosses_the_line_where_the_interval_ends():
    likelihood = ProfileLikelihood(FIT, "profile")
    curve = profile_curve(likelihood, "alpha")
    figure = profile_figure(curve, 1e22)
    assert figure.x.title == "α, exponent of N"
    at = int(np.argmin(figure.errors.y))
    assert figure.errors.x[at] == FIT.law.alpha
    assert figure.errors.y[at] == 0
    interval = likelihood.interval()["alpha"]
    limit = figure.limit.y[0]
    for end, side in ((interval.low, slice(None, at + 1)), (interval.high, slice(at, None))):
        x, y = figure.errors.x[side], figure.errors.y[side]
        order = np.argsort(y)
        assert np.interp(limit, y[order], x[order]) == pytest.approx(float(end), abs=0.02 * FIT.law.alpha)
    # At the fit N* is that of the fitted law.
    N = np.interp(FIT.law.alpha, figure.N.x, figure.N.y)
    law = FIT.law
    G = (law.alpha * law.A / (law.beta * law.B)) ** (1 / (law.alpha + law.beta))
    assert pytest.approx(G * (1e22 / 6) ** (law.beta / (law.alpha + law.beta)), rel=1e-9) == N


def test_a_profile_without_an_optimum_has_no_chart_of_N():
    curve = profile_curve(ProfileLikelihood(FIT, "profile"), "alpha")
    assert profile_figure(curve, 1.0).N_axis is None


def test_the_band_covers_the_law_that_made_the_runs():
    # The runs follow LAW with one per cent of noise.
    G = (LAW.alpha * LAW.A / (LAW.beta * LAW.B)) ** (1 / (LAW.alpha + LAW.beta))
    low, high = INTERVALS.at(1e21)["N"]
    assert low < G * (1e21 / 6) ** (LAW.beta / (LAW.alpha + LAW.beta)) < high


def test_the_region_of_both_exponents_is_closed_around_the_fitted_law():
    region = exponent_region(DRAWS)
    figure = exponent_region_figure(region)
    assert figure.edge.x.tolist() == [*region.edge[:, 0], region.edge[0, 0]]
    assert figure.edge.y.tolist() == [*region.edge[:, 1], region.edge[0, 1]]
    assert (figure.fitted.x.tolist(), figure.fitted.y.tolist()) == ([FIT.law.alpha], [FIT.law.beta])
    assert (figure.x.title, figure.y.title) == ("α, exponent of N", "β, exponent of D")
    assert figure.x.low < region.edge[:, 0].min()
    assert region.edge[:, 0].max() < figure.x.high
