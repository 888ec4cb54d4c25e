"""bqplot marks: created once, given floats, and updated without sending what has not changed."""

from __future__ import annotations

import numpy as np
import pytest

from chinchilla_nb.engine.laws.allocation import allocate
from chinchilla_nb.engine.planning.seeding import SeedRegime
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.figures import (
    DARK_PALETTE,
    LIGHT_PALETTE,
    frontier_figure,
    log_axis,
    loss_figure,
    loss_scale,
    loss_steps,
    steps_of,
)
from chinchilla_nb.widgets.approaches.approaches_panel import ApproachesPanel
from chinchilla_nb.widgets.base.palette import palette_css
from chinchilla_nb.widgets.base.style import note, shade, tiles
from chinchilla_nb.widgets.charts.plots import Frame, tick_key
from chinchilla_nb.widgets.fit.fit_panel import FitPanel
from chinchilla_nb.widgets.frontier.frontier_charts import FrontierCharts
from chinchilla_nb.widgets.simulation.simulation_panel import SimulationPanel


@pytest.fixture
def runs(rows) -> Runs:
    return Runs(rows.N, rows.D, rows.loss)


@pytest.fixture
def charts(runs, law) -> FrontierCharts:
    charts = FrontierCharts()
    figure = frontier_figure(runs, law, regime=SeedRegime((1e18, 1e20), (2, 200)), C_range=(1e18, 1e24))
    charts.show(figure, loss_figure(runs, law, C_range=(1e18, 1e24)), [f"run {i}" for i in range(len(runs))])
    charts.move_budget(1e22, (1e9, 1e13 / 6, 2.0))
    return charts


# Output of [1e21, ...].map(String) in JavaScript; tests/browser/test_workbench.py also asks a real browser.
@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e21, "1e+21"),
        (1e20, "100000000000000000000"),
        (1.5e22, "1.5e+22"),
        (7e9, "7000000000"),
        (0.1, "0.1"),
        (2.5, "2.5"),
        (1e-6, "0.000001"),
        (1e-7, "1e-7"),
        (1.2345e-9, "1.2345e-9"),
        (0.0, "0"),
        (-0.0, "0"),
        (-0.002, "-0.002"),
    ],
)
def test_tick_keys_are_those_of_javascript(value, text):
    assert tick_key(value) == text


def test_every_array_is_of_floats(charts):
    for chart in charts.charts:
        for mark in chart.figure.marks:
            # int64 is sent as int32: 7e9 parameters would arrive as a negative number.
            assert mark.x.dtype == mark.y.dtype == np.float64


def test_every_tick_has_its_label(charts):
    for chart in charts.charts:
        for axis in chart.figure.axes:
            assert len(axis.tick_values) >= 3
            assert set(axis.tick_labels) == {tick_key(value) for value in axis.tick_values}


def test_planes_are_c_n_c_d_n_d(charts, runs):
    CN, CD, ND = charts.charts
    np.testing.assert_array_equal(CN.runs.x, runs.C)
    np.testing.assert_array_equal(CN.runs.y, runs.N)
    np.testing.assert_array_equal(CD.runs.y, runs.D)
    np.testing.assert_array_equal(ND.runs.x, runs.N)
    np.testing.assert_array_equal(ND.runs.y, runs.D)


def test_curves_and_lines_lie_where_the_law_says(charts, law):
    ND = charts.charts[2]
    levels = [float(text) for text in ND.levels.text]
    label_losses = law.loss(ND.levels.x, ND.levels.y)
    np.testing.assert_allclose(label_losses, levels, rtol=1e-9)
    drawn = law.loss(ND.iso_loss.x, ND.iso_loss.y)
    assert len(drawn) >= len(levels) >= 4
    # The loss along a curve is constant and round; equal_nan would accept a curve that is not drawn.
    round_losses = np.array([[float(f"{loss:.3g}")] for loss in drawn[:, 0]])
    np.testing.assert_allclose(drawn, np.broadcast_to(round_losses, drawn.shape), rtol=1e-9, equal_nan=False)
    assert set(levels) <= set(round_losses.ravel())
    np.testing.assert_allclose(6 * ND.isoflop.x * ND.isoflop.y, 1e22, rtol=1e-9)
    N, D = allocate(law, 6 * ND.frontier.x * ND.frontier.y)
    np.testing.assert_allclose(ND.frontier.x, N, rtol=1e-9)
    np.testing.assert_allclose(ND.frontier.y, D, rtol=1e-9)


