"""The panel of groups: a column, a click, laws and multipliers, and sentences where there is nothing to compare."""

from __future__ import annotations

import html
import re

import numpy as np
import pandas as pd
import pytest
from runs import GRID
from two_groups import two_groups

from chinchilla_nb import Database, GroupsPanel, Session, Settings, mse
from chinchilla_nb.engine.groups.comparison import fit_groups
from chinchilla_nb.engine.groups.quantities import multiplier
from chinchilla_nb.engine.run_keys import run_keys
from chinchilla_nb.quantity import rounded


def session_of(**columns) -> Session:
    runs, database = two_groups(40), Database()
    table = {"N": runs.N, "D": runs.D, "loss": runs.loss, **(columns or {"kind": runs.columns["group"]})}
    database.df = pd.DataFrame(table)
    return Session(database, Settings(grid=GRID, loss_fn=mse))


def text_of(shown: str) -> str:
    return re.sub(r"<[^>]+>", " ", shown)


@pytest.fixture
def panel() -> GroupsPanel:
    panel = GroupsPanel(session_of())
    panel.compare_button.click()
    panel.wait()
    return panel


def test_a_click_shows_what_a_cell_computes(panel):
    groups = fit_groups(panel.session.problem, "kind")
    expected = multiplier(groups.fit("efficiency"), "second", "first")
    assert f"× {rounded(float(expected.value), 3)}" in panel.tiles.value
    assert "E (shared)" in panel.laws.value
    assert "A (shared)" not in panel.laws.value
    assert "do not reject that E, α and β are shared" in panel.notes.value
    assert "rejected (p = " in panel.sharing.value.replace("\N{NO-BREAK SPACE}", " ")
    assert panel.chart.names.text.tolist() == ["first", "second"]
    assert sum(len(mark.x) for mark, _ in panel.chart.dots.parts) == 40
    assert panel.errors.value == ""


def test_choices_change_what_is_shown(panel):
    panel.model.value = "separate"
    assert "(shared)" not in panel.laws.value
    assert "Efficiency of N" not in panel.tiles.value
    panel.baseline.value = "second"
    assert "Efficiency of compute, first over second" in panel.tiles.value
    panel.budget.value = "1e23"
    expected = multiplier(panel.view.groups.fit("separate"), "first", "second", 1e23)
    assert panel.view.C == 1e23
    assert float(panel.chart.gaps.x[1] / panel.chart.gaps.x[0]) == pytest.approx(float(expected.value))
    panel.budget.value = "much"
    assert "is not a number of FLOPs" in panel._fields.remark.value
    assert panel.view.C == 1e23
    panel.budget.value = ""
    assert panel.view.C < 1e22
    assert panel.errors.value == ""


def test_columns_that_divide_the_runs_are_offered():
    n = 40
    panel = GroupsPanel(
        session_of(kind=np.resize(["a", "b"], n), seed=np.resize([0, 1, 2], n), name=[f"run {at}" for at in range(n)])
    )
    assert [value for _, value in panel.by.options] == ["kind", "seed"]
    assert panel.view.by == "kind"
    assert "Press Compare" in panel.state.value


def test_without_a_column_the_panel_says_what_it_needs():
    panel = GroupsPanel(session_of(same=["x"] * 40))
    assert panel.compare_button.disabled
    assert "add runs with a column that has a few values" in text_of(panel.state.value)
    empty = GroupsPanel(Session(Database(), Settings()))
    assert empty.compare_button.disabled
    assert empty.errors.value == ""


def keys_of(session: Session, kind: str) -> list:
    runs = session.all_runs
    return run_keys(runs.take(runs.columns["kind"] == kind))


@pytest.mark.parametrize("leave_out", ["exclusions", "filter"])
def test_a_column_that_no_longer_divides_the_runs_stays_chosen_and_the_panel_says_why(leave_out):
    n = 40
    panel = GroupsPanel(session_of(kind=np.resize(["<b>llama", "mamba"], n), seed=np.resize([0, 1, 2], n)))
    session = panel.session
    assert panel.by.value == "kind"
    if leave_out == "filter":
        session.filter_runs("kind = mamba")
    else:
        session.exclude(keys_of(session, "<b>llama"))
    assert panel.view.by == panel.by.value == "kind"
    assert panel.compare_button.disabled
    said = html.unescape(text_of(panel.state.value))
    assert "'kind' has one value, 'mamba', among the runs that count: use runs of another value" in said
    assert "20 of 40 runs are excluded or left out by the filter." in said
    panel.by.value = "seed"
    assert not panel.compare_button.disabled
    assert "Press Compare to fit a law to each group of 'seed'" in html.unescape(panel.state.value)
    session.filter_runs("")
    session.excluded = frozenset()
    assert [value for _, value in panel.by.options] == ["kind", "seed"]
    assert not panel.compare_button.disabled
    assert panel.errors.value == ""


def test_new_runs_and_other_columns_make_it_stale(panel):
    assert panel.state.value == ""
    panel.session.database.append(N=1e9, D=1e10, loss=3.0, kind="first")
    assert "press Compare" in panel.state.value
    panel.compare_button.click()
    panel.wait()
    assert panel.state.value == ""
    assert panel.view.groups.grouped.counts.tolist() == [21, 20]


def test_what_cannot_be_fitted_is_a_sentence_in_the_panel():
    session = session_of()
    session.settings = Settings(grid=GRID, loss_fn=lambda y_true, y_pred: (y_true - y_pred) ** 2)
    panel = GroupsPanel(session)
    panel.compare_button.click()
    panel.wait()
    assert "must be a built-in loss to fit groups together" in text_of(panel.state.value)
    assert panel.errors.value == ""


def test_names_are_escaped():
    kinds = np.resize(["<img src=x>", "b & c"], 40)
    panel = GroupsPanel(session_of(kind=kinds))
    panel.compare_button.click()
    panel.wait()
    for part in (panel.tiles, panel.laws, panel.notes, panel.about, panel.sharing, panel.state):
        assert "<img" not in part.value
    assert "&lt;img" in panel.laws.value


def test_a_closed_panel_leaves_the_session(panel):
    session = panel.session
    panel.close()
    session.database.append(N=1e9, D=1e10, loss=3.0, kind="first")
    assert panel.comm is None
