from . import datasets
from .core import Chinchilla
from .database import Database
from .engine.allocation import allocate, compute_optimal_D, exponents
from .engine.fit import Fit, FitError, FitProgress, FitStatus, FitWarning, fit, iter_fit
from .engine.grid import HOFFMANN_GRID, StartGrid
from .engine.keys import run_keys
from .engine.law import ScalingLaw
from .engine.losses import asymmetric_mae, huber, log_huber, mae, mse, residual_loss
from .engine.model_search import tabulate_models
from .engine.runs import Runs
from .engine.seeding import SeedRegime, draw_seed
from .figures.ticks import compact, plain, scientific
from .importing import Source, guess_sources, preview_import, read_table
from .opening import open_session
from .session import Session
from .settings import ModelSearch, Settings
from .simulator import Simulator
from .visualizer import Visualizer
from .widgets.config_panel import ConfigPanel
from .widgets.fit_panel import FitPanel
from .widgets.frontier_panel import FrontierPanel
from .widgets.run_log_panel import RunLogPanel
from .widgets.simulation_panel import SimulationPanel
from .widgets.workbench import Workbench

__version__: str

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
    "ModelSearch",
    "RunLogPanel",
    "Runs",
    "ScalingLaw",
    "SeedRegime",
    "Session",
    "Settings",
    "SimulationPanel",
    "Simulator",
    "Source",
    "StartGrid",
    "Visualizer",
    "Workbench",
    "allocate",
    "asymmetric_mae",
    "compact",
    "compute_optimal_D",
    "datasets",
    "draw_seed",
    "exponents",
    "fit",
    "guess_sources",
    "huber",
    "iter_fit",
    "log_huber",
    "mae",
    "mse",
    "open_session",
    "plain",
    "preview_import",
    "read_table",
    "residual_loss",
    "run_keys",
    "scientific",
    "tabulate_models",
]
