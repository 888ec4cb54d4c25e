"""Choose the runs after which the optimum at the budget is expected to be known best."""

from __future__ import annotations

from html import escape
from typing import Any

import ipywidgets

from chinchilla_nb.engine.design.next_runs import ChosenRuns, choose_runs
from chinchilla_nb.engine.design.study import FittedStudy
from chinchilla_nb.engine.design.targets import OptimalN
from chinchilla_nb.engine.sentences import stopped
from chinchilla_nb.html_table import html_table
from chinchilla_nb.next_step import next_candidates
from chinchilla_nb.quantity import compact, percent, plain, scientific
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
        The chosen runs; empty once the budget or the fit has changed.
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
        budget.observe(self._outdate, "C")
        self.clear()

    def clear(self) -> None:
        """Remove the chosen runs, which were those of another budget or fit; hide the control without a fit."""
        self.table.value = ""
        self.layout.display = "none" if self._session.fit is None else None

    @guarded
    def _outdate(self, _change: Any) -> None:
        self.clear()

    @guarded
    def _choose(self, _button: ipywidgets.Button) -> None:
        session, fit = self._session, self._session.fit
        if fit is None:
            return
        try:
            study = FittedStudy(fit, OptimalN(self._budget.C, fit.runs.compute))
            chosen = choose_runs(study, next_candidates(session.settings, fit), SHOWN, self.criterion.value)
        except ValueError as error:
            self.table.value = note("warn", stopped(str(error)))
            return
        self.table.value = _table_of(chosen, study.target.text, session.data_unit)


def _table_of(chosen: ChosenRuns, target: str, data_unit: str) -> str:
    rows = [
        (scientific(C), compact(N), compact(D), plain(D / N), percent(after), percent(fall))
        for N, D, C, after, fall in zip(chosen.N, chosen.D, chosen.C, chosen.after, chosen.fall, strict=True)
    ]
    head = ("C (FLOPs)", "N", f"D ({data_unit})", "D/N", "Error after it", "Fall of the variance")
    now = percent(float(chosen.before[0]))
    text = (
        f"The error is the standard error of log {target}, now {now}, once a run and those above it are trained, if "
        "the law holds. The fall is a share of the present variance."
    )
    return f'{html_table(rows, head, table_class="cnb-runs")}<div class="cnb-caption">{escape(text)}</div>'
