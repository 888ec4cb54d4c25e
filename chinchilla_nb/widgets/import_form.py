"""Import runs from a file: choose it, check which column is what, see what will be added and what will not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from html import escape

import ipywidgets

from chinchilla_nb.figures import compact
from chinchilla_nb.importing import UNITS, Preview, Source, Table, guess_sources
from chinchilla_nb.widgets.style import note

__all__ = ["ImportForm"]

NONE = "—"
_TITLES = {"N": "Parameters N", "D": "Training tokens D", "C": "Compute C", "loss": "Loss"}
_SHOWN = 5
"""Rows of each kind that a preview lists."""


class ImportForm(ipywidgets.VBox):
    """A file, where each quantity comes from, and a preview.

    Attributes
    ----------
    upload : FileUpload
    path : Text
    columns, units : dict of str to Dropdown
        For N, D, C and loss.
    preview : HTML
    add, cancel : Button
    """

    def __init__(self) -> None:
        self.upload = ipywidgets.FileUpload(
            accept=".csv,.tsv,.jsonl,.ndjson,.json,.parquet",
            multiple=False,
            description="Upload",
            tooltip="CSV, TSV, JSON Lines, JSON or Parquet; give larger files than 10 MB by path",
        )
        self.path = ipywidgets.Text(
            placeholder="or a path: runs.csv, results.jsonl, sweep.parquet",
            continuous_update=False,
            tooltip="Path of a file on the machine the kernel runs on",
        )
        self.path.add_class("cnb-grow")
        self.read = ipywidgets.Button(description="Read", tooltip="Read the file at this path")
        self.columns = {name: ipywidgets.Dropdown(tooltip=f"Column of {title}") for name, title in _TITLES.items()}
        self.units = {
            name: ipywidgets.Dropdown(options=_units(name), tooltip=f"What the numbers of {title} are multiples of")
            for name, title in _TITLES.items()
            if name != "loss"
        }
        self.mapping = ipywidgets.Box([self._choice(name) for name in _TITLES])
        self.mapping.add_class("cnb-fields")
        self.mapping.add_class("cnb-mapping")
        self.preview = ipywidgets.HTML()
        self.add = ipywidgets.Button(description="Add", tooltip="Append these runs to the log")
        self.add.add_class("cnb-go")
        self.cancel = ipywidgets.Button(description="Cancel", tooltip="Forget this file")
        self.buttons = ipywidgets.Box([self.add, self.cancel])
        source = ipywidgets.Box([self.upload, self.path, self.read])
        for bar in (source, self.buttons):
            bar.add_class("cnb-bar")
        super().__init__([source, self.mapping, self.preview, self.buttons])
        self.add_class("cnb-section")
        self.forget()

    def _choice(self, name: str) -> ipywidgets.VBox:
        label = ipywidgets.HTML(f'<span class="cnb-name">{escape(_TITLES[name])}</span>')
        row = ipywidgets.Box([self.columns[name], *([self.units[name]] if name in self.units else [])])
        row.add_class("cnb-choice")
        return ipywidgets.VBox([label, row])

    @property
    def sources(self) -> dict[str, Source]:
        """Where the quantities come from, as chosen."""
        return {
            name: Source(column.value, self.units[name].value if name in self.units else "×1")
            for name, column in self.columns.items()
            if column.value not in (None, NONE)
        }

    def offer(self, table: Table) -> None:
        """Offer the columns of a table, with a guess."""
        guess = guess_sources(table.columns)
        for name, choice in self.columns.items():
            source = guess.get(name)
            choice.options = [NONE, *table.columns]
            choice.value = source.column if source else NONE
            if name in self.units:
                self.units[name].value = source.unit if source and source.unit in self.units[name].options else "×1"
        self._reveal(True)

    def forget(self) -> None:
        """Show no file."""
        self.preview.value = ""
        self._reveal(False)

    def show(self, name: str, preview: Preview) -> None:
        """Show what importing would do."""
        count = len(preview.rows)
        self.add.description = f"Add {count:,} run{'' if count == 1 else 's'}"
        self.add.disabled = not count
        total = count + len(preview.rejected)
        head = f"<b>{escape(name)}</b>: {count:,} of {total:,} rows can be added."
        parts = [f'<div class="cnb-facts">{head}</div>', _accepted(preview)]
        if preview.left_out:
            names = ", ".join(preview.left_out)
            parts.append(note("warn", f"Not kept, because every run has its own: {names}."))
        if preview.rejected:
            parts.append(_rejected(preview))
        self.preview.value = "".join(parts)

    def refuse(self, reason: str) -> None:
        """Say why there is nothing to add."""
        self.add.disabled, self.add.description = True, "Add"
        self.preview.value = note("warn", f"{reason[:1].upper()}{reason[1:]}.")

    def _reveal(self, there: bool) -> None:
        for part in (self.mapping, self.buttons):
            part.layout.display = None if there else "none"


def _units(name: str) -> list[str]:
    return [unit for unit in UNITS if name == "C" or unit != "PF-days"]


def _accepted(preview: Preview) -> str:
    if not preview.rows:
        return ""
    names = list(dict.fromkeys(name for row in preview.rows for name in row))
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    lines = "".join(
        "<tr>" + "".join(f"<td>{escape(_written(row, name))}</td>" for name in names) + "</tr>"
        for row in preview.rows[:_SHOWN]
    )
    more = len(preview.rows) - _SHOWN
    rest = f'<div class="cnb-muted">and {more:,} more</div>' if more > 0 else ""
    return f'<div class="cnb-preview"><table><tr>{head}</tr>{lines}</table></div>{rest}'


def _written(row: Mapping[str, object], name: str) -> str:
    value = row.get(name)
    if name in ("C", "N", "D") and isinstance(value, (int, float)):
        return compact(value)
    return "–" if value is None else f"{value:.5g}" if isinstance(value, float) else str(value)


def _rejected(preview: Preview) -> str:
    lines = "".join(f"<li>Line {one.place:,}: {escape(one.reason)}</li>" for one in preview.rejected[:_SHOWN])
    more = len(preview.rejected) - _SHOWN
    rest = ""
    if more > 0:
        kinds = Counter(one.reason.split(" is ")[0].split(":")[0] for one in preview.rejected)
        worst = "; ".join(f"{escape(kind[:60])} ({number:,})" for kind, number in kinds.most_common(3))
        rest = f'<div class="cnb-muted">and {more:,} more. Most often: {worst}</div>'
    count = len(preview.rejected)
    title = f"{count:,} row{'' if count == 1 else 's'} cannot be added"
    return f'<div class="cnb-note cnb-warn" role="note"><span>{title}<ul>{lines}</ul>{rest}</span></div>'
