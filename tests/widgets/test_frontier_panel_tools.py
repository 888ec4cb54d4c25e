"""The frontier panel's tools: clicks, drags and boxes on the charts, models off the frontier, and exports."""

from __future__ import annotations

import asyncio
import base64
import io
import re

import numpy as np
import pandas as pd
import pytest
import yaml
from copied_text import copied_text

from chinchilla_nb.engine.planning.off_frontier import off_frontier
from chinchilla_nb.engine.run_keys import run_keys
from chinchilla_nb.opening import open_session
from chinchilla_nb.quantity import compact
from chinchilla_nb.records.csv_text import EXACT_FLOATS
from chinchilla_nb.widgets.base.export import ExportControl, snippet
from chinchilla_nb.widgets.base.page_actions import copy_block
from chinchilla_nb.widgets.base.throttle import Throttle
from chinchilla_nb.widgets.frontier.chart_modes import BUDGET, SELECT, ZOOM, ChartModes
from chinchilla_nb.widgets.frontier.frontier_panel import FrontierPanel


@pytest.fixture
def panel(session) -> FrontierPanel:
    session.run_fit()
    return FrontierPanel(session)


def click(chart, x: float, y: float) -> None:
    """Do what the page does when the user clicks the background of a chart."""
    clicks = chart.budget.clicks
    with clicks.hold_trait_notifications():
        clicks.x, clicks.y = np.array([x]), np.array([y])


def drop(chart, x: float, y: float) -> None:
    """Do what the page does when the user drops the marker of the next run."""
    with chart.next_point.hold_trait_notifications():
        chart.next_point.x, chart.next_point.y = np.array([x]), np.array([y])


def drag(chart, x: float, y: float) -> None:
    """Do what the page does while the user drags the marker of the next run."""
    mark = chart.next_point
    mark._handle_custom_msgs(mark, {"event": "drag", "point": {"x": x, "y": y}, "index": 0})


def content(panel) -> bytes:
    """Return the file that the link downloads."""
    return base64.b64decode(re.search(r"base64,([^\"]+)", panel.export.link.value)[1])


def test_a_click_on_a_chart_sets_the_budget(panel):
    CN, _, ND = panel.charts.charts
    click(CN, 2e20, 5e8)
    assert panel.budget.C == pytest.approx(2e20)
    click(ND, 1e9, 1e11)
    assert panel.budget.C == pytest.approx(6e20)
    assert len(CN.budget.clicks.x) == len(ND.budget.clicks.x) == 0
    panel.modes.mode.value = ZOOM
    click(CN, 1e19, 5e8)
    assert panel.budget.C == pytest.approx(6e20)
    assert panel.errors.value == ""


def test_a_dragged_marker_stays_on_the_frontier(panel, law):
    CN = panel.charts.charts[0]
    drop(CN, 3e20, 1e12)
    assert panel.budget.C == pytest.approx(3e20)
    N = np.geomspace(1e6, 1e13, 700_001)
    assert CN.next_point.y[0] == pytest.approx(N[np.argmin(law.loss(N, 3e20 / 6 / N))], rel=1e-3)
    # It also follows during the drag.
    drag(CN, 2e20, 1e9)
    assert panel.budget.C == pytest.approx(2e20)
    drop(CN, 3e20, 1e12)
    # Straight up: the budget stays the same, and the marker moves back.
    drop(CN, 3e20, 1e8)
    assert CN.next_point.y[0] == pytest.approx(N[np.argmin(law.loss(N, 3e20 / 6 / N))], rel=1e-3)
    # Far outside: it stays within the range of the chart.
    drop(CN, 1e39, 1e8)
    assert panel.budget.C <= 1e24


def draw_box(modes, chart, x, y):
    """Draw a box as the page reports it when the mouse button is released."""
    modes.mode.value = SELECT
    brush = chart.figure.interaction
    brush.brushing = True
    brush.selected_x, brush.selected_y = np.array(x), np.array(y)
    brush.brushing = False


def click_dot(mark, index):
    mark._handle_custom_msgs(mark, {"event": "element_click", "data": {"index": index}})


