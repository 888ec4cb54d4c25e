"""The run log: show all runs in a table, add runs by hand or from files, and exclude outliers.

The table is our own and consists of ipywidgets: the kernel sorts and filters, and only fifteen rows are sent to the
page. Alternatives tried in JupyterLab 4.6 and Voila 0.5 with 10,000 runs, one of them named
``<img src=x onerror=alert(1)>``:

- ipydatagrid 1.4 (released in 2024) shows 7,000,000,000 parameters as -1589934592. It draws on a canvas, where neither
  a screen reader nor a test finds any text, and depends on py2vega and gast.
- itables 2.9 escapes names, shows the numbers correctly and follows both themes. But an update sends all rows again and
  falls back to 2,048 of the 10,000 (0.6 s), and its rows cannot contain our widgets, such as check boxes.
- ipyaggrid 0.5 (released in 2024) takes 27 MB and was not tried further.
- Our table redraws within 0.15 s of an append, a sort or a filter of 10,000 runs, has check boxes that work from the
  keyboard, escapes all text, and needs no further package.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.config.compute import ComputeOfRuns
from chinchilla_nb.database import Database
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.planning.extrapolation import outside_the_runs
from chinchilla_nb.engine.run_keys import is_among, keys_at
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.engine.sentences import stopped
from chinchilla_nb.engine.uncertainty.interval import IF_HOLDS
from chinchilla_nb.figures import LEVEL
from chinchilla_nb.html_table import html_table
from chinchilla_nb.next_step import DEFAULT_FACTOR, next_scale_step, next_seed
from chinchilla_nb.quantity import interval_text
from chinchilla_nb.widgets.base.echo import Writing
from chinchilla_nb.widgets.base.exclusion_reason import ExclusionReason
from chinchilla_nb.widgets.base.fields import mark_wrong
from chinchilla_nb.widgets.base.guard import guarded
from chinchilla_nb.widgets.base.labels import runs_in_words
from chinchilla_nb.widgets.base.left_out_list import LeftOutList
from chinchilla_nb.widgets.base.loss_choice import LossChoice
from chinchilla_nb.widgets.base.panel import Panel
from chinchilla_nb.widgets.base.parts import Parts, set_shown
from chinchilla_nb.widgets.base.project_files import Folders, ProjectFiles
from chinchilla_nb.widgets.base.style import note
from chinchilla_nb.widgets.run_log.column_choice import ColumnChoice
from chinchilla_nb.widgets.run_log.filter_bar import FilterBar
from chinchilla_nb.widgets.run_log.import_form import ImportForm
from chinchilla_nb.widgets.run_log.log_texts import counts_in_words, first_steps, tooltip
from chinchilla_nb.widgets.run_log.run_columns import Column, run_columns
from chinchilla_nb.widgets.run_log.run_copy import RunCopy
from chinchilla_nb.widgets.run_log.run_form import RunForm
from chinchilla_nb.widgets.run_log.run_log_view import RunLogView, ShownRuns
from chinchilla_nb.widgets.run_log.run_residuals import RunResiduals, run_residuals
from chinchilla_nb.widgets.run_log.run_table import RunTable

__all__ = ["RunLogPanel"]

_NAME_COLUMNS = ("name", "run", "run_name")


class RunLogPanel(Panel):
    """The runs of a session: sort, filter, add, import, exclude and include.

    Parameters
    ----------
    source : Chinchilla or Session
    allow_folders : iterable of str or path
        Folders whose files may be imported by path, besides the project's.

    Attributes
    ----------
    view : RunLogView
        The chosen filter, order, page and columns.
    shown : ShownRuns
        What that view shows of the log.
    table : RunTable
    filter : FilterBar
        Which rows are shown, and whether charts and fits use only these.
    query, which : Text, Dropdown
        Its text, such as ``loss < 3 N >= 1B adam``, and whether all runs are shown, those in the fit, or others.
    form : RunForm
    file : ImportForm
    left_out : LeftOutList
        The rows of tables that were opened or imported which are not among the runs.
    loss : LossChoice
        What fits minimise, asked for with an import.
    choice : ColumnChoice
    copy : RunCopy
    add_toggle, import_toggle, columns_toggle, copy_toggle : ToggleButton
        Show and hide the form, the import, the choice of columns, and the rows to copy.
    save : Button
        Saves the matching rows as CSV.
    why : ExclusionReason
    exclude_matching, undo : Button
        Exclude all runs that match the filter; undo the last exclusion, including one made in another panel.
    state, empty, query_error : HTML
        The number of runs; what to do if there are none or the file has lost some; why the filter is not valid.

    Notes
    -----
    Excluded runs stay in the file and are included again in the next session. If the session has a file, rows that
    other processes append to it appear within a second, until the panel is closed.
    """

    sheets = ("base/loss_choice.css", "run_log/run_log.css", "run_log/run_selection.css")
    snapshot_of = ("revision", "fit", "forecasts")

    shown: ShownRuns

    def __init__(self, source: Any, *, allow_folders: Folders = ()) -> None:
        super().__init__(source)
        self._message = ""
        self._residuals: RunResiduals | None = None
        self._selecting = Writing()
        parts = self._parts = Parts()
        unit = self.session.data_unit
        self.view = RunLogView()
        self.table = RunTable(self.guard, parts, self._check, self._show_view, self._select)
        self.form = RunForm(self.guard, parts, self._predicted, lambda: self.session.runs.compute, unit)
        files = ProjectFiles(self.session, allow_folders)
        self.loss = LossChoice(self.guard, self.session, "Fits minimise")
        self.file = ImportForm(self.guard, parts, files, lambda: self.session.all_runs, self.loss, unit)
        self.left_out = LeftOutList(self.guard, parts)
        self.choice, self.copy = ColumnChoice(self.guard, parts, self._choose_column), RunCopy(parts)
        self._build()
        self._connect()
        for show in (self._show_table, self._show_form, self._show_sections, self._show_left_out):
            show()
        self._stop_watching = self.session.watch_file(partial(self.errors.report, "watch_file"))

    def _build(self) -> None:
        make = self._parts
        self.state, self.empty, self.query_error = make.html(), make.html(), make.html()
        self.add_toggle = make.toggle("Add a run", "Record a run by hand", value=not len(self.session.all_runs))
        self.import_toggle = make.toggle("Import", "Add runs from a file")
        self.filter = FilterBar(self.guard, make, self.session, self._filter)
        self.query, self.which = self.filter.query, self.filter.which
        self.exclude_matching = make.button("Exclude these", "Exclude all runs that match the filter")
        self.why = make.make(ExclusionReason)
        self.undo = make.button("Undo", "Undo the last exclusion")
        self.columns_toggle = make.toggle("Columns", "Choose the columns")
        self.copy_toggle = make.toggle("Copy", "Copy the matching rows, and show them")
        self.save = make.button("CSV", "Save the matching rows as CSV")
        toggles = [self.add_toggle, self.import_toggle, self.columns_toggle, self.copy_toggle]
        above = make.box([make.title("Runs"), *toggles, self.save, self.state], "cnb-bar")
        below = make.box([*self.filter.fields, self.exclude_matching, self.why, self.undo], "cnb-bar")
        notes = (self.query_error, self.filter.problem, self.filter.lost)
        self._log = make.box([self.choice, self.copy, below, *notes, self.table], "cnb-log")
        self.add_class("cnb-run-log")
        self.compose(above, self.form, self.file, self.left_out, self.empty, self._log)

    def _connect(self) -> None:
        self.watch(self._forget_message, "excluded")
        self.watch(self._show_table, "revision", "fit", "forecasts")
        self.watch(self._show_form, "fit", "settings", "uncertainty")
        self.watch(self._show_loss, "settings")
        self.watch(self._show_left_out, "left_out")
        self.watch_view(self._show_filter, "query")
        self.watch_view(self._show_selected, "selected")
        for toggle in (self.add_toggle, self.import_toggle, self.columns_toggle, self.copy_toggle):
            toggle.observe(self._show_sections, "value")
        for button, callback in (
            (self.exclude_matching, self._exclude_matching),
            (self.undo, self._undo),
            (self.save, self._save),
            (self.form.add, self._add),
            (self.form.seed, self._fill_seed),
            (self.form.step, self._fill_step),
            (self.file.add, self._import),
        ):
            button.on_click(callback)

    def snapshot(self) -> dict[str, Any]:
        """Return the runs on the current page as a table."""
        columns, runs = self._columns(), self.session.all_runs
        rows = self.shown.rows
        written = ([column.write(column.values[row]) for column in columns.values()] for row in rows)
        caption = f"<p>{len(rows):,} of {runs_in_words(len(runs))}</p>" if len(rows) < len(runs) else ""
        return {"text/html": html_table(written, columns) + caption}

    def close(self) -> None:
        """Stop watching the session and its file, and remove the panel from the page."""
        self._stop_watching()
        super().close()

    # Showing runs

    @guarded
    def _show_table(self, _change: Any = None) -> None:
        runs, columns = self.session.all_runs, self._columns()
        included = ~is_among(runs, self.session.excluded)
        shown = self.shown = self.view.of(columns, included, self.session.view.selected_among(runs))
        if self.columns_toggle.value:
            self.choice.offer(columns, self.view.hidden)
        self.table.show(shown)
        if self.copy_toggle.value:
            self.copy.show(shown.columns, shown.matching, asked=False)
        self._show_state(included)
        mark_wrong(self.query, shown.query_error is not None)
        self.filter.show_lost()
        self.query_error.value = "" if shown.query_error is None else note("warn", stopped(str(shown.query_error)))
        self.exclude_matching.disabled = not shown.can_exclude
        self.undo.disabled = not self.session.can_undo_exclusion

    def _show_view(self, view: RunLogView) -> None:
        """Show the log in another view."""
        self.view = view
        self._show_table()

    def _choose_column(self, name: str, shown: bool) -> None:
        self._show_view(self.view.with_column(name, shown))

    def _filter(self) -> None:
        self._show_view(self.view.filtered(self.query.value, self.which.value))

    @guarded
    def _show_filter(self, _change: Any) -> None:
        """Show the filter that charts and fits follow, whatever has set it."""
        self.filter.show()
        self._filter()

    # Selecting runs

    def _select(self, rows: list[int]) -> None:
        with self._selecting:
            self.session.view.select(keys_at(self.session.all_runs, rows))

    @guarded
    def _show_selected(self, _change: Any) -> None:
        """Mark the selected runs, and turn to the first of them if they were selected elsewhere."""
        self._show_table()
        page = self.shown.page_of_selected
        if not self._selecting and page is not None:
            self._show_view(self.view.turned_to(page))

    def _predicted(self, N: float, D: float) -> str:
        """Return the loss that the law predicts, with its interval once that is known; empty without a law."""
        fit, uncertainty = self.session.fit, self.session.uncertainty
        if fit is None:
            return ""
        text = f"{float(fit.law.loss(N, D)):.4f}"
        if uncertainty is None or uncertainty.fit is not fit:
            return text
        known = uncertainty.predict_loss(N, D, LEVEL)
        return f"{text} ({interval_text(float(known.low), float(known.high))} {IF_HOLDS})"

    def _columns(self) -> dict[str, Column]:
        runs, fit = self.session.all_runs, self.session.fit
        self._residuals = None if fit is None else run_residuals(runs, fit.law, self._residuals)
        return run_columns(
            runs, self._residuals, self.session.data_unit, self.session.scores_by_run, self._reasons(runs)
        )

    def _reasons(self, runs: Runs) -> list[str]:
        """Return why each run is excluded, empty for one that is not; no texts if no reason is known."""
        known = self.session.exclusion_reasons
        if not known:
            return []
        reasons, rows = [""] * len(runs), np.flatnonzero(is_among(runs, frozenset(known)))
        for row, key in zip(rows.tolist(), keys_at(runs, rows), strict=True):
            reasons[row] = known[key]
        return reasons

    def _show_state(self, included: NDArray[np.bool_]) -> None:
        parts = [*counts_in_words(self.session, included), *([self._message] if self._message else [])]
        self.state.value = f'<span class="cnb-muted" role="status">{escape(" · ".join(parts))}</span>'
        for part in (self._log, self.columns_toggle, self.copy_toggle, self.save):
            set_shown(part, bool(len(included)))
        database = self.session.database
        if lost := getattr(database, "lost", ""):
            self.empty.value = note("warn", f"{lost}.")
        else:
            self.empty.value = "" if len(included) else first_steps(getattr(database, "project_dir", None))

    @guarded
    def _save(self, _button: Any) -> None:
        self.copy.save(self.shown.columns, self.shown.matching)

    @guarded
    def _show_sections(self, change: Any = None) -> None:
        if change is not None and change["owner"] is self.import_toggle and not len(self.session.all_runs):
            self.add_toggle.value = False  # an empty log opens it, and the file takes its place
        for toggle, section in (
            (self.add_toggle, self.form),
            (self.import_toggle, self.file),
            (self.columns_toggle, self.choice),
            (self.copy_toggle, self.copy),
        ):
            set_shown(section, toggle.value)
        if self.copy_toggle.value or self.columns_toggle.value:
            self._show_table()
        if change is not None and change["owner"] is self.copy_toggle and self.copy_toggle.value:
            self.copy.show(self.shown.columns, self.shown.matching, asked=True)

    @guarded
    def _show_form(self, _change: Any = None) -> None:
        session = self.session
        self.form.seed.disabled = session.settings.seed_regime is None
        self.form.step.disabled = session.fit is None
        factor = session.settings.scaling_factor or DEFAULT_FACTOR
        self.form.seed.tooltip = tooltip(
            self.form.seed, "Fill in a run drawn from the seed ranges", "Set seed ranges in the configuration first"
        )
        self.form.step.tooltip = tooltip(
            self.form.step,
            f"Fill in the compute-optimal run with {factor:g} times the largest compute so far",
            "Fit the scaling law first",
        )
        self.form.check()

    @guarded
    def _show_loss(self, _change: Any = None) -> None:
        self.loss.show()

    @guarded
    def _show_left_out(self, _change: Any = None) -> None:
        self.left_out.show(self.session.left_out)

    # Excluding runs

    @guarded
    def _check(self, row: int, checked: bool) -> None:
        keys = keys_at(self.session.all_runs, [row])
        if checked:
            self.session.include(keys)
        else:
            self.session.exclude(keys, reason=self.why.reason)

    @guarded
    def _exclude_matching(self, _button: Any) -> None:
        if not self.shown.can_exclude:  # a click that was already on its way when the filter changed
            return
        reason = self.why.reason or f"matches the filter {self.query.value.strip()}"
        self.session.exclude(keys_at(self.session.all_runs, self.shown.matching), reason=reason)

    @guarded
    def _forget_message(self, _change: Any) -> None:
        self._message = ""

    @guarded
    def _undo(self, _button: Any) -> None:
        self.session.undo_exclusion()
        self._show_table()

    # Adding runs

    def _extend(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add runs, unless the file was deleted: then they stay in the form, so that they do not start a new file."""
        database = self.session.database
        if isinstance(database, Database):
            database.refresh()
            if database.gone:
                raise InputError("", f"nothing was added: {database.lost}")
        database.extend(rows)

    @guarded
    def _add(self, _button: Any) -> None:
        run: dict[str, Any] = {**self.form.run(), **(self.form.config or {})}
        setting = self.session.settings.compute
        if isinstance(setting, ComputeOfRuns) and not setting.column:
            # The convention is estimated from C, and a 6ND among the C that were measured would change it.
            run["C"] = float(self.session.runs.compute.C(run["N"], run["D"]))
        name = self.form.fields["name"].value.strip()
        if name:
            run[_name_column(self.session.all_runs)] = name
        self._message = ""
        self._extend([run])
        self.form.clear()

    @guarded
    def _fill_seed(self, _button: Any) -> None:
        seed = next_seed(self.session.settings, self.session.seed_compute)
        self.form.fill(seed.N, seed.D, seed.config)

    @guarded
    def _fill_step(self, _button: Any) -> None:
        fit = self.session.fit
        step = next_scale_step(self.session.settings, self.session.runs, fit)
        found = None
        if fit is not None:
            found = outside_the_runs(fit.law, fit.runs, float(fit.runs.compute.C(step.N, step.D)))
        caution = "" if found is None else found.text(self.session.data_unit)
        self.form.fill(step.N, step.D, step.config, caution)

    # Importing runs

    @guarded
    def _import(self, _button: Any) -> None:
        rows = self.file.rows
        if not rows:
            return
        self._extend(rows)
        rejected = self.file.rejected
        left_out = f", {len(rejected):,} left out" if rejected else ""
        self._message = f"{len(rows):,} imported from {self.file.name}{left_out}"
        self.session.leave_out(self.file.name, rejected)
        self.file.clear()
        self.import_toggle.value = False
        self._show_table()


def _name_column(runs: Runs) -> str:
    """Return the column that holds the names of the runs, however it is written: ``Run name`` is ``run_name``."""
    texts = [column for column, values in runs.columns.items() if values.dtype.kind in "OUT"]
    written = {"_".join(column.casefold().replace("_", " ").split()): column for column in reversed(texts)}
    return next((written[name] for name in _NAME_COLUMNS if name in written), _NAME_COLUMNS[0])
