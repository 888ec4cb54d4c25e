"""Import runs from a file: choose it, check the meaning of its columns, and preview what will be added."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets

from chinchilla_nb.checks import brief
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.engine.sentences import stopped
from chinchilla_nb.left_out_rows import LeftOut
from chinchilla_nb.records.columns.reading import Reading, read_columns
from chinchilla_nb.records.columns.run_states import FAILED
from chinchilla_nb.records.importers.sources import is_address, read_source
from chinchilla_nb.records.importing import Preview, preview_reading
from chinchilla_nb.records.rows import CheckedRow
from chinchilla_nb.records.tables import COMPRESSED, FORMATS, FORMATS_TEXT, Rejected, Table, read_table
from chinchilla_nb.widgets.base.echo import Writing
from chinchilla_nb.widgets.base.fields import mark_wrong
from chinchilla_nb.widgets.base.guard import Guard, guarded
from chinchilla_nb.widgets.base.left_out_list import LeftOutList
from chinchilla_nb.widgets.base.loss_choice import LossChoice
from chinchilla_nb.widgets.base.parts import Parts, set_shown
from chinchilla_nb.widgets.base.project_files import ProjectFiles
from chinchilla_nb.widgets.base.style import note
from chinchilla_nb.widgets.run_log.column_mapping import ColumnMapping
from chinchilla_nb.widgets.run_log.import_preview import preview_html, questions_html
from chinchilla_nb.widgets.run_log.ways_to_read import WaysToRead

__all__ = ["ImportForm"]


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
    loss : LossChoice
        The loss that fits of the runs will minimise, which a file does not say.
    data_unit : str
        What D counts.

    Attributes
    ----------
    upload : FileUpload
    path : Text
    mapping : ColumnMapping
        The column and unit of each quantity.
    ways : WaysToRead
        Buttons for the ways to read a table that leaves a question.
    preview : HTML
    left_out : LeftOutList
        The rows that would not be added.
    add, cancel : Button
    """

    def __init__(
        self,
        guard: Guard,
        parts: Parts,
        files: ProjectFiles,
        known_runs: Callable[[], Runs],
        loss: LossChoice,
        data_unit: str = "tokens",
    ) -> None:
        self.guard, self._files, self._known_runs, self.loss = guard, files, known_runs, loss
        self._writing = Writing()
        self._read: tuple[str, Table] | None = None
        self._preview: Preview | None = None
        self.upload = parts.make(
            ipywidgets.FileUpload,
            accept=",".join((*FORMATS, COMPRESSED)),
            multiple=False,
            description="Upload",
            tooltip=f"{FORMATS_TEXT}; for a file above 10 MB, enter its path instead",
        )
        self.path = parts.make(
            ipywidgets.Text,
            "cnb-grow",
            placeholder="or enter a path: runs.csv, results.jsonl, mlruns, wandb",
            continuous_update=False,
            tooltip="Path of a table, or of the logs of a tracker or training framework, on the machine that runs the "
            "kernel; a relative path starts at the project folder",
        )
        self.read = parts.button("Read", "Read the file at this path")
        self.mapping = ColumnMapping(guard, parts, self._show_reading, data_unit)
        self.ways = WaysToRead(guard, parts, self.mapping.choose)
        self.preview, self.left_out = parts.html(), LeftOutList(guard, parts, counted=False)
        self.add = parts.button("Add", "Append these runs to the log", "cnb-go")
        self.cancel = parts.button("Cancel", "Discard this file")
        self.buttons = parts.box([self.add, self.cancel], "cnb-bar")
        source = parts.box([self.upload, self.path, self.read], "cnb-bar")
        super().__init__(
            [source, self.mapping, self.preview, self.left_out, self.ways, self.loss, self.buttons],
            **parts.look(ipywidgets.VBox, ("cnb-section",)),
        )
        self._connect()
        self.clear()

    def _connect(self) -> None:
        self.upload.observe(self._read_upload, "value")
        self.path.observe(self._read_path, "value")
        self.read.on_click(self._read_path)
        self.cancel.on_click(self._cancelled)

    @property
    def name(self) -> str:
        """Name of the file that was read, or empty."""
        return "" if self._read is None else self._read[0]

    @property
    def rows(self) -> tuple[CheckedRow, ...]:
        """The rows that can be added, in the form that `Database.extend` takes."""
        return () if self._preview is None else self._preview.rows

    @property
    def rejected(self) -> tuple[Rejected, ...]:
        """The rows that cannot be added."""
        return () if self._preview is None else self._preview.rejected

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
        mark_wrong(self.path, False)
        if not self.path.value.strip():
            return
        try:
            if is_address(self.path.value.strip()):
                remedy = "open it with Workbench(address) or the command chinchilla-nb"
                raise InputError(brief(self.path.value), "is an address, and a panel reads files only", remedy=remedy)
            path = self._files.path(self.path.value, folders=True)
            table = read_source(path)
        except ValueError as error:
            self.clear()
            mark_wrong(self.path, True)
            self.show_error(error)
        except OSError as error:
            self.clear()
            mark_wrong(self.path, True)
            self.show_error(InputError(repr(str(path)), f"cannot be read: {error.strerror}"))
        else:
            self.offer(path.name, table)

    @guarded
    def _cancelled(self, _button: Any) -> None:
        self.clear()

    def _load(self, name: str, content: bytes) -> None:
        try:
            table = read_table(name, content)
        except ValueError as error:
            self.clear()
            self.show_error(error)
            return
        self.offer(name, table)

    def offer(self, name: str, table: Table) -> None:
        """Show how a table is read, and what importing it would add."""
        self._read = (name, table)
        self.mapping.offer(table)
        self._set_shown(True)
        self._show_reading()

    def _show_reading(self) -> None:
        if self._read is None:
            return
        name, table = self._read
        self.left_out.show(())
        try:
            reading = read_columns(table, **self.mapping.chosen)
            if reading.questions:
                self._preview = None
                self._ask(name, reading)
                return
            self._preview = preview_reading(reading, self._known_runs(), failed=self.mapping.failed.value)
        except ValueError as error:
            self._preview = None
            self.ways.offer(None)
            self.show_error(error)
        else:
            self.show(name, reading, self._preview)

    def _ask(self, name: str, reading: Reading) -> None:
        """Show what the table does not say."""
        self.mapping.show(reading, failed=False)
        self.ways.offer(reading)
        self.add.disabled, self.add.description = True, "Add"
        self.preview.value = questions_html(name, reading)

    def clear(self) -> None:
        """Discard the file and its preview."""
        self._read, self._preview = None, None
        mark_wrong(self.path, False)
        self.preview.value = ""
        self.left_out.show(())
        self.ways.offer(None)
        self._set_shown(False)

    def show(self, name: str, reading: Reading, preview: Preview) -> None:
        """Show what an import would add."""
        failed = self.mapping.failed.value or any(one.kind in FAILED for one in preview.rejected)
        self.mapping.show(reading, failed=failed)
        self.ways.offer(None)
        count = len(preview.rows)
        self.add.description = f"Add {count:,} run{'' if count == 1 else 's'}"
        self.add.disabled = not count
        self.preview.value = preview_html(name, reading, preview)
        self.left_out.show([LeftOut(name, preview.rejected)] if preview.rejected else [])

    def show_error(self, error: Exception) -> None:
        """Show why there is nothing to add."""
        self.add.disabled, self.add.description = True, "Add"
        self.preview.value = note("warn", stopped(str(error)))

    def _set_shown(self, shown: bool) -> None:
        for part in (self.mapping, self.loss, self.buttons):
            set_shown(part, shown)
