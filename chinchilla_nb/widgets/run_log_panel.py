"""The run log: every run in a table, runs added by hand or from files, outliers set aside.

The table is our own, made of ipywidgets: the kernel sorts and filters, and fifteen rows travel to the page. Tried
beside it, in JupyterLab 4.6 and Voila 0.5, with 10,000 runs, one of them called ``<img src=x onerror=alert(1)>``:

- ipydatagrid 1.4 (released in 2024) shows 7,000,000,000 parameters as -1589934592. It draws on a canvas, where neither
  a screen reader nor a test finds a word, and brings py2vega and gast.
- itables 2.9 escapes names, shows the numbers and follows both themes. But an update sends the rows again and falls
  back to 2,048 of the 10,000 (0.6 s), and no widget of ours, such as a check box, fits into its rows.
- ipyaggrid 0.5 (released in 2024) takes 27 MB; not tried further.
- Ours repaints within 0.15 s of an append, a sort or a filter of 10,000 runs, has check boxes for the keyboard, escapes
  what it writes, and installs nothing.
"""

from __future__ import annotations

from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import ipywidgets
import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.keys import RunKey, is_among, run_keys
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.importing import Preview, Table, preview_import, read_table
from chinchilla_nb.planning import DEFAULT_FACTOR, next_scale_step, next_seed
from chinchilla_nb.run_query import match_runs
from chinchilla_nb.widgets.import_form import ImportForm
from chinchilla_nb.widgets.panel import Panel, guarded
from chinchilla_nb.widgets.run_form import RunForm
from chinchilla_nb.widgets.run_table import RunTable, run_columns
from chinchilla_nb.widgets.style import note

__all__ = ["RunLogPanel"]

_WHICH = ("All runs", "In the fit", "Left out")
_NAME_COLUMNS = ("name", "run", "run_name")