def test_a_box_lists_runs_and_excludes_them(panel, session, rows):
    panel.modes.mode.value = SELECT
    CN = panel.charts.charts[0]
    C = 6 * rows.N * rows.D
    draw_box(panel.modes, CN, (1e18, 1e19), (1.0, 1e12))
    inside = (C >= 1e18) & (C <= 1e19)
    assert 3 <= inside.sum() <= 20
    assert len(panel.selection.chosen) == inside.sum()
    assert panel.selection.table.value.count("<tr>") == 1 + min(inside.sum(), 12)
    panel.selection.exclude.click()
    assert len(session.runs) == 30 - inside.sum()
    assert session.runs.C.min() > 1e19
    assert len(CN.runs.x) == 30 - inside.sum()
    # They stay in the box as hollow dots, and can be included again.
    assert len(panel.selection.chosen) == len(CN.excluded.x) == inside.sum()
    assert "excluded" in panel.selection.table.value
    assert panel.selection.exclude.layout.display == panel.selection.why.layout.display == "none"
    panel.selection.include.click()
    assert len(session.runs) == 30
    panel.selection.undo.click()
    assert len(session.runs) == 30 - inside.sum()
    panel.selection.undo.click()
    assert len(session.runs) == 30
    assert len(CN.excluded.x) == 0
    panel.modes.mode.value = BUDGET
    assert CN.figure.interaction is None
    assert panel.errors.value == ""


def test_the_line_of_a_budget_is_dragged(panel):
    CN, _, ND = panel.charts.charts
    for chart, moved in ((CN, 3), (ND, 20)):
        grip = chart.budget.grip
        x, y = grip.x.copy(), grip.y.copy()
        x[moved] *= 2
        # The page does not know the new positions of the other dots yet.
        x[np.arange(len(x)) != moved] *= 0.99
        grip._handle_custom_msgs(grip, {"event": "drag_start", "point": {}, "index": moved})
        with grip.hold_trait_notifications():
            grip.x, grip.y = x, y
        assert panel.budget.C == pytest.approx(x[moved] if chart is CN else 6 * x[moved] * y[moved], rel=0.01)
    # The whole line follows, in every chart.
    np.testing.assert_allclose(CN.budget.grip.x, panel.budget.C)
    np.testing.assert_allclose(panel.charts.loss.budget.line.x, panel.budget.C)
    assert panel.errors.value == ""


def test_markers_have_tooltips(panel):
    panel.budget_control.text.set_state({"value": "1e21"})
    panel.off_frontier.slider.set_state({"value": -1.0})
    CN = panel.charts.charts[0]
    assert CN.next_point.names[0].startswith("Next run\nPredicted loss ")
    assert "C 10²¹ FLOPs" in CN.next_point.names[0]
    assert CN.off_frontier.names[0].startswith("Half the compute-optimal size\nPredicted loss ")


def test_a_run_off_the_frontier_is_not_drawn_over_a_loss(panel):
    """The loss of that curve is written again when the run is elsewhere; those of other curves stay."""
    chart = panel.charts.charts[2]
    written, at = chart.levels.text.tolist(), (chart.levels.x[2], chart.levels.y[2])
    chart.move_budget(chart.plane, 6 * at[0] * at[1], None, at)
    assert chart.levels.text.tolist() == written[:2] + written[3:]
    chart.move_budget(chart.plane, 6 * at[0] * at[1], None)
    assert chart.levels.text.tolist() == written


def test_outliers_are_selected_by_their_loss(panel, session):
    panel.modes.mode.value = SELECT
    brush = panel.charts.loss.figure.interaction
    worst = session.runs.loss.max()
    brush.selected_x, brush.selected_y = np.array([1e17, 1e22]), np.array([0.99 * worst, 1.01 * worst])
    assert worst in session.all_runs.loss[panel.selection.chosen]
    assert len(panel.selection.chosen) < 10


def test_zoom_is_kept_when_runs_are_added_and_reset_shows_them(panel, database):
    frame = panel.charts.charts[0].frame
    frame.scales["x"].set_state({"min": 1e20, "max": 1e21})
    assert not panel.modes.reset.disabled
    database.append(N=1e11, D=1e13, loss=1.8)
    panel.session.run_fit()
    assert (frame.scales["x"].min, frame.scales["x"].max) == (1e20, 1e21)
    panel.modes.reset.click()
    assert frame.scales["x"].max > 6e24
    assert panel.modes.reset.disabled
    assert panel.errors.value == ""


