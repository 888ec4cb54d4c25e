"""Choose the runs after which the optimum at the budget is expected to be known best."""

from __future__ import annotations

from html import escape
from typing import Any

import ipywidgets

from chinchilla_nb.engine.design.next_runs import choose_runs
from chinchilla_nb.engine.design.study import FittedStudy
from chinchilla_nb.engine.design.targets import OptimalN
from chinchilla_nb.engine.sentences import stopped
from chinchilla_nb.next_step import next_candidates
from chinchilla_nb.planned_runs import SuggestedRuns
from chinchilla_nb.publishing.next_run_listing import suggestion_note, suggestion_table
from chinchilla_nb.session import Session
from chinchilla_nb.widgets.base.guard import Guard, guarded
from chinchilla_nb.widgets.base.style import note
from chinchilla_nb.widgets.frontier.budget import Budget

__all__ = ["NextRunsControl"]

SHOWN = 5
"""Runs that are chosen."""


class NextRunsControl(ipywidgets.VBox):
    """A criterion, a button, and the runs that were chosen for N* at the budget.

    Parameters
    ----------
    guard : Guard
    session : Session
    budget : Budget

    Attributes
    ----------
    criterion : Dropdown
        What the runs are chosen by.
    button : Button
    table : HTML
        The runs that the session suggests; empty once the budget or the fit has changed.
    """

    def __init__(self, guard: Guard, session: Session, budget: Budget) -> None:
        self.guard, self._session, self._budget = guard, session, budget
        self.criterion = ipywidgets.Dropdown(
            options=[("best per FLOP", "fall_per_FLOP"), ("best per run", "fall")],
            tooltip="Whether compute or the number of runs is scarce",
            layout=ipywidgets.Layout(width="130px"),
        )
        self.button = ipywidgets.Button(
            description="Choose runs", tooltip="The runs that tell most about the optimum at this budget"
        )
        self.table = ipywidgets.HTML()
        heading = ipywidgets.HTML('<span class="cnb-heading">Next runs</span>')
        bar = ipywidgets.Box([heading, self.criterion, self.button])
        bar.add_class("cnb-bar")
        super().__init__([bar, self.table])
        self.button.on_click(self._choose)
        self.criterion.observe(self._outdate, "value")
        budget.observe(self._follow, "C")
        self.show()

    def show(self) -> None:
        """Show the runs that the session suggests; hide the control without a fit."""
        session, suggested = self._session, self._session.suggested_runs
        self.layout.display = "none" if session.fit is None else None
        self.table.value = ""
        if suggested is not None:
            table = suggestion_table(suggested, session.data_unit, "cnb-runs")
            self.table.value = f'{table}<div class="cnb-caption">{escape(suggestion_note(suggested))}</div>'

    @guarded
    def _outdate(self, _change: Any) -> None:
        self._session.suggested_runs = None
        self.show()

    @guarded
    def _follow(self, _change: Any) -> None:
        self.show()

    @guarded
    def _choose(self, _button: ipywidgets.Button) -> None:
        session, fit = self._session, self._session.fit
        if fit is None:
            return
        try:
            study = FittedStudy(fit, OptimalN(self._budget.C, fit.runs.compute))
            chosen = choose_runs(study, next_candidates(session.settings, fit), SHOWN, self.criterion.value)
        except ValueError as error:
            session.suggested_runs = None
            self.table.value = note("warn", stopped(str(error)))
            return
        session.suggested_runs = SuggestedRuns(fit, study.target.text, chosen)