def test_moving_the_budget_touches_no_run(charts):
    before = [(chart.figure.marks, chart.runs.x, chart.iso_loss.x) for chart in charts.charts]
    charts.move_budget(1e23, (2e9, 1e13, 2.0))
    for chart, (marks, x, iso) in zip(charts.charts, before, strict=True):
        assert chart.figure.marks == marks
        assert chart.runs.x is x
        assert chart.iso_loss.x is iso
    assert charts.charts[0].next_point.x == pytest.approx([1.2e23])
    charts.move_budget(None, None)
    assert len(charts.charts[0].next_point.x) == len(charts.charts[0].isoflop.x) == 0


def shown(runs: Runs, charts: FrontierCharts, labels: list[str]) -> None:
    charts.show(frontier_figure(runs), loss_figure(runs), labels)


def test_an_appended_run_is_drawn_and_the_others_are_not_touched(law):
    N, D = (np.geomspace(low, 1e3 * low, 200) for low in (1e7, 1e9))
    N, D = np.append(N, np.geomspace(1e8, 9e8, 60)), np.append(D, np.geomspace(3e10, 9e11, 60))
    runs, labels = Runs(N, D, law.loss(N, D)), [f"run {i}" for i in range(260)]
    charts = FrontierCharts()
    shown(runs.take(np.arange(260) < 200), charts, labels[:200])
    sent: list[str] = []
    everywhere = [chart.dots for chart, _ in charts.all]
    for dots in everywhere:
        dots.settled.observe(lambda change: sent.append(change["name"]))
    shown(runs.take(np.arange(260) < 203), charts, labels[:203])
    assert not sent
    for dots in everywhere:
        assert list(dots.latest.names) == labels[200:203]
        assert dots.latest.default_size == dots.settled.default_size
    np.testing.assert_array_equal(charts.charts[2].dots.latest.x, runs.N[200:203])
    np.testing.assert_array_equal(charts.loss.dots.latest.y, runs.loss[200:203])
    # Too many new runs, a changed label, and a run that is gone: all dots are redrawn.
    for count, said in ((260, labels), (203, labels), (203, ["other", *labels[1:]])):
        shown(runs.take(np.arange(260) < count), charts, said[:count])
        for dots in everywhere:
            assert list(dots.settled.names) == said[:count]
            assert len(dots.latest.x) == 0


def test_an_append_changes_the_size_of_no_dot(law, runs):
    # The page lays out a whole chart again, with all of its dots, whenever the size of a mark's dots changes.
    charts = FrontierCharts()
    shown(runs.take(np.arange(len(runs)) < len(runs) - 1), charts, [""] * (len(runs) - 1))
    sizes: list[float] = []
    for mark in [mark for chart, _ in charts.all for mark in chart.dots.marks]:
        mark.observe(lambda change: sizes.append(change["new"]), "default_size")
    shown(runs, charts, [""] * len(runs))
    assert not sizes


def test_a_run_that_moves_the_colours_recolours_all(law):
    N, D = (np.geomspace(low, 1e3 * low, 40) for low in (1e7, 1e9))
    runs = Runs(N, D, law.loss(N, D))
    charts = FrontierCharts()
    shown(runs, charts, [""] * 40)
    more = Runs(np.append(N, 1e9), np.append(D, 1e10), np.append(runs.loss, 1.2))
    shown(more, charts, [""] * 41)
    np.testing.assert_array_equal(charts.charts[0].runs.color, loss_steps(frontier_figure(more).colour))
    assert charts.charts[0].runs.color[-1] == 0


def test_runs_without_a_law_and_a_law_without_runs(law, runs):
    charts = FrontierCharts()
    charts.show(frontier_figure(runs), loss_figure(runs), [""] * len(runs))
    assert "frontier" not in charts.key.value
    charts.show(frontier_figure(Runs([], [], []), law), None, [])
    assert len(charts.charts[0].runs.x) == 0
    assert "frontier" in charts.key.value
    charts.show(frontier_figure(Runs([], [], [])), None, [])
    assert len(charts.charts[0].iso_loss.x) == 0


def test_shades_have_a_value_in_each_theme():
    css = palette_css()
    light, dark = css.split("[data-jp-theme-light='false']")
    for place, step in ((-1, 0), (0, 0), (0.5, 16), (1, 31), (2, 31)):
        assert shade(place).startswith(f"var(--cnb-loss-{step}, #")
        for theme, palette in ((light, LIGHT_PALETTE), (dark, DARK_PALETTE)):
            assert f"--cnb-loss-{step}: {steps_of(palette)[step]};" in theme


