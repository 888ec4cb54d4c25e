"""Which columns of a file hold N, D, C and the loss, in which units, and which of its rows become runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets

from chinchilla_nb.figures import data_title
from chinchilla_nb.records.columns.checkpoints import KEEP
from chinchilla_nb.records.columns.given import NOT_READ
from chinchilla_nb.records.columns.reading import Reading
from chinchilla_nb.records.columns.sources import AnySource, Product, Source
from chinchilla_nb.records.columns.units import units_for
from chinchilla_nb.records.tables import Table
from chinchilla_nb.widgets.base.echo import Writing
from chinchilla_nb.widgets.base.guard import Guard, guarded
from chinchilla_nb.widgets.base.parts import Parts, set_shown

__all__ = ["NONE", "ColumnMapping"]

NONE = "—"
"""Shown for a quantity that no column holds, and for rows that are not chosen yet."""


class ColumnMapping(ipywidgets.Box):
    """Choose the column and the unit of each quantity; what is not chosen is recognised.

    Parameters
    ----------
    guard : Guard
        The panel's.
    parts : Parts
    on_change : callable
        Called when the user has chosen something.
    data_unit : str
        What D counts.

    Attributes
    ----------
    columns, units : dict of str to Dropdown
        For N, D, C and loss.
    number : Text
        N of a file that holds one model.
    checkpoints : Dropdown
        Which rows become runs, if the file has one for each checkpoint.
    failed : Checkbox
        Whether failed runs are imported.
    """

    def __init__(self, guard: Guard, parts: Parts, on_change: Callable[[], None], data_unit: str) -> None:
        self.guard, self._on_change = guard, on_change
        self._writing = Writing()
        self._chosen: dict[str, str | AnySource] = {}
        self._names: tuple[str, ...] = ()
        titles = {"N": "Parameters N", "D": data_title(data_unit), "C": "Compute C", "loss": "Loss"}
        self.columns = {
            name: parts.choice(f"Column of the file for {title}", [], "field", label=title)
            for name, title in titles.items()
        }
        self.units = {
            name: parts.choice(f"Unit of the numbers for {title}", units_for(name), "unit")
            for name, title in titles.items()
        }
        tooltip = "Number of parameters of all runs, if no column holds it: 125M"
        self.number = parts.text(tooltip, "field", label="N of all runs", placeholder="if no column holds it: 125M")
        self.number.continuous_update = False
        rows = [(what, keep) for keep, what in KEEP.items()]
        self.checkpoints = parts.choice("Which checkpoints become runs", [(NONE, ""), *rows], "field", label="Rows")
        self.failed = parts.make(ipywidgets.Checkbox, indent=False, description="Failed runs, too")
        pairs = [parts.box([self.columns[name], self.units[name]], "cnb-choice") for name in titles]
        children = (*pairs, self.number, self.checkpoints, self.failed)
        super().__init__(children, **parts.look(ipywidgets.Box, ("cnb-fields", "cnb-mapping")))
        for name in titles:
            self.columns[name].observe(self._choose_column, "value")
            self.units[name].observe(self._choose_unit, "value")
        self.number.observe(self._choose_number, "value")
        for choice in (self.checkpoints, self.failed):
            choice.observe(self._changed, "value")

    @property
    def chosen(self) -> dict[str, Any]:
        """What the user has chosen, as arguments of `read_columns`."""
        return {**self._chosen, "checkpoints": self.checkpoints.value or None}

    def offer(self, table: Table) -> None:
        """Offer the columns of another table."""
        self._chosen, self._names = {}, table.columns
        with self._writing:
            for choice in self.columns.values():
                choice.options = [NONE, *table.columns]
            self.number.value, self.checkpoints.value, self.failed.value = "", "", False

    def choose(self, quantity: str, source: AnySource) -> None:
        """Choose a source for the user, who has clicked it; `on_change` is called."""
        self._chosen[quantity] = source
        self._on_change()

    def show(self, reading: Reading, *, failed: bool) -> None:
        """Show how a table is read, and whether it has failed runs."""
        with self._writing:
            sources = reading.sources
            for name in self.columns:
                self._show_source(name, sources.get(name))
            asked = "checkpoints" in reading.questions or bool(reading.doubt)
            set_shown(self.checkpoints, asked or reading.checkpoints is not None or bool(self.checkpoints.value))
            if reading.checkpoints is not None and "checkpoints" not in reading.questions:
                self.checkpoints.value = reading.keep
            set_shown(self.failed, failed)
            set_shown(self.number, self.columns["N"].value == NONE)

    def _show_source(self, name: str, source: AnySource | None) -> None:
        """Show where a quantity comes from; if that is not certain, what the user has chosen."""
        column, unit = self.columns[name], self.units[name]
        shown = source if source is not None else self._chosen.get(name)
        text = shown.column if isinstance(shown, Source) else str(shown)
        if isinstance(shown, Product) and shown.columns and text not in column.options:
            column.options = [*column.options, text]
        column.value = text if text in column.options else NONE
        unit.value = shown.unit if isinstance(shown, Source) else "×1"
        set_shown(unit, column.value in self._names)

    @guarded
    def _choose_column(self, change: Any) -> None:
        if self._writing:
            return
        name = next(name for name, choice in self.columns.items() if choice is change["owner"])
        self._chosen[name] = NOT_READ if change["new"] == NONE else change["new"]
        self._on_change()

    @guarded
    def _choose_unit(self, change: Any) -> None:
        if self._writing:
            return
        name = next(name for name, choice in self.units.items() if choice is change["owner"])
        self._chosen[name] = Source(self.columns[name].value, change["new"])
        self._on_change()

    @guarded
    def _choose_number(self, _change: Any) -> None:
        if self._writing:
            return
        text = self.number.value.strip()
        if text:
            self._chosen["N"] = text
        else:
            self._chosen.pop("N", None)
        self._on_change()

    @guarded
    def _changed(self, _change: Any) -> None:
        if not self._writing:
            self._on_change()
