"""Scales of charts: linear axes, losses as L - E, and the steps of iso-loss curves."""

from __future__ import annotations

import numpy as np
import pytest
from runs import LAW, make_runs

from chinchilla_nb import KaplanLaw, figures
from chinchilla_nb.chart_scale import ChartScale
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.figures.levels import even_levels

RUNS = make_runs(40, noise=0.01)
BUDGETS = (1e19, 1e23)


def test_the_session_knows_the_scales_of_figures():
    assert ChartScale.chart_scale.values == figures.SCALES


def test_on_L_minus_E_the_frontier_is_a_straight_line():
    figure = figures.loss_figure(RUNS, LAW, C_range=BUDGETS, scale="excess")
    x, y = np.log(figure.frontier.x), np.log(figure.frontier.y)
    # L* - E is a power law of C with exponent -alpha beta / (alpha + beta) (Hoffmann et al. 2022, section 3.3).
    slope = -LAW.alpha * LAW.beta / (LAW.alpha + LAW.beta)
    np.testing.assert_allclose(np.diff(y) / np.diff(x), slope, rtol=1e-6)
    assert figure.scatter.y.log
    assert "L − E" in figure.scatter.y.title
    np.testing.assert_allclose(figure.scatter.dots.y, RUNS.loss[figure.shown] - LAW.E)
    assert figure.scatter.y.low < figure.scatter.dots.y.min() < figure.scatter.dots.y.max() < figure.scatter.y.high


def test_runs_below_E_have_no_place_and_are_counted():
    runs = Runs([1e8, 1e9, 1e10], [1e10, 1e11, 1e12], [2.5, 1.6, 2.0])
    excluded = Runs([1e9, 1e9], [1e10, 1e10], [1.0, 2.2])
    figure = figures.loss_figure(runs, LAW, scale="excess", excluded=excluded)
    assert figure.shown.tolist() == [0, 2]
    assert figure.shown_excluded.tolist() == [1]
    assert "1 run with L ≤ E not drawn" in figure.note
    assert (figure.scatter.dots.y > 0).all()


def test_without_E_the_axis_is_that_of_the_loss():
    for law in (None, KaplanLaw(N_c=8.8e13, D_c=5.4e13, alpha_N=0.076, alpha_D=0.095)):
        figure = figures.loss_figure(RUNS, law, scale="excess")
        assert figure.E == 0
        np.testing.assert_array_equal(figure.scatter.dots.y, RUNS.loss)
        assert figure.note == ""


@pytest.mark.parametrize("law", [None, LAW])
def test_linear_charts_show_everything_on_linear_axes(law):
    figure = figures.frontier_figure(RUNS, law, C_range=BUDGETS, budget=1e22, scale="linear")
    loss = figures.loss_figure(RUNS, law, C_range=BUDGETS, scale="linear")
    residuals = figures.residuals_figure(RUNS, RUNS.loss + 0.01, scale="linear")
    charts = [*figure.planes, loss.scatter, *residuals.panels]
    for chart in charts:
        for axis, values in ((chart.x, chart.dots.x), (chart.y, chart.dots.y)):
            assert not axis.log
            assert axis.low < values.min()
            assert values.max() < axis.high
            assert len(axis.ticks) >= 2
            steps = np.diff(axis.ticks)
            np.testing.assert_allclose(steps, steps[0], rtol=1e-9)
    if law is None:
        return
    # Curves that are straight on logarithmic axes bend here.
    for plane in figure.planes[:2]:
        line = plane.frontier
        share = np.interp(line.x, line.x[[0, -1]], line.y[[0, -1]])
        assert np.abs(line.y - share).max() > 0.02 * line.y.max()
    assert len(figure.planes[2].isoflop) > 10


def test_linear_axes_can_be_zoomed():
    axis = figures.frontier_figure(RUNS, LAW, scale="linear").planes[0].x
    near = figures.zoomed(axis, axis.low, axis.low + (axis.high - axis.low) / 10)
    assert not near.log
    assert ((near.low <= near.ticks) & (near.ticks <= near.high)).all()
    assert len(near.ticks) >= 2


@pytest.mark.parametrize(
    ("losses", "step"), [((1.93, 3.4), 0.2), ((2.0, 4.2), 0.5), ((3.1e-6, 4.4e-6), 2e-7), ((1.0001, 1.0002), 1e-5)]
)
def test_iso_loss_levels_are_multiples_of_one_step(losses, step):
    levels = even_levels(losses)
    np.testing.assert_allclose(np.diff(levels), step, rtol=1e-6)
    np.testing.assert_allclose(levels / step, np.round(levels / step), rtol=1e-9)
    assert losses[0] <= levels[0] <= losses[0] + step
    assert losses[1] - step <= levels[-1] <= losses[1]


def test_levels_of_a_long_tail_are_even_in_logarithms():
    levels = even_levels([1.2, 3.0, 900.0])
    assert 5 < len(levels) <= 11
    steps = np.diff(np.log(levels))
    assert steps.max() < 1.25 * steps.min()


def test_equal_losses_have_no_levels():
    assert len(even_levels([2.0, 2.0])) == len(even_levels([])) == 0


@pytest.mark.parametrize(("low", "high"), [(1.8, 3.1), (2.13, 3.05), (2.0, 2.4), (1.5, 9.0), (1e-6, 3e-6)])
def test_an_axis_of_losses_has_at_least_three_ticks(low, high):
    runs = Runs([1e8, 1e9], [1e10, 1e11], [high, low])
    axis = figures.loss_figure(runs).scatter.y
    assert 3 <= len(axis.ticks) <= 7
    assert len(set(axis.tick_labels)) == len(axis.ticks)
