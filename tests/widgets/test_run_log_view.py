"""Views of the run log and what they show: values without a widget."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.widgets.run_log.run_columns import run_columns
from chinchilla_nb.widgets.run_log.run_log_view import EXCLUDED, IN_THE_FIT, PAGE, RunLogView

# Forty runs: losses fall from 4.00 to 3.61, every other one has a name.
COUNT = 40
NAMES = np.array([f"{'Beta' if i % 4 else 'alpha'} {i}" if i % 2 == 0 else None for i in range(COUNT)], dtype=object)
RUNS = Runs(
    np.arange(1, COUNT + 1) * 1e6, np.full(COUNT, 1e9), 4 - np.arange(COUNT) / 100, columns={"run": NAMES.tolist()}
)
COLUMNS = run_columns(RUNS, None)
ALL_COUNT = np.ones(COUNT, dtype=bool)


def seen(view: RunLogView, included=ALL_COUNT) -> list[int]:
    return view.of(COLUMNS, included).matching.tolist()


def test_the_newest_runs_come_first():
    shown = RunLogView().of(COLUMNS, ALL_COUNT)
    assert shown.rows.tolist() == list(range(39, 24, -1))
    assert (shown.page, shown.last_page, list(shown.columns)) == (0, 2, ["#", "N", "D", "D/N", "C", "loss", "run"])


def test_a_column_is_sorted_up_then_down_from_the_first_page():
    view = RunLogView(page=2).sorted_on("loss")
    assert (view.page, view.descending, seen(view)[0]) == (0, False, 39)
    view = view.turned_to(1).sorted_on("loss")
    assert (view.page, view.descending, seen(view)[0]) == (0, True, 0)
    assert not view.sorted_on("N").descending


@pytest.mark.parametrize("values", [[1, 2, 3, 5], [1, 2, 2, 5], [5, 2, 3, 1], [2, 2, 2, 2]])
@pytest.mark.parametrize("kind", [int, float])
def test_equal_numbers_stay_in_the_order_of_the_log_either_way(values, kind):
    runs = Runs(np.ones(4), np.ones(4), np.ones(4), columns={"step": np.array(values, dtype=kind)})
    columns, view = run_columns(runs, None), RunLogView().sorted_on("step")
    places = range(4)
    assert view.of(columns, ALL_COUNT[:4]).matching.tolist() == sorted(places, key=lambda at: values[at])
    found = view.sorted_on("step").of(columns, ALL_COUNT[:4]).matching.tolist()
    assert found == sorted(places, key=lambda at: -values[at])


def test_names_sort_as_text_and_runs_without_a_name_come_last_either_way():
    up = RunLogView().sorted_on("run")
    assert [NAMES[row] for row in seen(up)[:2]] == ["alpha 0", "alpha 12"]
    assert [NAMES[row] for row in seen(up.sorted_on("run"))[:1]] == ["Beta 6"]
    for view in (up, up.sorted_on("run")):
        assert all(NAMES[row] is None for row in seen(view)[20:])


def test_a_filter_starts_at_the_first_page_and_respects_the_selection():
    included = np.arange(COUNT) % 3 > 0
    view = RunLogView(page=1).filtered("loss < 3.7", IN_THE_FIT)
    expected = [row for row in range(39, 30, -1) if row % 3]
    assert (view.page, seen(view, included)) == (0, expected)
    assert seen(view.filtered("loss < 3.7", EXCLUDED), included) == [39, 36, 33]
    assert seen(view.filtered("", EXCLUDED), included) == list(range(39, -1, -3))


def test_a_filter_that_is_not_valid_shows_all_runs_and_the_reason():
    shown = RunLogView().filtered("loss <", IN_THE_FIT).of(COLUMNS, ALL_COUNT)
    assert len(shown.matching) == COUNT
    assert "finish the condition" in str(shown.query_error)
    assert not shown.can_exclude, "all runs are not what was meant"


@pytest.mark.parametrize(("query", "possible"), [("loss < 3.7", True), ("loss < 1", False), ("  ", False)])
def test_matching_runs_can_be_excluded(query, possible):
    view = RunLogView().filtered(query, RunLogView().selection)
    assert view.of(COLUMNS, ALL_COUNT).can_exclude is possible
    assert not view.of(COLUMNS, ~ALL_COUNT).can_exclude


@pytest.mark.parametrize(("page", "shown"), [(-1, 0), (0, 0), (2, 2), (9, 2)])
def test_a_page_out_of_range_is_the_nearest_one(page, shown):
    found = RunLogView(page=page).of(COLUMNS, ALL_COUNT)
    assert found.page == shown
    assert len(found.rows) == (PAGE if shown < 2 else COUNT - 2 * PAGE)


def test_hidden_columns_can_be_used_in_filters_and_shown_again():
    view = RunLogView().with_column("loss", False).with_column("later", False)
    shown = view.filtered("loss < 3.7", view.selection).of(COLUMNS, ALL_COUNT)
    assert "loss" not in shown.columns
    assert len(shown.matching) == 9
    assert view.with_column("loss", True).hidden == {"later"}


def test_if_the_sort_column_is_hidden_the_first_shown_one_is_used():
    view = RunLogView().sorted_on("loss").with_column("loss", False).with_column("#", False)
    shown = view.of(COLUMNS, ALL_COUNT)
    assert (shown.view.sorted_by, shown.view.descending) == ("N", True)
    assert shown.matching[0] == 39
    assert view.with_column("loss", True).of(COLUMNS, ALL_COUNT).view.sorted_by == "loss"


def test_a_table_always_has_columns():
    view = RunLogView(hidden=frozenset(COLUMNS))
    assert list(view.of(COLUMNS, ALL_COUNT).columns) == list(COLUMNS)


def test_a_log_without_runs():
    shown = RunLogView(query="loss <").of(run_columns(Runs([], [], []), None), np.ones(0, dtype=bool))
    assert (len(shown.rows), shown.last_page, shown.query_error, shown.can_exclude) == (0, 0, None, False)


def test_it_needs_no_widget():
    code = """if True:
        import sys, types
        import chinchilla_nb
        # The package imports all panels, but the view alone must not need widgets.
        package = types.ModuleType("chinchilla_nb.widgets")
        package.__path__ = [chinchilla_nb.__path__[0] + "/widgets"]
        sys.modules.update({package.__name__: package, **dict.fromkeys(["ipywidgets", "bqplot", "traitlets"])})
        from chinchilla_nb.widgets.run_log.run_log_view import RunLogView
        RunLogView()
    """
    subprocess.run([sys.executable, "-c", code], check=True)
