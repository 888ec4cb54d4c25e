"""All panels for planning training runs, on one session."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable
from contextlib import suppress
from importlib import import_module
from typing import Any

import ipywidgets

from chinchilla_nb.checks import as_names
from chinchilla_nb.config.allowed_functions import AllowedFunctions
from chinchilla_nb.config.callables import Finder
from chinchilla_nb.config.settings import Settings
from chinchilla_nb.database import Database
from chinchilla_nb.opening import RowsLeftOutWarning, TableChoices, session_of_source
from chinchilla_nb.records.columns.questions import UnclearColumns
from chinchilla_nb.session import Session
from chinchilla_nb.widgets.base.cells import is_shown_elsewhere, register_creation
from chinchilla_nb.widgets.base.error_notes import ErrorNotes
from chinchilla_nb.widgets.base.guard import Guard, guarded
from chinchilla_nb.widgets.base.left_out_list import LeftOutList
from chinchilla_nb.widgets.base.loaded_page import IN_VOILA
from chinchilla_nb.widgets.base.panel import Panel
from chinchilla_nb.widgets.base.parts import Parts, close_parts
from chinchilla_nb.widgets.base.project_files import Folders, allowed_folders
from chinchilla_nb.widgets.base.remarks import remarks_html
from chinchilla_nb.widgets.base.snapshot import Snapshot
from chinchilla_nb.widgets.base.style import note, style_sheet
from chinchilla_nb.widgets.fit.fit_panel import FitPanel
from chinchilla_nb.widgets.frontier.frontier_panel import FrontierPanel

__all__ = ["Workbench"]

_MODULES = {
    "Configuration": ("config.config_panel", "ConfigPanel"),
    "Runs": ("run_log.run_log_panel", "RunLogPanel"),
    "Scaling law": ("fit.fit_panel", "FitPanel"),
    "Fit history": ("history.history_panel", "HistoryPanel"),
    "Frontier": ("frontier.frontier_panel", "FrontierPanel"),
    "Approaches": ("approaches.approaches_panel", "ApproachesPanel"),
    "Groups": ("groups.groups_panel", "GroupsPanel"),
    "Simulation": ("simulation.simulation_panel", "SimulationPanel"),
}
_CHARTS = ("Frontier", "Approaches", "Groups", "Simulation")


class Workbench(Snapshot, ipywidgets.VBox):
    """Panels for configuration, runs, fit and its history, frontier, approaches, groups and simulation, on one session.

    Wide windows show the charts beside several panels of controls and results, and below a single one; narrow ones show
    all panels below each other. A panel is created when it is first opened, so that panels that are never opened cost
    nothing.

    Parameters
    ----------
    source : Chinchilla, Session, Study, DataFrame, str or path
        What to work on: an open project, a study or its name, a table or its file, a folder of runs or a configuration
        file. What was taken of a table is shown. If its columns can be read in several ways, the run log asks.
    allow_functions : iterable of str
        Functions that a configuration file and the fields may name, ``package.module:function``, besides those that the
        notebook defines; they are imported.
    allow_folders : iterable of str or path
        Folders where files may be imported, loaded and saved by path, besides the project's.
    session_file : str or path, optional
        File that keeps the session if its runs have no project folder, such as those of a table or a study: settings,
        exclusions, budget and fits, which are restored when it is opened again. Where `source` is the path of a
        project, that is ``chinchilla_nb.session.json`` in its folder; for an open one, see `Chinchilla.keep_session`.
    N, D, C, loss, checkpoints, failed
        What a table holds, and which of its rows are taken, as for `open_session`.

    Attributes
    ----------
    session : Session
    remarks, kept : HTML
        What was taken of a table; what is not kept or not restored of the session.
    left_out : LeftOutList
        The rows of tables which are not among the runs, unless the run log is open, which lists them.
    fit, frontier : FitPanel, FrontierPanel
    toggles : dict of str to ToggleButton
        Buttons that show and hide the panels, by panel name.
    panels : dict of str to Panel
        The panels opened so far, by name.
    guard : Guard
        For the callbacks of the workbench itself; every panel has its own guard.
    errors : ErrorNotes
        Why a panel could not be opened.
    """

    def __init__(
        self,
        source: Any,
        *,
        allow_functions: Iterable[str] = (),
        allow_folders: Folders = (),
        session_file: str | os.PathLike[str] | None = None,
        N: Any = None,
        D: Any = None,
        C: Any = None,
        loss: Any = None,
        checkpoints: str | None = None,
        failed: bool = False,
    ) -> None:
        self.panels: dict[str, Panel] = {}
        allow_functions, allow_folders = as_names(allow_functions, "allow_functions"), allowed_folders(allow_folders)
        choices = TableChoices(N, D, C, loss, checkpoints, failed)
        self.session, unclear = _opened(source, choices, allow_functions)
        if self.session is not getattr(source, "session", source):
            self._keep(session_file, AllowedFunctions(allow_functions).find)
        self._allowed: dict[str, dict[str, Any]] = {
            "Configuration": {"allow_functions": allow_functions, "allow_folders": allow_folders},
            "Runs": {"allow_folders": allow_folders},
            "Fit history": {"allow_functions": allow_functions},
        }
        self.fit = FitPanel(self.session)
        self.frontier = FrontierPanel(self.session, allow_folders=allow_folders)
        self.panels |= {"Scaling law": self.fit, "Frontier": self.frontier}
        shown = {"Scaling law", "Frontier"} | (set() if len(self.session.runs) else {"Runs"})
        self.toggles = {
            name: ipywidgets.ToggleButton(value=name in shown, description=name, tooltip=f"Show or hide: {name}")
            for name in _MODULES
        }
        bar = ipywidgets.Box(list(self.toggles.values()))
        bar.add_class("cnb-bar")
        self.errors = ErrorNotes()
        self.guard = Guard(self.errors.report)
        self.remarks = ipywidgets.HTML(remarks_html(self.session))
        self.left_out = LeftOutList(self.guard, Parts())
        self.kept = ipywidgets.HTML()
        nav = ipywidgets.VBox([style_sheet(), bar, self.remarks, self.left_out, self.kept, self.errors])
        nav.add_class("cnb")
        nav.add_class("cnb-nav")
        self._controls, self._charts = ipywidgets.VBox(), ipywidgets.VBox()
        self._bench = ipywidgets.Box([self._controls, self._charts])
        self._bench.add_class("cnb-bench")
        super().__init__([nav, self._bench])
        register_creation(self)
        self.add_class("cnb-workbench")
        for toggle in self.toggles.values():
            toggle.layout.width = "auto"
            toggle.observe(self._arrange, "value")
        self._arrange()
        self.session.observe(self._show_kept, "keeping_problem")
        self._show_kept()
        if unclear is not None:
            self._ask(unclear)

    def snapshot(self) -> dict[str, Any]:
        """Return a PNG of the frontier."""
        return self.frontier.snapshot()

    @property
    def contained(self) -> tuple[Panel, ...]:
        """The panels opened so far, also those that are hidden."""
        return tuple(self.panels.values())

    def close(self) -> None:
        """Close every panel, except those that are also shown elsewhere: in a cell of their own, or in another box."""
        for panel in self.contained:
            if not is_shown_elsewhere(panel, besides=self):
                panel.close()
        self._controls.children = self._charts.children = ()
        with suppress(ValueError):  # closed before
            self.session.unobserve(self._show_kept, "keeping_problem")
        close_parts(self)
        super().close()

    def _keep(self, file: str | os.PathLike[str] | None, find: Finder) -> None:
        """Keep the session in its project folder, or else in a file if one was given."""
        if getattr(self.session.database, "project_dir", None) is not None:
            self.session.keep(find=find)
        elif file is not None:
            self.session.keep(file, find)

    @guarded
    def _show_kept(self, _change: Any = None) -> None:
        """Say what of the session is not kept; that it has no file matters only on a page that is loaded again."""
        problem = self.session.keeping_problem
        if not problem and self.session.session_file is None and IN_VOILA in os.environ:
            has_folder = getattr(self.session.database, "project_dir", None) is not None
            # A notebook that made the session itself may choose settings and exclusions in its cells.
            why = "the notebook that made it does not keep it" if has_folder else "its runs have no project folder"
            problem = f"Nothing of this session is kept when the page is loaded again: {why}."
        self.kept.value = note("warn", problem) if problem else ""

    def _ask(self, unclear: UnclearColumns) -> None:
        """Let the run log ask what the columns of a table mean."""
        runs = self.panels["Runs"]
        runs.add_toggle.value, runs.import_toggle.value = False, True
        runs.file.offer(unclear.where, unclear.reading.table)

    @guarded
    def _arrange(self, _change: Any = None) -> None:
        shown = [name for name, toggle in self.toggles.items() if toggle.value]
        self._controls.children = self._opened(name for name in shown if name not in _CHARTS)
        self._charts.children = self._opened(name for name in shown if name in _CHARTS)
        for column in (self._controls, self._charts):
            column.layout.display = None if column.children else "none"
        # Said by a class, because a style sheet that counts children does so again with every dot of a chart.
        beside = len(self._controls.children) > 1 and len(self._charts.children) > 0
        (self._bench.add_class if beside else self._bench.remove_class)("cnb-side-by-side")
        # An open run log lists them itself.
        self.left_out.show(() if self.toggles["Runs"].value else self.session.left_out)

    def _opened(self, names: Iterable[str]) -> tuple[Panel, ...]:
        for name in (names := list(names)):
            if name not in self.panels:
                module, panel = _MODULES[name]
                kind = getattr(import_module(f"chinchilla_nb.widgets.{module}"), panel)
                self.panels[name] = kind(self.session, **self._allowed.get(name, {}))
        return tuple(self.panels[name] for name in names)

    def __repr__(self) -> str:
        count = len(self.session.runs)
        return f"Workbench over {count} run{'' if count == 1 else 's'}"


def _opened(
    source: Any, choices: TableChoices, allow_functions: Iterable[str]
) -> tuple[Session, UnclearColumns | None]:
    """Return the session of a source; an empty one if it is a table whose columns are not clear."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RowsLeftOutWarning)  # among the remarks, which the workbench shows
            return session_of_source(source, choices, allow_functions=allow_functions), None
    except UnclearColumns as error:
        return Session(Database(), Settings()), error
