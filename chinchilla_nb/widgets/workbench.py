"""All panels for planning training runs, on one session."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import Any

import ipywidgets

from chinchilla_nb.checks import as_names
from chinchilla_nb.opening import open_session
from chinchilla_nb.widgets.base.error_notes import ErrorNotes
from chinchilla_nb.widgets.base.guard import Guard, guarded
from chinchilla_nb.widgets.base.panel import Panel
from chinchilla_nb.widgets.base.parts import close_parts
from chinchilla_nb.widgets.base.project_files import Folders, allowed_folders
from chinchilla_nb.widgets.base.snapshot import Snapshot
from chinchilla_nb.widgets.base.style import style_sheet
from chinchilla_nb.widgets.fit.fit_panel import FitPanel
from chinchilla_nb.widgets.frontier.frontier_panel import FrontierPanel

__all__ = ["Workbench"]

_MODULES = {
    "Configuration": ("config.config_panel", "ConfigPanel"),
    "Runs": ("run_log.run_log_panel", "RunLogPanel"),
    "Scaling law": ("fit.fit_panel", "FitPanel"),
    "Frontier": ("frontier.frontier_panel", "FrontierPanel"),
    "Simulation": ("simulation.simulation_panel", "SimulationPanel"),
}
_CHARTS = ("Frontier", "Simulation")


class Workbench(Snapshot, ipywidgets.VBox):
    """Panels for configuration, runs, fit, frontier and simulation that share one session.

    Wide windows show the charts beside the controls and results, narrow ones below them. A panel is created when it is
    first opened, so that panels that are never opened cost nothing.

    Parameters
    ----------
    source : Chinchilla, Session, Study, str or path
        What to work on: an open project, a study or its name, a folder of runs, a configuration file or a CSV file.
    allow_functions : iterable of str
        Functions that a configuration file and the fields may name, ``package.module:function``, besides those that the
        notebook defines; they are imported.
    allow_folders : iterable of str or path
        Folders where files may be imported, loaded and saved by path, besides the project's.

    Attributes
    ----------
    session : Session
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

    def __init__(self, source: Any, *, allow_functions: Iterable[str] = (), allow_folders: Folders = ()) -> None:
        self.panels: dict[str, Panel] = {}
        allow_functions, allow_folders = as_names(allow_functions, "allow_functions"), allowed_folders(allow_folders)
        self.session = open_session(source, allow_functions=allow_functions)
        self._allowed: dict[str, dict[str, Any]] = {
            "Configuration": {"allow_functions": allow_functions, "allow_folders": allow_folders},
            "Runs": {"allow_folders": allow_folders},
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
        nav = ipywidgets.VBox([style_sheet(), bar, self.errors])
        nav.add_class("cnb")
        nav.add_class("cnb-nav")
        self._controls, self._charts = ipywidgets.VBox(), ipywidgets.VBox()
        bench = ipywidgets.Box([self._controls, self._charts])
        bench.add_class("cnb-bench")
        super().__init__([nav, bench])
        self.add_class("cnb-workbench")
        for toggle in self.toggles.values():
            toggle.layout.width = "auto"
            toggle.observe(self._arrange, "value")
        self._arrange()

    def snapshot(self) -> dict[str, Any]:
        """Return a PNG of the frontier."""
        return self.frontier.snapshot()

    def close(self) -> None:
        """Close every panel."""
        for panel in self.panels.values():
            panel.close()
        close_parts(self)
        super().close()

    @guarded
    def _arrange(self, _change: Any = None) -> None:
        shown = [name for name, toggle in self.toggles.items() if toggle.value]
        self._controls.children = self._opened(name for name in shown if name not in _CHARTS)
        self._charts.children = self._opened(name for name in shown if name in _CHARTS)
        for column in (self._controls, self._charts):
            column.layout.display = None if column.children else "none"

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