def test_a_throttle_passes_on_the_first_at_once_and_always_the_last():
    calls: list[int] = []

    async def scenario() -> None:
        throttle = Throttle(calls.append, 0.05)
        for place in range(100):
            throttle.submit(place)
        assert calls == [0]
        await asyncio.sleep(0.2)
        assert calls == [0, 99]
        throttle.submit(100)
        assert calls == [0, 99, 100]
        for place in (101, 102):
            throttle.submit(place)
        await asyncio.sleep(0.2)

    asyncio.run(scenario())
    assert calls == [0, 99, 100, 102]


def test_a_drag_is_followed_at_once_and_ends_where_it_was_dropped(panel):
    CN = panel.charts.charts[0]
    drawn: list[float] = []
    panel.budget.observe(lambda change: drawn.append(change["new"]), "C")

    async def scenario() -> None:
        for C in (2e20, 2.2e20, 2.4e20, 2.6e20):
            drag(CN, C, 1e9)
        assert drawn == [2e20]
        drop(CN, 3e20, 1e9)
        await asyncio.sleep(0.2)

    asyncio.run(scenario())
    assert drawn == [2e20, 3e20]
    assert CN.next_point.x[0] == pytest.approx(3e20)


def fail(*_: object) -> None:
    raise RuntimeError("<b>lost?</b>")


@pytest.mark.parametrize(
    "act",
    [
        lambda panel: panel.budget_control.slider.set_state({"value": 19.0}),
        lambda panel: panel.budget_control.text.set_state({"value": "1e20"}),
        lambda panel: panel.budget_control.hardware.days.set_state({"value": "3"}),
        lambda panel: click(panel.charts.charts[0], 2e20, 5e8),
        lambda panel: drag(panel.charts.charts[0], 2e20, 5e8),
        lambda panel: drop(panel.charts.charts[0], 2e20, 5e8),
    ],
    ids=["slider", "text", "hardware", "click", "drag", "drop"],
)
def test_errors_on_a_change_of_budget_are_shown(panel, act):
    panel.budget.observe(fail, "C")
    act(panel)
    assert "RuntimeError: &lt;b&gt;lost?" in panel.errors.value


def test_errors_on_a_change_of_size_are_shown(panel):
    panel.size.observe(fail, "factor")
    panel.off_frontier.slider.set_state({"value": 1.0})
    assert "lost?" in panel.errors.value


@pytest.mark.parametrize(
    ("callback", "act"),
    [
        ("on_budget", lambda modes, chart: drag(chart, 2e20, 5e8)),
        ("on_zoom", lambda modes, chart: chart.frame.scales["x"].set_state({"min": 1e20, "max": 1e21})),
        ("on_zoom", lambda modes, chart: modes.reset.click()),
        ("on_region", lambda modes, chart: draw_box(modes, chart, (1.0, 2.0), (1.0, 2.0))),
        ("on_row", lambda modes, chart: click_dot(chart.runs, 0)),
    ],
    ids=["drag", "zoom", "reset", "box", "dot"],
)
def test_errors_on_mouse_events_are_shown(panel, callback, act):
    callbacks = {name: lambda *_: None for name in ("on_budget", "on_zoom", "on_region", "on_rows", "on_row")}
    act(ChartModes(panel.guard, panel.charts, **{**callbacks, callback: fail}), panel.charts.charts[0])
    assert "lost?" in panel.errors.value


def test_errors_in_the_export_are_shown(panel, monkeypatch):
    export = ExportControl(panel.guard, {"csv": fail}, {"csv": "runs"})
    export.buttons["csv"].click()
    assert "lost?" in panel.errors.value
    panel.errors.report("ExportControl._offer", None)
    monkeypatch.setattr("chinchilla_nb.widgets.base.export.snippet", fail)
    panel.export.language.value = "YAML"
    assert "lost?" in panel.errors.value


def test_a_study_of_bytes_is_described_in_bytes():
    panel = FrontierPanel(open_session("python_stdlib"))
    panel.session.run_fit()
    assert panel.charts.charts[1].frame.axes["y"].label == "Training bytes D"
    assert "bytes (" in panel.charts.charts[0].runs.names[0]
    panel.off_frontier.slider.set_state({"value": 1.0})
    texts = panel.allocation.value, panel.off_frontier.cost.value, panel.export.code.value
    assert all("bytes" in text.lower() for text in texts)
    assert not any("token" in text.lower() for text in texts)


