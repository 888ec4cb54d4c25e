"""One view of the runs in all panels: groups, selection and filter, made in one of them and shown by the others."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from runs import LAW

from chinchilla_nb.config.settings import Settings
from chinchilla_nb.database import Database
from chinchilla_nb.engine.run_keys import run_keys
from chinchilla_nb.engine.uncertainty.roll_outs import iter_roll_outs
from chinchilla_nb.session import Session
from chinchilla_nb.widgets.approaches.approaches_panel import ApproachesPanel
from chinchilla_nb.widgets.fit.fit_panel import FitPanel
from chinchilla_nb.widgets.frontier.chart_modes import LASSO, SELECT, ZOOM
from chinchilla_nb.widgets.frontier.frontier_panel import FrontierPanel
from chinchilla_nb.widgets.run_log.run_log_panel import RunLogPanel

ADAM = np.arange(30) % 3 == 0
"""Which of the thirty runs were trained with adam; the others with lion."""


@pytest.fixture
def session(session, database):
    database.df = database.df.assign(optimizer=np.where(ADAM, "adam", "lion"), lr=np.linspace(1e-4, 1e-3, 30))
    return session


@pytest.fixture
def panels(session):
    """The run log, the fit with its diagnostics open, and the frontier, of one session."""
    session.run_fit()
    log, fit, frontier = RunLogPanel(session), FitPanel(session), FrontierPanel(session)
    fit.diagnostics.value = True
    yield log, fit, frontier
    assert [panel.errors.value for panel in (log, fit, frontier)] == [""] * 3


def dots_of(*panels):
    """Return the dots of every chart of the fit and of the frontier."""
    _, fit, frontier = panels
    return [*fit.charts.dots.values(), *(chart.dots for chart, _ in frontier.charts.all)]


def drawn(dots) -> set[int]:
    """Return the rows of the log that a chart shows, and check that each has a dot."""
    found = [(len(mark.x), rows) for mark, rows in dots.places]
    assert all(count == len(rows) for count, rows in found)
    return {int(row) for _, rows in found for row in rows}


def click(mark, index):
    mark._handle_custom_msgs(mark, {"event": "element_click", "data": {"index": index}})


# Groups


def test_a_scale_of_losses_is_shown_only_where_something_has_its_colours(session):
    session.fit = None
    frontier = FrontierPanel(session)
    assert "cnb-scale" in frontier.charts.key.value
    session.view.group_by("optimizer")
    assert "cnb-scale" not in frontier.charts.key.value
    session.run_fit()  # its iso-loss curves have these colours
    assert "cnb-scale" in frontier.charts.key.value


def test_every_chart_has_the_colours_of_the_groups(panels, session):
    panels[2].groups.column.value = "optimizer"
    assert session.view.grouped_by == "optimizer"
    for dots in dots_of(*panels):
        adam, lion = dots.by_group.marks
        assert (len(adam.x), len(lion.x), len(dots.settled.x), len(dots.latest.x)) == (10, 20, 0, 0)
        assert (adam.marker, lion.marker) == ("circle", "square")
        assert adam.colors != lion.colors
        assert drawn(dots) == set(range(30))
    CN = panels[2].charts.charts[0]
    np.testing.assert_array_equal(CN.dots.by_group.marks[0].y, session.runs.N[ADAM])
    marks = CN.figure.marks
    assert marks.index(CN.dots.latest) < marks.index(adam_of(CN)) < marks.index(CN.dots.selected)
    panels[1].charts.groups.column.value = ""
    for dots in dots_of(*panels):
        assert (len(dots.settled.x), len(dots.by_group.marks[0].x)) == (30, 0)


def adam_of(chart):
    return chart.dots.by_group.marks[0]


def test_an_entry_of_the_legend_hides_its_group_everywhere_and_fits_use_it_all_the_same(panels, session):
    session.view.group_by("optimizer")
    adam = panels[2].groups.entries[0]
    assert adam.description == "adam · 10"
    adam.value = False
    for dots in dots_of(*panels):
        assert drawn(dots) == set(np.flatnonzero(~ADAM))
    for legend in (panels[2].groups, panels[1].charts.groups):
        assert "1 group hidden (10 runs); fits use them all the same" in legend.said.value
        assert not legend.entries[0].value
    assert len(session.runs) == 30
    assert not session.stale
    panels[1].charts.groups.entries[0].value = True
    assert all(drawn(dots) == set(range(30)) for dots in dots_of(*panels))
    assert "hidden" not in panels[2].groups.said.value


def test_slices_and_roll_outs_leave_hidden_runs_out_too():
    """Eight sizes at each of four budgets, by two optimisers in turn."""
    C, N = np.repeat(np.geomspace(1e18, 1e21, 4), 8), np.tile(np.geomspace(0.3, 3, 8), 4) * 1e8
    N *= np.sqrt(C / 1e18)
    D = C / 6 / N
    database = Database()
    optimizers = ["adam", "lion"] * 16
    database.df = pd.DataFrame({"N": N, "D": D, "loss": LAW.loss(N, D), "optimizer": optimizers})
    session = Session(database, Settings())
    session.run_fit()
    session.roll_outs = drain(iter_roll_outs(session.problem, [2e19]))
    approaches, fit = ApproachesPanel(session), FitPanel(session)
    fit.roll_outs.toggle.value = True
    session.view.group_by("optimizer")
    before = len(fit.roll_outs.chart.dots.x)
    assert (len(approaches.slices.dots.x), before) == (32, 16)
    session.view.toggle_group("lion")
    assert (len(approaches.slices.dots.x), len(fit.roll_outs.chart.dots.x)) == (16, 8)
    np.testing.assert_allclose(np.sort(approaches.slices.dots.x), np.sort(N[::2]))
    assert len(approaches.slices.dots.names) == len(approaches.slices.dots.opacities) == 16
    assert "1 group hidden (16 runs)" in approaches._key.value
    session.view.toggle_group("lion")
    assert (len(approaches.slices.dots.x), len(fit.roll_outs.chart.dots.x)) == (32, 16)
    assert approaches.errors.value == fit.errors.value == ""


def drain(steps):
    return [progress.result for progress in steps][-1]


def test_names_of_runs_give_no_groups_and_the_legend_says_why(panels, session, database):
    database.df = database.df.assign(name=[f"run {at}" for at in range(30)])
    session.view.group_by("name")
    for legend in (panels[2].groups, panels[1].charts.groups):
        assert (
            "&#x27;name&#x27; must have values that repeat to group runs, and 30 of 30 runs have one"
            in legend.said.value
        )
    assert all(len(dots.settled.x) == 30 for dots in dots_of(*panels))
    session.view.group_by("nothing of the kind")
    assert "is not there" in panels[2].groups.said.value


def test_many_numbers_are_grouped_by_ranges(panels, session):
    session.view.group_by("lr")
    assert [mark.x.size for mark in panels[2].charts.loss.dots.by_group.marks] == [6] * 5


# Selection


def test_rows_of_the_table_are_marked_in_every_chart(panels, session):
    log = panels[0]
    log.table.picker.value = (29, 27)
    for dots in dots_of(*panels):
        assert len(dots.selected.x) == 2
    CN = panels[2].charts.charts[0].dots
    assert set(CN.selected.y) == set(session.runs.N[[27, 29]])
    assert log.table.body.value.count("cnb-picked") == 2
    assert "2 runs selected" in panels[2].selection.table.value


def test_a_click_on_a_dot_selects_its_row_and_the_table_turns_to_it(panels, session):
    log, fit, frontier = panels
    loss = frontier.charts.loss
    click(loss.runs, 2)
    assert session.view.selected == {run_keys(session.all_runs)[2]}
    assert (log.shown.page, log.table.picker.value) == (1, (2,))  # the newest runs come first
    assert frontier.selection.layout.order == "4"  # after the fourth chart
    click(fit.charts.dots["N"].settled, 5)
    assert session.view.selected == {run_keys(session.all_runs)[row] for row in (2, 5)}
    click(loss.runs, 2)
    assert log.table.picker.value == (5,)
    for wrong in (99, -1, None, "5"):
        click(loss.runs, wrong)
    assert log.table.picker.value == (5,)


def test_a_dot_of_a_group_is_the_run_that_is_clicked(panels, session):
    session.view.group_by("optimizer")
    click(panels[2].charts.charts[1].dots.by_group.marks[1], 4)  # the fifth with lion: rows 1, 2, 4, 5, 7
    assert panels[0].table.picker.value == (7,)


def test_a_lasso_selects_what_it_holds_in_all_marks(panels, session):
    frontier = panels[2]
    session.exclude(run_keys(session.all_runs)[:2])
    frontier.modes.mode.value = LASSO
    CD = frontier.charts.charts[1]
    assert set(CD.figure.interaction.marks) == {mark for mark, _ in CD.dots.places}
    CD.dots.settled.selected = np.array([0, 3])  # rows 2 and 5, as the first two are excluded
    CD.excluded.selected = np.array([1])
    assert set(frontier.selection.chosen) == {1, 2, 5}
    assert frontier.selection.layout.order == "2"
    # What a page may not send: indices that are not there.
    CD.excluded.selected = np.array([-3, 77])
    assert set(frontier.selection.chosen) == {2, 5}
    # A selection that is made elsewhere removes the lasso.
    before = CD.figure.interaction
    session.view.select(())
    assert CD.figure.interaction is not before
    assert len(frontier.charts.loss.dots.selected.x) == 0


def test_a_box_selects_no_hidden_runs(panels, session):
    frontier = panels[2]
    session.view.group_by("optimizer")
    session.view.toggle_group("adam")
    frontier.modes.mode.value = SELECT
    brush = frontier.charts.loss.figure.interaction
    brush.brushing = True
    brush.selected_x, brush.selected_y = np.array([1e10, 1e30]), np.array([0.1, 100.0])
    brush.brushing = False
    assert set(frontier.selection.chosen) == set(np.flatnonzero(~ADAM))


def test_the_table_lists_only_the_selected_runs(panels, session):
    log = panels[0]
    session.view.select(run_keys(session.all_runs)[10:13])
    log.which.value = "Selected"
    assert sorted(log.shown.matching) == [10, 11, 12]
    panels[2].selection.clear.click()
    assert "No runs match" in log.table.body.value


@pytest.mark.parametrize("sorted_by", ["#", "loss"])
def test_arrow_keys_move_the_selected_row_in_the_order_of_the_table(panels, session, sorted_by):
    log = panels[0]
    if sorted_by != "#":
        log.table._sort(sorted_by)
    order = log.shown.matching.tolist()

    def selected() -> list[int]:
        chosen = session.view.selected
        return [row for row, key in enumerate(run_keys(session.all_runs)) if key in chosen]

    cursor = log.table.cursor
    cursor.set_state({"value": cursor.value - 1})  # down, from no row
    assert selected() == order[:1]
    shown: list[int] = []
    cursor.observe(lambda change: shown.append(change["new"]), "value")
    row = cursor.value - 16
    cursor.set_state({"value": row})  # sixteen quick presses, of which the page sends the last
    assert set(shown) == {row}  # never the row left, which the page would show: what is equal to its own is not sent
    assert (selected(), log.shown.page) == (order[16:17], 1)
    cursor.set_state({"value": cursor.value + 1})
    assert selected() == order[15:16]
    cursor.set_state({"value": -5})
    assert selected() == order[-1:]


def test_a_click_replaces_the_selection_and_ctrl_keeps_that_of_other_pages(panels, session):
    log = panels[0]
    session.view.select(run_keys(session.all_runs)[3:5])
    log.table.last.click()
    log.table.first.click()
    log.table.picker.value = (29, 28)
    assert log.shown.selected.nonzero()[0].tolist() == [3, 4, 28, 29]
    log.table.picker.value = (28,)
    assert log.shown.selected.nonzero()[0].tolist() == [28]


def test_axes_of_C_zoom_together(panels):
    frontier = panels[2]
    frontier.modes.mode.value = ZOOM
    CN, CD, ND = frontier.charts.charts
    N = ND.frame.scales["x"].min
    with CD.frame.scales["x"].hold_trait_notifications():
        CD.frame.scales["x"].min, CD.frame.scales["x"].max = 2e18, 3e20
    for chart in (CN, frontier.charts.loss):
        assert (chart.frame.scales["x"].min, chart.frame.scales["x"].max) == (2e18, 3e20)
    assert ND.frame.scales["x"].min == N
    frontier.modes.reset.click()
    assert not any(frame.zoomed for frame in frontier.charts.frames)


# Excluded runs and places of several runs


def test_excluded_runs_lie_beneath_those_that_count(panels):
    frontier = panels[2]
    for chart, _ in frontier.charts.all:
        marks = chart.figure.marks
        assert marks.index(chart.excluded) < marks.index(chart.dots.settled) < marks.index(chart.dots.latest)
        assert chart.excluded.colors == ["transparent"]


def test_places_of_several_runs_are_marked_and_their_tooltips_say_how_many(session, database):
    assert "Several runs" not in FrontierPanel(session).charts.key.value
    first = database.df.iloc[0]
    for loss in (2.9, 2.95):
        database.append(N=first.N, D=first.D, loss=loss, optimizer="adam", lr=1e-4)
    frontier = FrontierPanel(session)
    CN, loss = frontier.charts.charts[0].dots, frontier.charts.loss.dots
    np.testing.assert_array_equal(CN.stacked.y, [first.N])
    assert CN.settled.names[0].endswith("\n2 runs more at this place")
    assert len(loss.stacked.x) == 0  # their losses differ
    assert "Several runs" in frontier.charts.key.value


# The filter


def test_charts_and_fits_follow_the_filter_while_its_switch_is_on(panels, session):
    log, fit, frontier = panels
    log.query.value = "optimizer = adam"
    assert len(session.runs) == 30
    log.filter.use.value = True
    assert len(session.runs) == 10
    assert all(drawn(dots) == set(np.flatnonzero(ADAM)) for dots in dots_of(*panels))
    assert "10 in the fit · 10 match its filter" in log.state.value
    for note in (fit.filter_note, frontier.filter_note, ApproachesPanel(session).filter_note):
        assert "Filter optimizer = adam: 10 of 30 runs · this law was fitted without it" in note.text.value
    session.run_fit()
    assert "this law" not in fit.filter_note.text.value
    log.query.value = "optimizer = lion"
    assert len(session.runs) == 20
    assert "this law was fitted under the filter optimizer = adam" in fit.filter_note.text.value
    frontier.filter_note.end.click()
    assert len(session.runs) == 30
    assert not log.filter.use.value


def test_a_filter_that_cannot_be_used_leaves_the_one_before_and_says_so(panels, session):
    log = panels[0]
    log.filter.use.value = True
    assert not log.filter.use.value
    assert "is empty: type one" in log.filter.problem.value
    log.query.value = "optimizer = adam"
    log.filter.use.value = True
    log.query.value = "residual > 0"
    assert "each fit changes" in log.filter.problem.value
    assert "charts and fits still use &#x27;optimizer = adam&#x27;" in log.filter.problem.value
    assert len(session.runs) == 10
    log.query.value = "optimizer = lion"
    assert log.filter.problem.value == ""


def test_a_filter_of_a_cell_is_shown_by_the_run_log(panels, session, database):
    log = panels[0]
    session.filter_runs("lr < 5e-4")
    assert (log.query.value, log.filter.use.value) == ("lr < 5e-4", True)
    assert len(log.shown.matching) == len(session.runs) < 30
    database.df = database.df.drop(columns="lr")
    assert "nothing is fitted: there is no column" in log.filter.lost.value
    assert "not in use, as there is no column" in panels[1].filter_note.text.value
