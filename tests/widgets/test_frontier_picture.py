"""The saved picture of the frontier shows what the page shows: charts, ranges, scales, marks and colours."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_hex

from chinchilla_nb.drawing import draw_frontier
from chinchilla_nb.figures import LIGHT_PALETTE, loss_steps, steps_of
from chinchilla_nb.widgets.frontier.frontier_panel import FrontierPanel


@pytest.fixture
def panel(session):
    session.run_fit()
    panel = FrontierPanel(session)
    panel.budget.type("3e21")
    panel.off_frontier.slider.value = 1
    return panel


def drawn(panel):
    figure, loss = panel.charts.drawn()
    picture = draw_frontier(figure, figure.law, loss=loss)
    return picture, [ax for ax in picture.axes if ax.get_xlabel()]


def limits(axes) -> list[tuple[float, ...]]:
    return [(*ax.get_xlim(), *ax.get_ylim()) for ax in axes]


def visible(panel) -> list[tuple[float, ...]]:
    return [(x.min, x.max, y.min, y.max) for frame in panel.charts.frames for x, y in [frame.scales.values()]]


@pytest.mark.parametrize("scale", ["log", "linear", "excess"])
def test_the_picture_has_the_charts_and_ranges_of_the_page(panel, session, scale):
    session.chart_scale = scale
    _, axes = drawn(panel)
    assert len(axes) == 4
    np.testing.assert_allclose(limits(axes), visible(panel))
    x = panel.charts.charts[0].frame.scales["x"]
    x.set_state({"max": x.min + (x.max - x.min) / 2})
    _, axes = drawn(panel)
    np.testing.assert_allclose(limits(axes), visible(panel))
    for ax, (chart, names) in zip(axes, panel.charts.all, strict=True):
        frame = chart.frame
        assert (ax.get_xlabel(), ax.get_ylabel()) == tuple(frame.axes[side].label for side in ("x", "y")), names
        assert ax.get_xscale() == ("linear" if scale == "linear" else "log")
        np.testing.assert_allclose(ax.get_xticks(), frame.axes["x"].tick_values)


def test_the_picture_has_the_marks_and_colours_of_the_page(panel):
    _, axes = drawn(panel)
    palette = steps_of(LIGHT_PALETTE)
    for ax, (chart, names) in zip(axes, panel.charts.all, strict=True):
        dots, *_, next_run, off = (mark for mark in ax.collections if len(mark.get_offsets()))
        np.testing.assert_allclose(dots.get_offsets(), np.column_stack([chart.runs.x, chart.runs.y]))
        assert [to_hex(colour) for colour in dots.get_facecolors()] == [
            palette[int(step)] for step in np.asarray(chart.runs.color)
        ], names
        for mark, there in ((next_run, chart.next_point), (off, chart.off_frontier)):
            np.testing.assert_allclose(mark.get_offsets(), [[there.x[0], there.y[0]]])
        assert to_hex(next_run.get_facecolors()[0]) == "#00796b"


def test_runs_have_the_colour_of_their_loss(panel, session):
    scale = panel.charts.drawn()[0].loss
    np.testing.assert_array_equal(panel.charts.loss.runs.color, loss_steps(scale.normalise(session.runs.loss)))


def test_without_runs_the_picture_has_the_planes(empty_session):
    panel = FrontierPanel(empty_session)
    assert panel.picture("png", 50).startswith(b"\x89PNG")
    assert len(drawn(panel)[1]) == 3
