"""The filter of the run log: which rows are shown, and whether charts and fits use only these."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.session import Session
from chinchilla_nb.widgets.base.echo import Writing
from chinchilla_nb.widgets.base.guard import Guard, guarded
from chinchilla_nb.widgets.base.parts import Parts
from chinchilla_nb.widgets.base.style import note
from chinchilla_nb.widgets.base.throttle import Throttle
from chinchilla_nb.widgets.run_log.run_log_view import SELECTIONS

__all__ = ["FilterBar"]

PERIOD = 0.4
"""Seconds between two filters of charts and fits while the user types: charts of many runs take as long to redraw."""


class FilterBar:
    """The fields of the filter, and the switch by which charts and fits follow it.

    Parameters
    ----------
    guard : Guard
    parts : Parts
    session : Session
    on_change : callable
        Called when other rows are to be shown.

    Attributes
    ----------
    query : Text
        A filter such as ``loss < 3 N >= 1B adam``.
    which : Dropdown
        Shows all runs, those in the fit, those excluded, or those selected.
    use : ToggleButton
        Whether charts and fits use only the runs that match.
    problem, lost : HTML
        Why charts and fits do not follow what was typed, and why the filter they followed cannot be used any more.
    """

    def __init__(self, guard: Guard, parts: Parts, session: Session, on_change: Callable[[], None]) -> None:
        self.guard, self._session, self._on_change = guard, session, on_change
        self._writing = Writing()
        self._typing = Throttle(self._follow, PERIOD)
        self.query = parts.text("Filter the runs", "grow", placeholder="Filter: loss < 3 N >= 1B adam")
        self.which = parts.choice("Which runs are shown", SELECTIONS, "m")
        self.use = parts.toggle("Use in charts and fits", "Let charts and fits use only the runs that match the filter")
        self.problem, self.lost = parts.html(), parts.html()
        self.query.observe(self._typed, "value")
        self.which.observe(self._chosen, "value")
        self.use.observe(self._switched, "value")
        self.show()

    @property
    def fields(self) -> tuple[ipywidgets.Widget, ...]:
        """What stands in the bar, from left to right."""
        return self.query, self.which, self.use

    def show(self) -> None:
        """Show the filter of the session, if there is one."""
        used = self._session.view.query
        with self._writing:
            if used and self.query.value.strip() != used:
                self.query.value = used
            self.use.value = bool(used)
        self.problem.value = ""
        self.show_lost()

    def show_lost(self) -> None:
        """Show why the filter of the session cannot be used, if runs have changed."""
        lost = self._session.filter_problem
        self.lost.value = "" if lost is None else note("warn", f"Charts show all runs, and nothing is fitted: {lost}.")

    @guarded
    def _typed(self, _change: Any) -> None:
        if self._writing:
            return
        self._on_change()
        if self.use.value:
            self._typing.submit()

    @guarded
    def _chosen(self, _change: Any) -> None:
        self._on_change()

    @guarded
    def _switched(self, _change: Any) -> None:
        if self._writing:
            return
        if self.use.value:
            self._apply()
        else:
            self._session.filter_runs("")

    @guarded
    def _follow(self) -> None:
        """Use what has been typed since; an unfinished filter leaves the one before."""
        if self.use.value:
            self._apply()

    def _apply(self) -> None:
        text = self.query.value
        try:
            if not text.strip():
                raise InputError("the filter", "is empty", remedy="type one, such as N > 1e8")
            self._session.filter_runs(text)
            self.problem.value = ""
        except InputError as error:
            used = self._session.view.query
            kept = f"charts and fits still use {used!r}" if used else "charts and fits use all runs"
            self.problem.value = note("warn", f"{error}; {kept}.")
            with self._writing:
                self.use.value = bool(used)
