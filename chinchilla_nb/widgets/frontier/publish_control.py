"""Save the report of a fit, and a Chinchilla table of sizes or budgets that are typed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from html import escape
from typing import Any

import ipywidgets

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.planning.hardware import Hardware
from chinchilla_nb.engine.planning.optimal_runs import OptimalRuns, optimal_runs
from chinchilla_nb.engine.uncertainty.likelihood import ProfileLikelihood
from chinchilla_nb.html_table import html_table
from chinchilla_nb.publishing.chinchilla_table import ChinchillaTable
from chinchilla_nb.quantity import split_list
from chinchilla_nb.records.typed_number import parse_budget, typed_quantity
from chinchilla_nb.session import Session
from chinchilla_nb.widgets.base.file_making import FileMaking
from chinchilla_nb.widgets.base.guard import Guard, guarded
from chinchilla_nb.widgets.base.page_actions import Download
from chinchilla_nb.widgets.base.style import note, sentence

__all__ = ["PublishControl"]

SIZES, BUDGETS = "model sizes N", "budgets C"
MOST_ROWS = 50
"""Rows of a table on a page, as of plans."""
_FILES = {"HTML": ("html", "text/html"), "LaTeX": ("tex", "text/x-tex"), "CSV": ("csv", "text/csv")}
"""Button, end of the file name, and kind of each form of the table."""


class PublishControl(ipywidgets.VBox):
    """A button for the report, and fields and buttons for the table.

    Parameters
    ----------
    guard : Guard
    session : Session
    hardware : callable
        Returns the hardware that is chosen, or None.

    Attributes
    ----------
    report : Button
        Makes the report and saves it.
    given : Dropdown
        Whether sizes or budgets are typed.
    values : Text
        Them, separated by commas.
    make : Button
        Makes the table.
    files : dict of str to Button
        Make a file of the table, by the name of its form.
    link : Download
    making : FileMaking
        Makes the report.
    table, notes, problem : HTML
    """

    def __init__(self, guard: Guard, session: Session, hardware: Callable[[], Hardware | None]) -> None:
        self.guard, self._session, self._hardware = guard, session, hardware
        self._made: ChinchillaTable | None = None
        self._given: dict[str, Any] = {}
        self.report = ipywidgets.Button(
            description="Report", tooltip="Make one HTML file with the law, its intervals, charts and runs"
        )
        self.given = ipywidgets.Dropdown(
            options=[SIZES, BUDGETS], tooltip="What the rows of the table are", layout={"width": "122px"}
        )
        self.values = ipywidgets.Text(
            placeholder="1B, 7B, 70B",
            tooltip="Sizes or budgets of the rows",
            layout={"flex": "1 1 90px", "width": "auto", "min_width": "80px", "max_width": "180px"},
        )
        self.make = ipywidgets.Button(description="Table", tooltip="Make a table of the compute-optimal runs of these")
        self.files = {
            name: ipywidgets.Button(description=name, tooltip=f"Create a {name} file of the table to download")
            for name in _FILES
        }
        self.link, self.table, self.notes, self.problem = Download(), *(ipywidgets.HTML() for _ in range(3))
        for button, width in (
            (self.report, "auto"),
            (self.make, "auto"),
            *((one, "72px") for one in self.files.values()),
        ):
            button.layout.width = width
        heading = ipywidgets.HTML('<span class="cnb-heading">Publish</span>')
        self._saving = ipywidgets.Box([*self.files.values()])
        bars = (
            ipywidgets.Box([heading, self.report, self.given, self.values, self.make, self.link]),
            self._saving,
        )
        for bar in bars:
            bar.add_class("cnb-bar")
        super().__init__([bars[0], self.problem, self.table, self.notes, self._saving])
        self.making = FileMaking(guard, self.link, self.report)
        self.report.on_click(self._save_report)
        self.make.on_click(self._make)
        for name, button in self.files.items():
            button.on_click(partial(self._save_table, name))
        self.given.observe(self._change_example, "value")
        self.clear()

    @guarded
    def clear(self, _change: Any = None) -> None:
        """Remove the table and the link, which were those of another fit; hide the control without a fit."""
        self.layout.display = "none" if self._session.fit is None else None
        self.making.cancel()
        self.link.clear()
        self._show(None)

    @guarded
    def update_intervals(self, _change: Any = None) -> None:
        """Give the table the intervals of the uncertainty that is now known; a file without them is outdated."""
        self.making.outdate()
        if self._made is not None:
            self._show(ChinchillaTable(self._runs(), self._session.data_unit))

    @guarded
    def outdate(self, _change: Any = None) -> None:
        """Remove the link to a file that lacks what the session has now."""
        self.making.outdate()

    @guarded
    def _change_example(self, change: dict[str, Any]) -> None:
        self.values.placeholder = "1B, 7B, 70B" if change["new"] == SIZES else "1e21, 1e22, 1e23"

    @guarded
    def _save_report(self, button: ipywidgets.Button) -> None:
        if self._session.fit is not None:
            self.making.start(button, "report.html", "text/html", partial(_report, self._session, self._made))

    @guarded
    def _make(self, _from: Any) -> None:
        self.link.clear()
        if self._session.fit is None:
            return
        try:
            self._given = {self._name: self._rows()} if self.values.value.strip() else {}
            self._show(ChinchillaTable(self._runs(), self._session.data_unit))
        except InputError as error:
            self._show(None, note("warn", sentence(str(error))))

    def _runs(self) -> OptimalRuns:
        """Return the runs of the table, for the sizes or budgets that were read last."""
        fit, known = self._session.fit, self._session.uncertainty
        assert fit is not None
        # Intervals of profiles take too long for a click, and those of another fit are on their way out.
        believed = None if isinstance(known, ProfileLikelihood) or (known and known.fit is not fit) else known
        budget, hardware = self._session.budget, self._hardware()
        return optimal_runs(fit, **self._given, budget=budget, hardware=hardware, uncertainty=believed)

    @property
    def _name(self) -> str:
        return "N" if self.given.value == SIZES else "C"

    def _rows(self) -> list[float]:
        parts = [part for part in split_list(self.values.value) if part.strip()]
        if len(parts) > MOST_ROWS:
            raise InputError("a table", f"must have at most {MOST_ROWS} rows", got=f"{len(parts):,}")
        try:
            return [typed_quantity(part, "parameters") if self._name == "N" else parse_budget(part) for part in parts]
        except InputError as error:
            raise InputError(error.where or self._name, error.rule, got=error.got, remedy=error.remedy) from None

    @guarded
    def _save_table(self, name: str, _button: ipywidgets.Button) -> None:
        if self._made is None:
            return
        end, kind = _FILES[name]
        content = {"html": self._made.to_html, "tex": self._made.to_latex, "csv": self._made.to_csv}[end]()
        self.link.offer(f"chinchilla_table.{end}", kind, content.encode())

    def _show(self, table: ChinchillaTable | None, problem: str = "") -> None:
        self._made, self.problem.value = table, problem
        self._saving.layout.display = "none" if table is None else None
        if table is None:
            self.table.value = self.notes.value = ""
            return
        cells = html_table(table.rows, table.head, table_class="cnb-runs")
        self.table.value = f'<div class="cnb-plans">{cells}</div>'
        self.notes.value = f'<div class="cnb-caption">{escape(" ".join(table.notes))}</div>'


def _report(session: Session, table: ChinchillaTable | None) -> bytes:
    """Return the page of the report of a session."""
    from chinchilla_nb.publishing.report_page import report_page  # imports matplotlib, which is slow

    return report_page(session, table=table).encode()
