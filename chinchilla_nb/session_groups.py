"""Where runs of a fit are in the log of a session, which may have changed since, and in which groups."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.errors import InputError, nearest_or_all
from chinchilla_nb.engine.run_groups import RunGroups, group_values
from chinchilla_nb.engine.run_keys import run_keys
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.records.run_values import run_values
from chinchilla_nb.session import Session

__all__ = ["groups_of", "hidden_among", "rows_of", "session_groups"]


def session_groups(session: Session) -> tuple[RunGroups | None, InputError | None]:
    """Return the groups of all runs of the log by the column that was chosen, or why that column gives none."""
    column = session.view.grouped_by
    if column is None:
        return None, None
    values = run_values(session.all_runs)
    try:
        if column not in values:
            remedy = nearest_or_all(column, list(values))
            raise InputError("the column of the groups", f"{brief(column)} is not there", remedy=remedy)
        return group_values(column, values[column]), None
    except InputError as error:
        return None, error


def groups_of(session: Session, runs: Runs) -> RunGroups | None:
    """Return the groups of runs of the session at any time; None without groups.

    Runs that are no longer in the log have an index beyond the last name.
    """
    groups, _ = session_groups(session)
    if groups is None:
        return None
    return RunGroups(groups.names, np.append(groups.of, len(groups.names))[rows_of(session, runs)])


def rows_of(session: Session, runs: Runs) -> NDArray[np.intp]:
    """Return the rows of the log that hold these runs, of the session at any time; -1 for a run in none of them."""
    row_of = {key: row for row, key in enumerate(run_keys(session.all_runs))}
    return np.array([row_of.get(key, -1) for key in run_keys(runs)], dtype=np.intp)


def hidden_among(session: Session, runs: Runs) -> NDArray[np.bool_]:
    """Return which of these runs, of the session at any time, belong to groups that charts hide, shape (n_runs,)."""
    every = session.all_runs
    groups, _ = session_groups(session)
    if groups is None or not session.view.hidden_groups:
        return np.zeros(len(runs), dtype=bool)
    gone = set(_numbers(every.take(groups.among(session.view.hidden_groups))))
    return np.array([numbers in gone for numbers in _numbers(runs)], dtype=bool)


def _numbers(runs: Runs) -> list[tuple[float, float, float]]:
    return list(zip(runs.N.tolist(), runs.D.tolist(), runs.loss.tolist(), strict=True))