class RunLogPanel(Panel):
    """The runs of a session: sort, filter, add, import, leave out and take back.

    Parameters
    ----------
    source : Chinchilla or Session
        With a Chinchilla, seeds come from its own random generator.

    Attributes
    ----------
    table : RunTable
    query : Text
        A filter such as ``loss < 3 N >= 1B adam``.
    which : Dropdown
        All runs, those in the fit, or those left out.
    form : RunForm
    file : ImportForm
    add_toggle, import_toggle : ToggleButton
        Open the form and the import.
    leave_out, undo : Button
        Leave out every run that matches the filter; take back the last exclusion.
    state, trouble : HTML

    Notes
    -----
    Runs left out stay in the file, and come back with the next session. Where the session has a file, rows that other
    processes append to it appear within a second, until the panel is closed.
    """

    def __init__(self, source: Any) -> None:
        super().__init__(source)
        self._rng = getattr(source, "rng", None) or np.random.default_rng()
        self._keys: tuple[Runs | None, tuple[RunKey, ...]] = (None, ())
        self._undo: list[frozenset[RunKey]] = []
        self._undoing = False
        self._read: tuple[str, Table] | None = None
        self._preview: Preview | None = None
        self._message = ""
        self.table = RunTable(self._check, self._show_table, "#", descending=True)
        self.form, self.file = RunForm(), ImportForm()
        self._build()
        self._connect()
        for show in (self._show_table, self._show_form, self._show_sections):
            show()
        self._stop_watching = self.session.watch_file(partial(self.report, "watch_file"))

    def _build(self) -> None:
        title = ipywidgets.HTML('<span class="cnb-title">Runs</span>')
        self.state = ipywidgets.HTML()
        self.add_toggle = ipywidgets.ToggleButton(description="Add a run", value=not len(self.session.all_runs))
        self.import_toggle = ipywidgets.ToggleButton(description="Import", tooltip="Runs from a file")
        self.query = ipywidgets.Text(placeholder="Filter: loss < 3 N >= 1B adam", tooltip="Filter the runs")
        self.query.add_class("cnb-grow")
        self.which = ipywidgets.Dropdown(options=_WHICH, tooltip="Which runs are shown")
        self.leave_out = ipywidgets.Button(
            description="Leave these out", tooltip="Leave out every run that matches the filter"
        )
        self.undo = ipywidgets.Button(description="Undo", tooltip="Undo the last exclusion")
        self.trouble = ipywidgets.HTML()
        above = ipywidgets.Box([title, self.add_toggle, self.import_toggle, self.state])
        below = ipywidgets.Box([self.query, self.which, self.leave_out, self.undo])
        for bar in (above, below):
            bar.add_class("cnb-bar")
        self.add_class("cnb-run-log")
        self.compose(_sheet(), above, self.form, self.file, below, self.trouble, self.table)

    def _connect(self) -> None:
        self.watch(self._remember, "excluded")
        self.watch(self._show_table, "revision", "fit")
        self.watch(self._show_form, "fit", "settings")
        for control in (self.query, self.which):
            control.observe(self._show_first_page, "value")
        for toggle in (self.add_toggle, self.import_toggle):
            toggle.observe(self._show_sections, "value")
        for field in self.form.fields.values():
            field.observe(self._show_form, "value")
        for choice in (*self.file.columns.values(), *self.file.units.values()):
            choice.observe(self._show_preview, "value")
        self.file.upload.observe(self._read_upload, "value")
        self.file.path.observe(self._read_path, "value")
        for button, callback in (
            (self.leave_out, self._leave_out),
            (self.undo, self._take_back),
            (self.form.add, self._add),
            (self.form.seed, self._fill_seed),
            (self.form.step, self._fill_step),
            (self.file.read, self._read_path),
            (self.file.add, self._import),
            (self.file.cancel, self._forget),
        ):
            button.on_click(callback)

    def close(self) -> None:
        """Stop watching the session and its file, and take the panel off the page."""
        self._stop_watching()
        super().close()

    # What is shown

    @guarded
    def _show_table(self, _change: Any = None) -> None:
        session = self.session
        runs = session.all_runs
        law = None if session.fit is None else session.fit.law
        columns = run_columns(runs, None if law is None else runs.loss - law.loss(runs.N, runs.D))
        included = ~is_among(runs, session.excluded)
        kept = self._kept({name: column.values for name, column in columns.items()}, included)
        nothing = (
            "No run matches." if len(runs) else "No runs yet: add one above, import a file, or call cc.append(...)."
        )
        self.table.show(columns, kept, included, nothing)
        self._show_state(len(runs), int(np.count_nonzero(~included)))
        chosen = bool(self.query.value.strip())
        # A filter that is not understood shows all runs: to leave those out is not what was meant.
        self.leave_out.disabled = bool(self.trouble.value) or not (chosen and np.any(kept & included))
        self.undo.disabled = not self._undo

    def _kept(self, columns: dict[str, NDArray[Any]], included: NDArray[np.bool_]) -> NDArray[np.bool_]:
        kept = np.ones(len(included), dtype=bool)
        self.trouble.value = ""
        if len(included):
            try:
                kept = match_runs(self.query.value, columns)
            except ValueError as error:
                text = str(error)
                self.trouble.value = note("warn", f"{text[:1].upper()}{text[1:]}.")
        if self.which.value == _WHICH[1]:
            kept &= included
        elif self.which.value == _WHICH[2]:
            kept &= ~included
        return kept

    def _show_state(self, count: int, left_out: int) -> None:
        parts = [f"{count:,} run{'' if count == 1 else 's'}"]
        if left_out:
            parts.append(f"{left_out:,} left out of fits in this session")
        if self._message:
            parts.append(self._message)
        self.state.value = f'<span class="cnb-muted" role="status">{escape(" · ".join(parts))}</span>'

    @guarded
    def _show_first_page(self, _change: Any) -> None:
        self.table.page = 0
        self._show_table()

    @guarded
    def _show_sections(self, _change: Any = None) -> None:
        self.form.layout.display = None if self.add_toggle.value else "none"
        self.file.layout.display = None if self.import_toggle.value else "none"

    @guarded
    def _show_form(self, _change: Any = None) -> None:
        session = self.session
        self.form.seed.disabled = session.settings.seed_regime is None
        self.form.step.disabled = session.fit is None
        factor = session.settings.scaling_factor or DEFAULT_FACTOR
        self.form.step.tooltip = f"Fill in the compute-optimal run of {factor:g} times the largest compute so far"
        self.form.check(None if session.fit is None else session.fit.law)

    # Runs left out

    def _keys_of(self, runs: Runs) -> tuple[RunKey, ...]:
        if self._keys[0] is not runs:
            self._keys = (runs, run_keys(runs))
        return self._keys[1]

    @guarded
    def _check(self, row: int, checked: bool) -> None:
        key = self._keys_of(self.session.all_runs)[row]
        (self.session.include if checked else self.session.exclude)([key])

    @guarded
    def _leave_out(self, _button: Any) -> None:
        if self.leave_out.disabled:  # a click that was under way when the filter changed
            return
        keys = self._keys_of(self.session.all_runs)
        self.session.exclude(keys[row] for row in self.table.shown)

    @guarded
    def _remember(self, change: Any) -> None:
        """Keep what was left out before, whoever changed it, so that Undo brings it back."""
        if not self._undoing:
            self._undo.append(change["old"])
            self._message = ""
            self.undo.disabled = False

    @guarded
    def _take_back(self, _button: Any) -> None:
        if not self._undo:
            return
        self._undoing = True
        try:
            self.session.excluded = self._undo.pop()
        finally:
            self._undoing = False
        self._show_table()

    # Runs added by hand

    @guarded
    def _add(self, _button: Any) -> None:
        run: dict[str, Any] = {**self.form.run(), **(self.form.config or {})}
        name = self.form.fields["name"].value.strip()
        if name:
            known = self.session.all_runs.columns
            run[next((column for column in _NAME_COLUMNS if column in known), _NAME_COLUMNS[0])] = name
        self._message = ""
        self.session.database.extend([run])
        self.form.clear()

    @guarded
    def _fill_seed(self, _button: Any) -> None:
        seed = next_seed(self.session.settings, self._rng)
        self.form.fill(seed.N, seed.D, seed.config)
        self._show_form()

    @guarded
    def _fill_step(self, _button: Any) -> None:
        step = next_scale_step(self.session.settings, self.session.runs, self.session.fit)
        self.form.fill(step.N, step.D, step.config)
        self._show_form()

    # Runs from files

    @guarded
    def _read_upload(self, _change: Any) -> None:
        for file in self.file.upload.value:
            self._offer(file["name"], bytes(file["content"]))

    @guarded
    def _read_path(self, _event: Any) -> None:
        path = Path(self.file.path.value.strip()).expanduser()
        if not self.file.path.value.strip():
            return
        try:
            content = path.read_bytes()
        except OSError as error:
            self._forget()
            self.file.refuse(f"{str(path)!r} cannot be read: {error.strerror}")
        else:
            self._offer(path.name, content)

    def _offer(self, name: str, content: bytes) -> None:
        self._read = None
        try:
            table = read_table(name, content)
        except ValueError as error:
            self._forget()
            self.file.refuse(str(error))
            return
        self.file.offer(table)
        self._read = (name, table)
        self._show_preview()

    @guarded
    def _show_preview(self, _change: Any = None) -> None:
        if self._read is None:
            return
        name, table = self._read
        try:
            self._preview = preview_import(table, self.file.sources, self.session.all_runs)
        except ValueError as error:
            self._preview = None
            self.file.refuse(str(error))
        else:
            self.file.show(name, self._preview)

    @guarded
    def _import(self, _button: Any) -> None:
        if self._preview is None:
            return
        rows = self._preview.rows
        self.session.database.extend(rows)
        self._message = f"{len(rows):,} imported from {self._read[0] if self._read else 'a file'}"
        self._forget()
        self.import_toggle.value = False
        self._show_table()

    @guarded
    def _forget(self, _button: Any = None) -> None:
        self._read, self._preview = None, None
        self.file.forget()


def _sheet() -> ipywidgets.HTML:
    css = Path(__file__).with_name("run_log.css").read_text(encoding="utf-8")
    sheet = ipywidgets.HTML(f"<style>{css}</style>")
    sheet.add_class("cnb-sheet")
    return sheet
