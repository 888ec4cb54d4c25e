"""The Chinchilla table: compute-optimal runs for sizes or budgets, as HTML, LaTeX, CSV and a data frame."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd

from chinchilla_nb.checks import as_file_path
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.planning.optimal_runs import OptimalRuns
from chinchilla_nb.figures import basis_in_words
from chinchilla_nb.html_table import html_table
from chinchilla_nb.publishing.amounts import amount_text, amount_titles
from chinchilla_nb.publishing.latex_text import latex_table, latex_text
from chinchilla_nb.publishing.typeset import as_latex
from chinchilla_nb.quantity import level_percent
from chinchilla_nb.records.spreadsheet_csv import spreadsheet_csv
from chinchilla_nb.whole_file import explain_write_errors, write_whole

__all__ = ["ChinchillaTable"]

_COLUMNS = ("N", "D", "C", "tokens_per_parameter", "loss", "days", "cost")
_CELL_STYLE = "text-align:right;white-space:pre-line;padding:2px 10px;vertical-align:top"


@dataclass(frozen=True, eq=False, slots=True)
class ChinchillaTable:
    """Compute-optimal runs, a row for each model size or budget.

    Attributes
    ----------
    runs : OptimalRuns
        The numbers and their intervals.
    data_unit : str
        What D counts.
    """

    runs: OptimalRuns
    data_unit: str = "tokens"

    def __len__(self) -> int:
        return len(self.runs.N)

    def __repr__(self) -> str:
        numbers = self.to_frame().to_string(index=False, float_format="{:.4g}".format)
        return f"ChinchillaTable({len(self)} rows)\n{numbers}"

    def _repr_html_(self) -> str:
        return self.to_html()

    @property
    def notes(self) -> tuple[str, ...]:
        """What the numbers are: intervals, the loss, the compute convention, hardware; sentences."""
        runs = self.runs
        found = [f"C = {runs.fit.runs.compute.text}."]
        if runs.uncertainty is not None:
            basis = basis_in_words(runs.uncertainty)
            found.insert(0, f"Below the numbers: {level_percent(runs.level)} intervals if the law holds, {basis}.")
        found.append("The loss is that of the law for N and D of the row.")
        if runs.hardware is not None:
            found.append(f"Days and cost: {runs.hardware.text} of the peak.")
        return tuple(found)

    @property
    def head(self) -> list[str]:
        """The names of the columns."""
        titles = amount_titles(self.data_unit)
        return [titles[name] for name in self._names]

    @property
    def rows(self) -> list[list[str]]:
        """The cells as text, with the interval of a number on a second line."""
        columns = self.runs.columns
        return [[_cell(name, columns, place) for name in self._names] for place in range(len(self))]

    def to_frame(self) -> pd.DataFrame:
        """Return the numbers; ``_low`` and ``_high`` are the ends of their intervals."""
        return pd.DataFrame(self.runs.columns)

    def to_html(self) -> str:
        """Return the table as HTML, for a page of any style."""
        notes = "".join(f"<div>{escape(note)}</div>" for note in self.notes)
        return f"{html_table(self.rows, self.head, cell_style=_CELL_STYLE)}<div><small>{notes}</small></div>"

    def to_latex(self) -> str:
        """Return the table as LaTeX, with its law in the caption; a document needs the package booktabs."""
        what = "model sizes" if self.runs.given == "N" else "budgets"
        caption = f"{latex_text(f'Compute-optimal runs for {what} by the law')} ${as_latex(self.runs.fit.law)}$."
        return latex_table(self.rows, self.head, caption=caption, label="tab:chinchilla", notes=self.notes)

    def to_csv(self) -> str:
        """Return the numbers as CSV, N and D as whole numbers."""
        return spreadsheet_csv(self.runs.columns).decode()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the table to a file, in the format that the end of its name says: ``.html``, ``.tex`` or ``.csv``.

        Raises
        ------
        ValueError
            If the name ends in something else.
        OSError
            If the file cannot be written.
        """
        file = as_file_path(path, "path")
        with explain_write_errors(file):
            write_whole(file, self._as(file).encode())

    def _as(self, file: Path) -> str:
        made = {".html": self._page, ".tex": self.to_latex, ".csv": self.to_csv}
        if file.suffix not in made:
            raise InputError("path", f"must end in {', '.join(made)}", got=repr(file.name))
        return made[file.suffix]()

    def _page(self) -> str:
        return f'<!doctype html><meta charset="utf-8"><title>Chinchilla table</title>{self.to_html()}\n'

    @property
    def _names(self) -> list[str]:
        return [name for name in _COLUMNS if name in self.runs.columns]


def _cell(name: str, columns: Mapping[str, np.ndarray], place: int) -> str:
    ends = None
    if f"{name}_low" in columns:
        ends = float(columns[f"{name}_low"][place]), float(columns[f"{name}_high"][place])
    return amount_text(name, float(columns[name][place]), ends)
