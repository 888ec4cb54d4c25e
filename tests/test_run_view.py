"""How the runs of a session are looked at, and the filter that charts and fits follow."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from runs import AXES, LAW, make_runs, table_of

from chinchilla_nb.config.settings import make_settings
from chinchilla_nb.database import Database
from chinchilla_nb.engine.errors import InputError, InputTypeError
from chinchilla_nb.engine.run_keys import run_keys
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.run_view import RunView
from chinchilla_nb.session import Session

RUNS = make_runs(12)
OPTIMIZERS = ["adam", "lion", "Adam"] * 4


def session_of(table: pd.DataFrame, **settings) -> Session:
    database = Database(None)
    database.df = table
    return Session(database, make_settings({"param_grid": AXES, **settings}))


@pytest.fixture
def session() -> Session:
    return session_of(table_of(RUNS).assign(optimizer=OPTIMIZERS))


def test_a_run_is_added_to_the_selection_and_taken_out_again():
    view, keys = RunView(), run_keys(RUNS)
    view.select(keys[:2])
    view.toggle_selected(keys[5])
    view.toggle_selected(keys[0])
    assert view.selected == {keys[1], keys[5]}
    view.select([])
    assert not view.selected


def test_selected_runs_are_found_anew_when_runs_or_selection_change():
    view, keys = RunView(), run_keys(RUNS)
    view.select([keys[3]])
    assert np.flatnonzero(view.selected_among(RUNS)).tolist() == [3]
    assert np.flatnonzero(view.selected_among(RUNS.take(np.arange(3, 12)))).tolist() == [0]
    view.toggle_selected(keys[5])
    assert np.flatnonzero(view.selected_among(RUNS)).tolist() == [3, 5]


def test_another_column_shows_all_groups_again():
    view = RunView()
    view.group_by("optimizer")
    view.toggle_group("adam")
    view.toggle_group("lion")
    view.toggle_group("adam")
    assert view.hidden_groups == {"lion"}
    view.group_by("width")
    assert view.hidden_groups == frozenset()


@pytest.mark.parametrize(
    ("method", "value", "error", "text"),
    [
        ("select", ["adam"], InputTypeError, "must be keys of runs"),
        ("toggle_selected", 3, InputTypeError, "must be keys of runs"),
        ("group_by", 3, InputTypeError, "column must be"),
        ("toggle_group", 3, InputTypeError, "must be the name of a group"),
        ("hide_groups", "adam", InputError, "must be a list of names"),
        ("hide_groups", ["adam"], InputError, "call group_by first"),
    ],
)
def test_what_cannot_be_meant_is_refused(method, value, error, text):
    view = RunView()
    with pytest.raises(error, match=text):
        getattr(view, method)(value)


def test_a_filter_chooses_the_runs_of_a_fit(session):
    session.filter_runs("optimizer = ADAM")
    assert len(session.runs) == 8
    assert len(session.all_runs) == 12
    fit = session.run_fit()
    assert len(fit.runs) == 8
    assert session.filter_of_fit == "optimizer = ADAM"
    assert not session.stale
    session.filter_runs("")
    assert session.stale
    assert session.new_runs == 0  # four runs more are in use, and none of them is new
    assert session.filter_of_fit == "optimizer = ADAM"
    assert len(session.run_fit().runs) == 12
    assert session.filter_of_fit == ""


def test_a_filter_and_exclusions_both_hold(session):
    keys = run_keys(session.all_runs)
    session.exclude(keys[:2])  # adam, lion
    session.filter_runs("optimizer = ADAM")
    assert len(session.runs) == 7
    assert len(session.excluded_runs) == 1
    assert session.matching_runs.tolist() == [name != "lion" for name in OPTIMIZERS]
    session.undo_exclusion()
    assert len(session.runs) == 8


def test_a_twin_of_a_run_that_the_filter_leaves_out_stays_excluded():
    """The second of two equal runs is excluded; the filter leaves out the first of them."""
    table = pd.DataFrame({"N": [1e8] * 2 + [2e8], "D": [1e9] * 2 + [3e9], "loss": [3.0] * 2 + [2.8], "seed": [0, 1, 1]})
    session = session_of(table)
    session.exclude(run_keys(session.all_runs)[1:2])
    session.filter_runs("seed = 1")
    assert session.runs.N.tolist() == [2e8]


def test_a_change_of_the_filter_counts_as_a_revision(session):
    before = session.revision
    session.filter_runs("N > 1")
    session.filter_runs("N > 1")
    assert session.revision == before + 1


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("optimiser = adam", "did you mean 'optimizer'"),
        ("optimizer = adamw", "no run has optimizer = 'adamw'"),
        ("N >", "needs a value"),
        ("residual > 0.1", "must not use residual, which each fit changes: exclude those runs instead"),
        ("(N > 1 and not Forecast = inside)", "must not use Forecast, which each fit changes"),
    ],
)
def test_a_filter_that_means_nothing_is_refused_and_the_one_before_stays(session, query, text):
    session.filter_runs("optimizer = lion")
    with pytest.raises(InputError, match=text.replace("(", r"\(")):
        session.filter_runs(query)
    assert session.view.query == "optimizer = lion"


def test_a_filter_whose_column_is_gone_says_so_and_fits_nothing(session):
    session.filter_runs("optimizer = adam")
    session.database.df = table_of(RUNS)
    assert "there is no column 'optimizer'" in str(session.filter_problem)
    with pytest.raises(InputError, match="there is no column 'optimizer'"):
        session.run_fit()
    session.filter_runs("")
    assert session.filter_problem is None
    assert len(session.run_fit().runs) == 12


def test_a_filter_can_use_a_residual_of_the_users_own():
    session = session_of(table_of(RUNS).assign(residual=np.arange(12.0)))
    session.filter_runs('"residual (yours)" >= 6')
    assert len(session.runs) == 6


def test_a_filter_uses_the_compute_of_the_convention():
    session = session_of(table_of(RUNS), compute=12)
    middle = float(np.median(12 * RUNS.N * RUNS.D))
    session.filter_runs(f"C > {middle:.6g}")
    assert len(session.runs) == 6


def test_a_filter_of_an_empty_log_waits_for_runs():
    session = Session(Database(None), make_settings({"param_grid": AXES}))
    session.filter_runs("optimizer = adam")
    assert len(session.runs) == 0
    session.database.append(N=1e8, D=1e9, loss=3.0, optimizer="adam")
    session.database.append(N=2e8, D=1e9, loss=2.9, optimizer="lion")
    assert session.runs.N.tolist() == [1e8]


def test_sizes_estimated_from_the_runs_follow_the_filter():
    """The measured convention is that of the runs in use: here C = 6ND for one group and 8ND for the other."""
    N, D = RUNS.N, RUNS.D
    factor = np.array([6.0, 8.0] * 6)
    table = pd.DataFrame({"N": N, "D": D, "loss": LAW.loss(N, D), "C": factor * N * D, "kind": ["a", "b"] * 6})
    session = session_of(table, compute="measured")
    session.filter_runs("kind = b")
    assert session.runs.compute.C(1.0, 1.0) == pytest.approx(8.0)
    assert isinstance(session.runs, Runs)
