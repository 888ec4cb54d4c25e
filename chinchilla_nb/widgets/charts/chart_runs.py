"""Which runs of a session charts show, and in which groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.run_groups import RunGroups
from chinchilla_nb.engine.run_keys import is_among
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.session import Session
from chinchilla_nb.session_groups import session_groups
from chinchilla_nb.widgets.base.labels import runs_in_words
from chinchilla_nb.widgets.charts.run_dots import DotRuns

__all__ = ["ChartRuns", "chart_runs", "hidden_in_words"]


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
    groups, problem = session_groups(session)
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


def hidden_in_words(session: Session, chosen: ChartRuns) -> str:
    """Return how many groups and runs charts hide; empty if they hide none."""
    names = () if chosen.groups is None else chosen.groups.names
    gone = session.view.hidden_groups & frozenset(names)
    if not gone:
        return ""
    groups = "1 group" if len(gone) == 1 else f"{len(gone)} groups"
    return f"{groups} hidden ({runs_in_words(chosen.hidden)}); fits use them all the same"