def test_html_pieces_escape():
    attack = "<img src=x onerror=alert(1)>"
    for html in (tiles([(attack, attack)]), note("bad", attack)):
        assert "<img" not in html
        assert "&lt;img" in html


def test_loss_chart_holds_budget_envelope_and_frontier(charts, runs, law):
    chart = charts.loss
    np.testing.assert_array_equal(chart.runs.y, runs.loss)
    assert chart.next_point.x == pytest.approx([1e22])
    assert chart.next_point.y == pytest.approx([2.0])
    assert chart.frame.scales["x"].max > 1e24
    # No model with the same compute has a lower loss than the one on the frontier.
    for C, loss in zip(chart.frontier.x[::30], chart.frontier.y[::30], strict=True):
        N = np.geomspace(1e6, 1e13, 200_001)
        assert loss == pytest.approx(law.loss(N, C / 6 / N).min(), rel=1e-9)
    charts.show(frontier_figure(Runs([], [], [])), None, [])
    assert len(chart.runs.x) == len(chart.envelope.x) == 0


def zoom(frame, side: str, low: float, high: float) -> None:
    """Do what the page does when the user scrolls to zoom."""
    frame.scales[side].set_state({"min": low, "max": high})


def test_zoom_is_kept_across_runs_and_fits_and_reset_follows_the_data(charts, runs, law):
    frame = charts.charts[0].frame
    zoom(frame, "x", 1e20, 1e21)
    charts.follow_zoom()
    more = Runs(np.append(runs.N, 1e12), np.append(runs.D, 1e13), np.append(runs.loss, 1.75))
    figure = frontier_figure(more, law)
    charts.show(figure, loss_figure(more, law), [""] * len(more))
    assert (frame.scales["x"].min, frame.scales["x"].max) == (1e20, 1e21)
    assert max(frame.axes["x"].tick_values) <= 1e21
    assert len(charts.charts[0].runs.x) == len(more)
    # The other charts show everything, and so does this one after a reset.
    assert charts.charts[1].frame.scales["x"].max > 6e25
    frame.reset()
    charts.follow_zoom()
    assert frame.scales["x"].max > 6e25
    assert frame.axes["x"].tick_values.max() > 1e21
    assert charts.charts[0].frontier.x.max() > 6e25


def test_curves_follow_a_zoom_and_no_run_moves(charts, law):
    chart = charts.charts[2]
    others, dots = charts.charts[0].iso_loss.x, chart.runs.x
    zoom(chart.frame, "x", 1e12, 1e14)
    zoom(chart.frame, "y", 1e13, 1e15)
    charts.follow_zoom()
    charts.move_budget(1e28, None)
    N, D = chart.iso_loss.x, chart.iso_loss.y
    assert N.min() < 1e12 < 1e14 < N.max()
    level = law.loss(N[:, :1], D[:, :1])
    np.testing.assert_allclose(law.loss(N, D), level * np.ones_like(N), rtol=1e-9, equal_nan=False)
    assert chart.isoflop.x.max() == pytest.approx(1e14)
    assert len(set(chart.levels.text)) >= 4
    assert chart.runs.x is dots
    assert charts.charts[0].iso_loss.x is others
    zoom(charts.loss.frame, "x", 1e25, 1e30)
    charts.follow_zoom()
    assert charts.loss.frontier.x.max() >= 1e30


def test_excluded_runs_are_hollow_and_in_the_legend_if_there_are_any(charts, runs, law):
    assert "Excluded" not in charts.key.value
    assert len(charts.charts[0].excluded.x) == 0
    kept, excluded = runs.take(np.arange(20)), runs.take(np.arange(20, 30))
    figure = frontier_figure(kept, law, excluded=excluded)
    labels = [f"Excluded {i}" for i in range(10)]
    charts.show(figure, loss_figure(kept, law, excluded=excluded), [""] * 20, labels)
    for chart in (*charts.charts, charts.loss):
        assert len(chart.runs.x) == 20
        assert list(chart.excluded.names) == labels
    np.testing.assert_array_equal(charts.loss.excluded.y, excluded.loss)
    assert "Excluded" in charts.key.value