def test_an_empty_box_is_reported(panel):
    draw_box(panel.modes, panel.charts.charts[0], (1.0, 2.0), (1.0, 2.0))
    assert "There are no runs in it" in panel.selection.table.value
    assert panel.selection.exclude.layout.display == "none"


def test_the_numbers_of_listed_runs_stand_before_texts_which_may_be_long(session, database):
    database.df = database.df.assign(created="2026-03-14T12:00:00.000Z", loss=2.8)
    panel = FrontierPanel(session)
    session.view.select(run_keys(session.all_runs)[:1])
    heads = re.findall("<th>(.*?)</th>", panel.selection.table.value)
    assert heads == ["N", "D", "C", "Loss", "created"]
    assert "<td>2.8000</td><td>2026-03-14" in panel.selection.table.value


def test_run_names_are_escaped_in_the_list(session, database):
    database.df = database.df.assign(run="<img src=x onerror=alert(1)>")
    panel = FrontierPanel(session)
    session.view.select(run_keys(session.all_runs))
    assert "&lt;img src=x" in panel.selection.table.value
    assert "<img" not in panel.selection.table.value


def test_half_the_size_costs_what_the_law_says(panel, law):
    panel.budget_control.text.set_state({"value": "1e21"})
    best_N = panel.charts.charts[0].next_point.y[0]
    panel.off_frontier.slider.set_state({"value": -1.0})
    off = panel.charts.charts[2].off_frontier
    assert off.x == pytest.approx([best_N / 2])
    assert 6 * off.x * off.y == pytest.approx([1e21])
    best = float(law.loss(best_N, 1e21 / 6 / best_N))
    # Data of the half-sized model at which it reaches the same loss, from the law itself.
    D = (law.B / (best - law.E - law.A * (best_N / 2) ** -law.alpha)) ** (1 / law.beta)
    assert f"{6 * best_N / 2 * D / 1e21:.3g} times the compute" in panel.off_frontier.cost.value
    panel.off_frontier.reset.click()
    assert len(off.x) == 0
    assert panel.size.factor == 1


def test_snippets_give_back_the_allocation(panel, law):
    panel.budget_control.text.set_state({"value": "1e24"})
    N = panel.charts.charts[0].next_point.y[0]
    values: dict = {}
    exec(text_of(panel), values)
    panel.export.language.value = "YAML"
    for found in (values["allocation"], yaml.safe_load(text_of(panel))["allocation"]):
        assert found["C"] == 1e24
        assert isinstance(found["N"], int)
        assert isinstance(found["D"], int)
        assert found["N"] == pytest.approx(N, rel=1e-5)
        assert 6 * found["N"] * found["D"] == pytest.approx(1e24, rel=1e-5)
        assert found["predicted_loss"] == pytest.approx(float(law.loss(N, 1e24 / 6 / N)), rel=1e-5)


def text_of(panel) -> str:
    return copied_text(panel.export.code)


def test_table_is_exported(panel, rows):
    panel.export.buttons["csv"].click()
    table = pd.read_csv(io.BytesIO(content(panel)), **EXACT_FLOATS)
    np.testing.assert_array_equal(table.loss, rows.loss)
    np.testing.assert_allclose(table.predicted_loss, rows.loss, rtol=1e-8)
    np.testing.assert_allclose(table.C, 6 * rows.N * rows.D)
    assert content(panel).startswith(b"C,N,D,loss,predicted_loss,residual,convention\n")
    # The link is removed once its file no longer matches what is shown.
    panel.budget_control.text.set_state({"value": "2e22"})
    assert panel.export.link.value == ""


def test_table_says_which_runs_are_excluded_and_loses_no_column(session, database, rows):
    database.df = rows.assign(residual="mine")
    session.exclude(run_keys(session.runs)[3:5])
    session.run_fit()
    panel = FrontierPanel(session)
    panel.export.buttons["csv"].click()
    table = pd.read_csv(io.BytesIO(content(panel)), **EXACT_FLOATS)
    assert list(np.flatnonzero(table.excluded)) == [3, 4]
    assert set(table["residual (recorded)"]) == {"mine"}
    np.testing.assert_allclose(table.residual, table.loss - table.predicted_loss)


