"""Import runs from a file: choose it, check the meaning of its columns, and preview what will be added."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from html import escape
from typing import Any

import ipywidgets

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.figures import data_title
from chinchilla_nb.html_table import html_table
from chinchilla_nb.quantity import compact
from chinchilla_nb.records.importing import UNITS, Preview, Source, Table, guess_sources, preview_import, read_table
from chinchilla_nb.records.rows import CheckedRow
from chinchilla_nb.widgets.base.echo import Writing
from chinchilla_nb.widgets.base.guard import Guard, guarded
from chinchilla_nb.widgets.base.parts import Parts, set_shown
from chinchilla_nb.widgets.base.project_files import ProjectFiles
from chinchilla_nb.widgets.base.style import note

__all__ = ["ImportForm"]

NONE = "—"
_SHOWN = 5
"""Number of accepted and of rejected rows that a preview lists."""


class ImportForm(ipywidgets.VBox):
    """Choose a file and the columns of its quantities, and preview the import.

    Parameters
    ----------
    guard : Guard
        The panel's.
    parts : Parts
    files : ProjectFiles
        The files that may be read by path.
    known_runs : callable
        Returns the runs that are already in the log.
    data_unit : str
        What D counts.

    Attributes
    ----------
    upload : FileUpload
    path : Text
    columns, units : dict of str to Dropdown
        For N, D, C and loss.
    preview : HTML
    add, cancel : Button
    """

    def __init__(
        self,
        guard: Guard,
        parts: Parts,
        files: ProjectFiles,
        known_runs: Callable[[], Runs],
        data_unit: str = "tokens",
    ) -> None:
        self.guard, self._files, self._known_runs = guard, files, known_runs
        self._writing = Writing()
        self._read: tuple[str, Table] | None = None
        self._preview: Preview | None = None
        self.upload = parts.make(
            ipywidgets.FileUpload,
            accept=".csv,.tsv,.jsonl,.ndjson,.json,.parquet",
            multiple=False,
            description="Upload",
            tooltip="CSV, TSV, JSON Lines, JSON or Parquet; for a file above 10 MB, enter its path instead",
        )
        self.path = parts.make(
            ipywidgets.Text,
            "cnb-grow",
            placeholder="or enter a path: runs.csv, results.jsonl, sweep.parquet",
            continuous_update=False,
            tooltip="Path of a file on the machine that runs the kernel; a relative path starts at the project folder",
        )
        self.read = parts.button("Read", "Read the file at this path")
        titles = {"N": "Parameters N", "D": data_title(data_unit), "C": "Compute C", "loss": "Loss"}
        self.columns = {
            name: parts.choice(f"Column of the file for {title}", [], "field", label=title)
            for name, title in titles.items()
        }
        self.units = {
            name: parts.choice(f"Unit of the numbers for {title}", _units(name), "unit")
            for name, title in titles.items()
            if name != "loss"
        }
        pairs = [[choice, *([self.units[name]] if name in self.units else [])] for name, choice in self.columns.items()]
        self.mapping = parts.box([parts.box(pair, "cnb-choice") for pair in pairs], "cnb-fields", "cnb-mapping")
        self.preview = parts.html()
        self.add = parts.button("Add", "Append these runs to the log", "cnb-go")
        self.cancel = parts.button("Cancel", "Discard this file")
        self.buttons = parts.box([self.add, self.cancel], "cnb-bar")
        source = parts.box([self.upload, self.path, self.read], "cnb-bar")
        super().__init__(
            [source, self.mapping, self.preview, self.buttons], **parts.look(ipywidgets.VBox, ("cnb-section",))
        )
        self._connect()
        self.clear()

    def _connect(self) -> None:
        self.upload.observe(self._read_upload, "value")
        self.path.observe(self._read_path, "value")
        self.read.on_click(self._read_path)
        self.cancel.on_click(self._cancelled)
        for choice in (*self.columns.values(), *self.units.values()):
            choice.observe(self._map_columns, "value")

    @property
    def name(self) -> str:
        """Name of the file that was read, or empty."""
        return "" if self._read is None else self._read[0]

    @property
    def rows(self) -> tuple[CheckedRow, ...]:
        """The rows that can be added, in the form that `Database.extend` takes."""
        return () if self._preview is None else self._preview.rows

    @guarded
    def _read_upload(self, _change: Any) -> None:
        if self._writing:
            return
        for file in self.upload.value:
            self._load(file["name"], bytes(file["content"]))
        # The page reports a file only if it differs from the last: choosing it again after Cancel would do nothing.
        with self._writing:
            self.upload.value = ()

    @guarded
    def _read_path(self, _event: Any) -> None:
        if not self.path.value.strip():
            return
        try:
            path = self._files.path(self.path.value)
            content = path.read_bytes()
        except InputError as error:
            self.clear()
            self.show_error(error)
        except OSError as error:
            self.clear()
            self.show_error(InputError(repr(str(path)), f"cannot be read: {error.strerror}"))
        else:
            self._load(path.name, content)

    @guarded
    def _cancelled(self, _button: Any) -> None:
        self.clear()

    @guarded
    def _map_columns(self, _change: Any) -> None:
        if not self._writing:
            self._preview_file()

    def _load(self, name: str, content: bytes) -> None:
        try:
            table = read_table(name, content)
        except ValueError as error:
            self.clear()
            self.show_error(error)
            return
        self.offer(table)
        self._read = (name, table)
        self._preview_file()

    def _preview_file(self) -> None:
        if self._read is None:
            return
        name, table = self._read
        try:
            self._preview = preview_import(table, self.sources, self._known_runs())
        except ValueError as error:
            self._preview = None
            self.show_error(error)
        else:
            self.show(name, self._preview)

    @property
    def sources(self) -> dict[str, Source]:
        """The chosen column and unit of each quantity."""
        return {
            name: Source(column.value, self.units[name].value if name in self.units else "×1")
            for name, column in self.columns.items()
            if column.value not in (None, NONE)
        }

    def offer(self, table: Table) -> None:
        """Offer the columns of a table and select the likely ones."""
        guess = guess_sources(table.columns)
        with self._writing:
            for name, choice in self.columns.items():
                source = guess.get(name)
                choice.options = [NONE, *table.columns]
                choice.value = source.column if source else NONE
                if name in self.units:
                    known = source is not None and source.unit in self.units[name].options
                    self.units[name].value = source.unit if source and known else "×1"
        self._set_shown(True)

    def clear(self) -> None:
        """Discard the file and its preview."""
        self._read, self._preview = None, None
        self.preview.value = ""
        self._set_shown(False)

    def show(self, name: str, preview: Preview) -> None:
        """Show what an import would add."""
        count = len(preview.rows)
        self.add.description = f"Add {count:,} run{'' if count == 1 else 's'}"
        self.add.disabled = not count
        total = count + len(preview.rejected)
        head = f"<b>{escape(name)}</b>: {count:,} of {total:,} rows can be added."
        parts = [f'<div class="cnb-facts">{head}</div>', _accepted(preview)]
        if preview.left_out:
            names = ", ".join(preview.left_out)
            parts.append(note("warn", f"Not imported, because the log has its own columns of these names: {names}."))
        if preview.rejected:
            parts.append(_rejected(preview))
        self.preview.value = "".join(parts)

    def show_error(self, error: Exception) -> None:
        """Show why there is nothing to add."""
        self.add.disabled, self.add.description = True, "Add"
        self.preview.value = note("warn", f"{error}.")

    def _set_shown(self, shown: bool) -> None:
        for part in (self.mapping, self.buttons):
            set_shown(part, shown)


def _units(name: str) -> list[str]:
    return [unit for unit in UNITS if name == "C" or unit != "PF-days"]


def _accepted(preview: Preview) -> str:
    if not preview.rows:
        return ""
    names = list(dict.fromkeys(name for row in preview.rows for name in row))
    table = html_table([[_written(row, name) for name in names] for row in preview.rows[:_SHOWN]], names)
    more = len(preview.rows) - _SHOWN
    rest = f'<div class="cnb-muted">and {more:,} more</div>' if more > 0 else ""
    return f'<div class="cnb-preview">{table}</div>{rest}'


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
        kinds = Counter(one.kind for one in preview.rejected)
        worst = "; ".join(f"{escape(kind[:60])} ({number:,})" for kind, number in kinds.most_common(3))
        rest = f'<div class="cnb-muted">and {more:,} more. Most frequent: {worst}</div>'
    count = len(preview.rejected)
    title = f"{count:,} row{'' if count == 1 else 's'} cannot be added"
    return f'<div class="cnb-note cnb-warn" role="note"><span>{title}<ul>{lines}</ul>{rest}</span></div>'