def test_drawing_the_same_runs_again_sends_none_of_them(charts, runs, law):
    marks = [chart.runs for chart in (*charts.charts, charts.loss)]
    sent = []
    for mark in marks:
        mark.observe(sent.append, ["x", "y", "color", "names"])
    figure = frontier_figure(runs, law, C_range=(1e18, 1e24))
    charts.show(figure, loss_figure(runs, law, C_range=(1e18, 1e24)), [f"run {i}" for i in range(len(runs))])
    assert sent == []


def test_ticks_follow_a_zoom_and_come_back(charts):
    frame = charts.charts[0].frame
    before, ends = list(frame.axes["x"].tick_values), (frame.scales["x"].min, frame.scales["x"].max)
    frame.scales["x"].set_state({"min": 1e20, "max": 1e21})
    frame.follow_zoom()
    assert frame.zoomed
    ticks = frame.axes["x"].tick_values
    assert ((ticks >= 1e20) & (ticks <= 1e21)).all()
    assert len(ticks) >= 3
    assert set(frame.axes["x"].tick_labels) == {tick_key(value) for value in ticks}
    frame.reset()
    assert not frame.zoomed
    assert list(frame.axes["x"].tick_values) == before
    assert (frame.scales["x"].min, frame.scales["x"].max) == ends


def test_no_axis_is_drawn_before_there_is_something_to_show():
    frame = Frame()
    assert not any(axis.visible for axis in frame.axes.values())
    axis = log_axis("C", [1e18, 1e21])
    frame.show(axis, axis)
    assert all(axis.visible and axis.label for axis in frame.axes.values())


def test_curves_of_the_loss_are_named_beside_them_where_they_are_seen(charts, runs, law):
    frontier, envelope = charts.loss.names.frontier, charts.loss.names.envelope
    assert [*frontier.text, *envelope.text] == ["Efficient frontier", "Lowest so far"]
    # On the curve, left of the middle of the axis, so that the text fits below it.
    x = charts.loss.frame.view[0]
    assert 0.4 < x.fraction(frontier.x)[0] < 0.6
    predicted = np.interp(np.log(frontier.x), np.log(charts.loss.frontier.x), charts.loss.frontier.y)
    np.testing.assert_allclose(frontier.y, predicted, rtol=1e-3)
    assert (envelope.x[0], envelope.y[0]) == (runs.C.max(), runs.loss.min())
    assert "Lowest" not in charts.key.value
    charts.loss.frame.scales["x"].set_state({"max": float(np.median(runs.C))})
    charts.follow_zoom()
    assert list(charts.loss.names.envelope.text) == []
    charts.show(frontier_figure(Runs([], [], []), law), None, [])
    assert list(frontier.text) == []
    assert "Efficient frontier" in charts.key.value


@pytest.mark.parametrize("losses", [[2.0, 2.5, 3.3], [1.1e-6, 1.3e-6, 5.2e-6], [2.13, 2.1301], [2.2], [0.9, 900.0]])
def test_the_colour_bar_has_both_ends_and_no_labels_that_collide(losses):
    places, labels = loss_scale(losses).labels()
    assert len(set(labels)) == len(labels)
    if len(losses) > 1:
        assert (places[0], places[-1]) == (0, 1)
    # A bar of 250 pixels and characters of at most 6.4.
    middles, widths = 250 * places, 6.4 * np.array([len(label) for label in labels])
    assert (np.diff(middles) >= (widths[1:] + widths[:-1]) / 2 + 5).all()


def test_other_panels_follow_the_scale_of_the_session(session):
    session.run_fit()
    panels = [ApproachesPanel(session), SimulationPanel(session), FitPanel(session)]
    simulation, fitted = panels[1], panels[2]
    simulation.run_button.click()
    simulation.wait()
    fitted.diagnostics.value = True
    frames = [card.frame for card in panels[0].cards[2:]] + [simulation.charts.plane.frame]
    frames += [*fitted.charts.residuals.values()]
    before = [(frame.scales["x"].min, frame.scales["x"].max) for frame in frames]
    for panel, scale in zip(panels, ("linear", "log", "linear"), strict=True):
        panel.scale.value = scale
        assert session.chart_scale == scale
        for other in panels:
            assert other.scale.value == scale
            assert other.errors.value == ""
        for frame in frames:
            assert type(frame.scales["x"]).__name__ == ("LinearScale" if scale == "linear" else "LogScale")
            assert frame.axes["x"].scale is frame.scales["x"]
    session.chart_scale = "log"
    assert [(frame.scales["x"].min, frame.scales["x"].max) for frame in frames] == before
