"""The fits of a session as rows, and one of them restored: from memory, and by solving its problem again."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from runs import LAW, make_runs, table_of

from chinchilla_nb import mae
from chinchilla_nb.config.allowed_functions import AllowedFunctions
from chinchilla_nb.config.settings import Settings, change_settings
from chinchilla_nb.core import Chinchilla
from chinchilla_nb.database import Database
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.run_keys import run_keys
from chinchilla_nb.fit_history import MOST_FITS, MOST_HELD
from chinchilla_nb.session import Session

FIND = AllowedFunctions().find
GRID = {"E": [1.5], "A": [300], "B": [300], "alpha": [0.3], "beta": [0.3]}


@pytest.fixture
def project(tmp_path):
    """A project whose runs follow a known law, except one of 30."""
    runs = table_of(make_runs(30, rng=3))
    runs.loc[4, "loss"] += 1
    Database(tmp_path).df = runs
    return Chinchilla(tmp_path, param_grid=GRID, log_level=40)


def test_each_fit_is_a_row(project):
    assert project.fit_history().empty
    project.fit()
    project.session.exclude([run_keys(project.session.all_runs)[4]])
    project.loss_fn = mae
    project.bounds = {"E": LAW.E}
    project.fit()
    first, second = (row for _, row in project.fit_history().iterrows())
    assert (first.loss, first.runs, first.excluded, second.loss, second.runs, second.excluded) == (
        "Absolute, asymmetric, w = 10",
        30,
        0,
        "Absolute",
        29,
        1,
    )
    assert "bounds" in second.options
    assert first.law == "chinchilla"
    assert second.made > first.made[:10]
    # Without the odd run, the others are those of the law.
    assert [second[name] for name in LAW.as_dict()] == pytest.approx(list(LAW.as_dict().values()), rel=1e-5)
    assert second.objective < 1e-6 < first.objective
    assert math.isnan(second.alpha_low)
    assert list(project.fit_history().index) == [1, 2]


def test_intervals_are_added_to_the_row_of_their_fit(project):
    project.session.watch_uncertainty()
    project.fit()
    row = project.fit_history().loc[1]
    assert row.intervals == "sandwich"
    assert row.alpha_low < row.alpha < row.alpha_high
    known = project.session.uncertainty.interval(0.95)["alpha"]
    assert (row.alpha_low, row.alpha_high) == (known.low, known.high)


def test_a_restored_fit_has_its_settings_and_exclusions(project):
    first = project.fit()
    odd = run_keys(project.session.all_runs)[4]
    project.session.exclude([odd])
    project.loss_fn = mae
    project.scaling_factor = 3.0
    second = project.fit()
    assert project.restore_fit(1) is first
    assert not project.session.stale
    assert project.session.excluded == frozenset()
    assert project.loss_fn is not mae
    assert project.scaling_factor == 3.0  # no fit depends on it
    project.session.undo_exclusion()
    assert project.session.excluded == {odd}
    assert project.restore_fit(2) is second
    assert len(project.fit_history()) == 2


def test_a_fit_that_is_not_in_memory_is_solved_again(project):
    fit = project.fit()
    project.session.fits = tuple(past.without_fit() for past in project.session.fits)
    project.append(N=1e9, D=2e10, loss=LAW.loss(1e9, 2e10))
    again = project.restore_fit(1)
    assert again is not fit
    assert again.law == fit.law
    assert len(again.runs) == 30
    assert project.session.new_runs == 1


def test_a_fit_under_a_filter_brings_it_back(project):
    project.session.filter_runs("loss < 2.6")
    count = len(project.session.runs)
    assert 3 <= count < 30
    fit = project.fit(start=LAW)
    assert project.fit_history().loc[1, "filter"] == "loss < 2.6"
    project.session.filter_runs("")
    project.session.fits = tuple(past.without_fit() for past in project.session.fits)
    again = project.restore_fit(1)
    assert (again.law, len(again.runs), project.session.view.query) == (fit.law, count, "loss < 2.6")
    assert again.problem.start == LAW
    assert not project.session.stale


def test_no_other_law_takes_the_place_of_a_kept_one(project):
    project.fit()
    past = project.session.fits[0].without_fit()
    object.__setattr__(past, "objective", past.objective * 0.9)
    project.session.fits = (past,)
    with pytest.raises(InputError, match="was found differently: it has an objective of .* now, and had"):
        project.restore_fit(1)


def test_runs_that_are_gone_or_changed_change_nothing(project):
    project.fit()
    project.loss_fn = mae
    before = project.database.df
    for table, reason in (
        (before.iloc[:20], "^10 of the 30 runs of this fit have changed or are no longer logged: fit the runs"),
        (before.iloc[:0], "^30 of the 30 runs of this fit have changed"),
        (before.iloc[1:], "^1 of the 30 runs of this fit has changed or is no longer logged"),
        (before.assign(loss=before["loss"] + 0.1), "^30 of the 30 runs of this fit have changed"),
        (before.assign(C=before["C"] * 2), "^the runs of this fit have changed since"),
    ):
        project.session.database = Database()
        project.session.database.df = table
        with pytest.raises(InputError, match=reason):
            project.restore_fit(1)
        assert project.loss_fn is mae


def changed_loss(table, *rows):
    return table.assign(loss=table["loss"].where(~table.index.isin(rows), table["loss"] + 0.5))


OTHERS_CHANGED = {
    "one that was excluded is gone": lambda table: table.drop(index=[4]),
    "one that was excluded has changed": lambda table: changed_loss(table, 4),
    "both, and one was logged": lambda table: pd.concat(
        [changed_loss(table.drop(index=[4]), 10), table.iloc[:1] * 1.5]
    ),
    "all were sorted": lambda table: table.sort_values("loss"),
}


@pytest.mark.parametrize("change", OTHERS_CHANGED.values(), ids=OTHERS_CHANGED)
def test_a_fit_is_restored_whatever_has_become_of_runs_that_it_did_not_use(project, change):
    table = project.database.df
    keys = run_keys(project.session.all_runs)
    project.session.exclude([keys[4], keys[10]])
    fit = project.fit()
    project.session.fits = tuple(past.without_fit() for past in project.session.fits)
    project.session.database = Database()
    project.session.database.df = change(table).reset_index(drop=True)
    again = project.restore_fit(1)
    assert again.runs.alike(fit.runs)
    assert again.law == fit.law
    assert project.session.stale == (not project.session.runs.alike(fit.runs))


def test_a_measured_convention_is_that_of_the_runs_that_were_used(project):
    """Others, which are logged or gone since, must not change C = kappa ND."""
    table = project.database.df
    project.session.database = Database()
    project.session.database.df = table.assign(C=np.linspace(6.5, 7.5, 30) * table["N"] * table["D"])
    project.compute = "measured"
    project.session.exclude([run_keys(project.session.all_runs)[4]])
    fit = project.fit()
    project.session.fits = tuple(past.without_fit() for past in project.session.fits)
    logged = project.session.database.df
    project.session.database = Database()
    project.session.database.df = pd.concat([logged.drop(index=[4]), logged.iloc[:1] * 1.5])
    assert project.restore_fit(1).runs.alike(fit.runs)


def test_a_run_that_changed_and_is_used_now_makes_a_restored_fit_stale(project):
    table = project.database.df
    project.session.exclude([run_keys(project.session.all_runs)[4]])
    project.fit()
    project.session.database = Database()
    project.session.database.df = changed_loss(table, 4)
    assert len(project.restore_fit(1).runs) == 29
    assert len(project.session.runs) == 30
    assert project.session.stale
    assert project.session.new_runs == 0


def test_the_number_of_runs_that_changed_counts_only_those_that_were_used(project):
    table = project.database.df
    project.session.exclude([run_keys(project.session.all_runs)[4]])
    project.fit()
    project.session.database = Database()
    project.session.database.df = changed_loss(table.drop(index=[4, 7]), 10)
    with pytest.raises(InputError, match="^2 of the 29 runs of this fit have changed or are no longer logged"):
        project.restore_fit(1)


def test_a_fit_of_very_many_runs_keeps_no_marks_and_is_restored_all_the_same(project, monkeypatch):
    monkeypatch.setattr("chinchilla_nb.past_fit.MOST_MARKED", 29)
    table = project.database.df
    project.fit()
    assert project.session.fits[0].marks == ""
    assert len(project.restore_fit(1).runs) == 30
    project.session.database = Database()
    project.session.database.df = table.iloc[1:]
    with pytest.raises(InputError, match="^the runs of this fit have changed since"):
        project.restore_fit(1)


def test_a_loss_that_no_file_can_name_is_restored_from_memory_only(project):
    project.loss_fn = lambda y, p: np.abs(y - p)
    fit = project.fit()
    project.loss_fn = mae
    assert project.restore_fit(1) is fit
    project.session.fits = tuple(past.without_fit() for past in project.session.fits)
    with pytest.raises(InputError, match="its settings were not kept"):
        project.restore_fit(1)


@pytest.mark.parametrize("number", [0, 2, -1, True, "1", 1.0, None])
def test_a_number_of_no_fit_is_refused(project, number):
    with pytest.raises(InputError, match="there is none yet"):
        project.restore_fit(number)
    project.fit()
    with pytest.raises(InputError, match="must be a number from 1 to 1"):
        project.restore_fit(number)


def test_the_history_is_bounded():
    database = Database()
    database.df = table_of(make_runs(5))
    session = Session(database, change_settings(Settings(), param_grid=GRID))
    for _ in range(MOST_FITS + 2):
        session.run_fit()
    assert len(session.fits) == MOST_FITS
    assert [past.fit is not None for past in session.fits] == [False] * (MOST_FITS - MOST_HELD) + [True] * MOST_HELD
    assert len({past.made for past in session.fits}) == MOST_FITS


def test_a_measured_convention_is_that_of_the_runs_then(project):
    """C = kappa ND is estimated from the runs, and later ones must not change it."""
    runs = project.database.df
    project.session.database = Database()
    project.session.database.df = runs.assign(C=7.0 * runs["N"] * runs["D"])
    project.compute = "measured"
    fit = project.fit()
    project.session.fits = tuple(past.without_fit() for past in project.session.fits)
    project.session.database.append(N=1e9, D=2e10, loss=2.5, C=20.0 * 1e9 * 2e10)
    assert project.restore_fit(1).law == fit.law