def test_images_are_exported(panel):
    panel.export.buttons["png"].click()
    assert content(panel).startswith(b"\x89PNG")
    panel.export.buttons["svg"].click()
    assert b"<svg" in content(panel)[:600]
    assert 'download="frontier.svg"' in panel.export.link.value
    assert panel.errors.value == ""


def test_images_name_the_model_off_the_frontier(panel):
    panel.budget_control.text.set_state({"value": "1e21"})
    before = panel.picture("svg", 72)
    assert b"Off the frontier" not in before
    N = panel.charts.charts[0].next_point.y[0]
    panel.off_frontier.slider.set_state({"value": 2.0})
    drawing = panel.picture("svg", 72)
    assert b"<!-- Off the frontier" in drawing
    assert f"$N$ = {compact(4 * N)}".encode() in drawing


def test_without_a_fit_there_is_nothing_to_copy_but_runs_to_save(session):
    panel = FrontierPanel(session)
    assert panel.export.code.layout.display == "none"
    assert panel.off_frontier.layout.display == "none"
    panel.export.buttons["csv"].click()
    assert len(pd.read_csv(io.BytesIO(content(panel)))) == 30


def test_exclusions_are_undone_one_by_one(session):
    runs, keys = session.runs, run_keys(session.runs)
    assert not session.can_undo_exclusion
    session.exclude(keys[:2])
    session.include(keys[:1])
    assert len(session.runs) == len(runs) - 1
    session.undo_exclusion()
    assert len(session.runs) == len(runs) - 2
    session.undo_exclusion()
    assert session.runs is runs
    assert not session.can_undo_exclusion
    session.undo_exclusion()
    assert session.runs is runs


def test_snippets_have_short_numbers_that_read_back():
    values = {"C": 5.00209e13, "N": 20.4303e9, "ratio": 20.0, "loss": 1.98629, "small": 2.5e-5, "large": 1e24}
    python, yaml_text = snippet(values, "Python"), snippet(values, "YAML")
    assert '"C": 5.00209e+13,' in python
    assert '"N": 20_430_300_000,' in python
    assert "00000.0" not in python + yaml_text
    namespace: dict[str, object] = {}
    exec(python, namespace)
    assert namespace["allocation"] == values
    read = yaml.safe_load(yaml_text)["allocation"]
    assert read == values
    assert all(isinstance(value, (int, float)) for value in read.values())


def test_off_the_optimum_tiles_and_snippet_are_of_the_same_model(panel):
    panel.budget.type("1e21")
    best = panel.allocation.value
    panel.size.slide(1.0)
    chosen = off_frontier(panel.session.fit.law, 1e21, 2.0)
    assert panel.allocation.value != best
    assert compact(chosen.N) in panel.allocation.value
    assert compact(chosen.D) in panel.allocation.value
    assert "A model of twice the compute-optimal size." in panel.allocation.value
    code = copied_text(panel.export.code)
    assert f'"N": {int(float(f"{chosen.N:.6g}")):_},' in code
    assert '"N_ratio": 2.0,' in code
    panel.size.slide(0.0)
    assert panel.allocation.value == best
    assert "N_ratio" not in panel.export.code.value


def test_a_file_is_saved_once_and_its_link_stays(panel):
    seen = []
    panel.export.link.observe(lambda change: seen.append(change["new"]), "value")
    panel.export.buttons["csv"].click()
    assert ["onerror" in value for value in seen] == [True, False]
    assert 'download="runs.csv"' in panel.export.link.value
    panel.budget.type("2e21")
    assert panel.export.link.value == ""


def test_what_is_copied_is_escaped():
    block = copy_block("<script>'\"&", "a <b>")
    assert "<script>" not in block
    assert "<b>" not in block


def test_selected_runs_are_excluded_with_a_reason(panel, session):
    session.view.select(run_keys(session.all_runs)[:2])
    panel.selection.why.value = "crashed <b>"
    panel.selection.exclude.click()
    assert list(session.exclusion_reasons.values()) == ["crashed <b>"] * 2
    assert "excluded: crashed &lt;b&gt;" in panel.selection.table.value
    assert panel.errors.value == ""
