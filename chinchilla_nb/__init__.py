"""Scaling laws fitted in a notebook: an exact, fast engine, and panels over your own training runs.

Every public name loads its module on first use, so that importing the package costs next to nothing, and the
engine works where no notebook is installed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chinchilla_nb import datasets
    from chinchilla_nb.core import Chinchilla
    from chinchilla_nb.database import Database
    from chinchilla_nb.engine.allocation import allocate
    from chinchilla_nb.engine.fit import Fit, FitError, FitProgress, FitStatus, FitWarning, fit, iter_fit
    from chinchilla_nb.engine.grid import HOFFMANN_GRID, StartGrid
    from chinchilla_nb.engine.law import ScalingLaw
    from chinchilla_nb.engine.losses import asymmetric_mae, huber, log_huber, mae, mse
    from chinchilla_nb.engine.runs import Runs
    from chinchilla_nb.session import Session
    from chinchilla_nb.simulator import Simulator
    from chinchilla_nb.visualizer import Visualizer
    from chinchilla_nb.widgets.config_panel import ConfigPanel
    from chinchilla_nb.widgets.fit_panel import FitPanel
    from chinchilla_nb.widgets.frontier_panel import FrontierPanel
    from chinchilla_nb.widgets.run_log_panel import RunLogPanel
    from chinchilla_nb.widgets.simulation_panel import SimulationPanel
    from chinchilla_nb.widgets.workbench import Workbench

__version__ = "0.1.0"

__all__ = [
    "HOFFMANN_GRID",
    "Chinchilla",
    "ConfigPanel",
    "Database",
    "Fit",
    "FitError",
    "FitPanel",
    "FitProgress",
    "FitStatus",
    "FitWarning",
    "FrontierPanel",
    "RunLogPanel",
    "Runs",
    "ScalingLaw",
    "Session",
    "SimulationPanel",
    "Simulator",
    "StartGrid",
    "Visualizer",
    "Workbench",
    "allocate",
    "asymmetric_mae",
    "datasets",
    "fit",
    "huber",
    "iter_fit",
    "log_huber",
    "mae",
    "mse",
]

_NAMES_OF_MODULES = {
    "core": ["Chinchilla"],
    "database": ["Database"],
    "engine.allocation": ["allocate"],
    "engine.fit": ["Fit", "FitError", "FitProgress", "FitStatus", "FitWarning", "fit", "iter_fit"],
    "engine.grid": ["HOFFMANN_GRID", "StartGrid"],
    "engine.law": ["ScalingLaw"],
    "engine.losses": ["asymmetric_mae", "huber", "log_huber", "mae", "mse"],
    "engine.runs": ["Runs"],
    "session": ["Session"],
    "simulator": ["Simulator"],
    "visualizer": ["Visualizer"],
    "widgets.config_panel": ["ConfigPanel"],
    "widgets.fit_panel": ["FitPanel"],
    "widgets.frontier_panel": ["FrontierPanel"],
    "widgets.run_log_panel": ["RunLogPanel"],
    "widgets.simulation_panel": ["SimulationPanel"],
    "widgets.workbench": ["Workbench"],
}
_MODULES = {name: f"{__name__}.{module}" for module, names in _NAMES_OF_MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name == "datasets":
        return import_module(f"{__name__}.datasets")
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_MODULES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
