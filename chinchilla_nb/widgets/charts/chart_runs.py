"""Which runs of a session charts show, and in which groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.errors import InputError, nearest_or_all
from chinchilla_nb.engine.run_groups import RunGroups, group_values
from chinchilla_nb.engine.run_keys import is_among
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.records.run_values import run_values
from chinchilla_nb.session import Session
from chinchilla_nb.widgets.base.labels import runs_in_words
from chinchilla_nb.widgets.charts.run_dots import DotRuns

__all__ = ["ChartRuns", "chart_runs", "hidden_among", "hidden_in_words"]


@dataclass(frozen=True, eq=False, slots=True)
class ChartRuns:
    """The runs that charts show: those of hidden groups and those that the filter leaves out are not among them.

    Attributes
    ----------
    runs, excluded : Runs
    rows, excluded_rows : ndarray of int
        Their positions in the log.
    used : ndarray of bool
        Which runs of the log fits use, hidden ones too.
    groups : RunGroups or None
        Groups of all runs of the log.
    problem : InputError or None
        Why the column that was chosen gives no groups.
    """

    runs: Runs
    rows: NDArray[np.intp]
    excluded: Runs
    excluded_rows: NDArray[np.intp]
    used: NDArray[np.bool_]
    groups: RunGroups | None
    problem: InputError | None

    @property
    def hidden(self) -> int:
        """Number of runs that fits use and charts do not show."""
        return int(np.count_nonzero(self.used)) - len(self.rows)

    def dots(self, shown: NDArray[np.intp], shown_excluded: NDArray[np.intp]) -> DotRuns:
        """Return which runs the dots of a chart stand for, of which these are drawn."""
        rows = self.rows[shown]
        return DotRuns(rows, self.excluded_rows[shown_excluded], None if self.groups is None else self.groups.of[rows])


def chart_runs(session: Session) -> ChartRuns:
    """Return what the charts of a session show now."""
    runs = session.all_runs
    groups, problem = _groups(runs, session.view.grouped_by)
    out = is_among(runs, session.excluded)
    used, excluded = session.matching_runs & ~out, session.matching_runs & out
    seen = np.ones(len(runs), dtype=bool) if groups is None else ~groups.among(session.view.hidden_groups)
    whole = seen.all()
    return ChartRuns(
        runs=session.runs if whole else runs.take(used & seen),
        rows=np.flatnonzero(used & seen),
        excluded=session.excluded_runs if whole else runs.take(excluded & seen),
        excluded_rows=np.flatnonzero(excluded & seen),
        used=used,
        groups=groups,
        problem=problem,
    )


def hidden_among(session: Session, runs: Runs) -> NDArray[np.bool_]:
    """Return which of these runs, of the session at any time, belong to groups that charts hide, shape (n_runs,)."""
    every = session.all_runs
    groups, _ = _groups(every, session.view.grouped_by)
    if groups is None or not session.view.hidden_groups:
        return np.zeros(len(runs), dtype=bool)
    gone = set(_numbers(every.take(groups.among(session.view.hidden_groups))))
    return np.array([numbers in gone for numbers in _numbers(runs)], dtype=bool)


def hidden_in_words(session: Session, chosen: ChartRuns) -> str:
    """Return how many groups and runs charts hide; empty if they hide none."""
    names = () if chosen.groups is None else chosen.groups.names
    gone = session.view.hidden_groups & frozenset(names)
    if not gone:
        return ""
    groups = "1 group" if len(gone) == 1 else f"{len(gone)} groups"
    return f"{groups} hidden ({runs_in_words(chosen.hidden)}); fits use them all the same"


def _numbers(runs: Runs) -> list[tuple[float, float, float]]:
    return list(zip(runs.N.tolist(), runs.D.tolist(), runs.loss.tolist(), strict=True))


def _groups(runs: Runs, column: str | None) -> tuple[RunGroups | None, InputError | None]:
    """Return the groups of runs by a column, or why there are none."""
    if column is None:
        return None, None
    values = run_values(runs)
    try:
        if column not in values:
            remedy = nearest_or_all(column, list(values))
            raise InputError("the column of the groups", f"{brief(column)} is not there", remedy=remedy)
        return group_values(column, values[column]), None
    except InputError as error:
        return None, error
