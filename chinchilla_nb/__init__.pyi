from . import datasets
from .config.model_search import ModelSearch
from .config.settings import Settings
from .core import Chinchilla
from .database import Database
from .engine.approaches.comparison import Comparison, compare_approaches
from .engine.approaches.envelope import Envelope
from .engine.approaches.isoflop import IsoFlop
from .engine.compute.compute import Compute
from .engine.compute.fitted import FittedCompute, MeasuredCompute, fitted_compute, measured_compute
from .engine.compute.power import PowerCompute
from .engine.compute.product import SIX_ND, ProductCompute
from .engine.compute.tabulated import TabulatedCompute
from .engine.compute.transformer import TransformerFlops, transformer_flops
from .engine.errors import InputError
from .engine.fitting.by_hand import LawByHand
from .engine.fitting.certificate import Certificate
from .engine.fitting.fit import Fit, FitError, FitProgress, FitStatus, FitWarning, fit, iter_fit, solve
from .engine.fitting.losses import asymmetric_mae, huber, log_huber, mae, mse, residual_loss
from .engine.fitting.problem import Problem
from .engine.groups.comparison import Groups, fit_groups
from .engine.laws.allocation import allocate, compute_optimal_D, exponents
from .engine.laws.chinchilla import ScalingLaw
from .engine.laws.families import FAMILIES
from .engine.laws.frontier import FrontierLaw
from .engine.laws.kaplan import KaplanLaw
from .engine.laws.law_errors import LawErrors, law_errors
from .engine.laws.named import NamedLaw
from .engine.laws.published import PUBLISHED_LAWS
from .engine.laws.starts import HOFFMANN_GRID, StartGrid
from .engine.planning.constraints import Constraints
from .engine.planning.deadweight import Deadweight, deadweight_compute
from .engine.planning.devices import DEVICES
from .engine.planning.effective_compute import compute_multiplier, effective_compute, speed_up
from .engine.planning.extrapolation import outside_the_runs
from .engine.planning.hardware import Hardware
from .engine.planning.model_search import tabulate_models
from .engine.planning.optimal_runs import OptimalRuns, optimal_runs
from .engine.planning.overtraining import Overtraining, overtrain
from .engine.planning.plan import Plan, make_plan
from .engine.planning.plan_intervals import plan_intervals
from .engine.planning.seeding import SeedRegime, draw_seed
from .engine.planning.target_loss import allocation_for_loss, least_compute
from .engine.run_keys import run_keys
from .engine.runs import Runs
from .engine.uncertainty.draws import Draws
from .engine.uncertainty.drift import Drift
from .engine.uncertainty.estimate import estimate_uncertainty, iter_uncertainty
from .engine.uncertainty.exponent_region import ExponentRegion, exponent_region
from .engine.uncertainty.frontier_uncertainty import FrontierUncertainty
from .engine.uncertainty.influence import Influence, iter_influence
from .engine.uncertainty.interval import Interval
from .engine.uncertainty.loss_sensitivity import LossSensitivity
from .engine.uncertainty.profile_curve import ProfileCurve, profile_curve
from .engine.uncertainty.roll_outs import RollOut, RollOuts, iter_roll_outs
from .engine.uncertainty.uncertainty import Uncertainty
from .fit_uncertainty import FitUncertainty
from .forecasting import forecast
from .group_comparison import GroupComparison
from .opening import RowsLeftOutWarning, open_session, read_runs
from .publishing.chinchilla_table import ChinchillaTable
from .publishing.report_page import report_page
from .quantity import compact, plain, scientific
from .records.columns.reading import read_columns
from .records.columns.sources import Product, Source
from .records.forecast import Forecast
from .records.forecast_score import ForecastScore
from .records.importing import preview_import, preview_reading
from .records.tables import read_table
from .rollout import Rollout
from .session import Session
from .simulator import Simulator
from .size_comparison import compare_sizes
from .studies import study
from .study_charts import study_chart
from .visualizer import Visualizer
from .widgets.approaches.approaches_panel import ApproachesPanel
from .widgets.config.config_panel import ConfigPanel
from .widgets.fit.fit_panel import FitPanel
from .widgets.frontier.frontier_panel import FrontierPanel
from .widgets.groups.groups_panel import GroupsPanel
from .widgets.history.history_panel import HistoryPanel
from .widgets.run_log.run_log_panel import RunLogPanel
from .widgets.simulation.simulation_panel import SimulationPanel
from .widgets.workbench import Workbench

__version__: str

__all__ = [
    "DEVICES",
    "FAMILIES",
    "HOFFMANN_GRID",
    "PUBLISHED_LAWS",
    "SIX_ND",
    "Certificate",
    "Chinchilla",
    "ChinchillaTable",
    "Compute",
    "ApproachesPanel",
    "Comparison",
    "ConfigPanel",
    "Constraints",
    "Database",
    "Deadweight",
    "Draws",
    "Drift",
    "Envelope",
    "Fit",
    "ExponentRegion",
    "FitError",
    "FitPanel",
    "FitProgress",
    "FitStatus",
    "FitUncertainty",
    "FitWarning",
    "FittedCompute",
    "Forecast",
    "ForecastScore",
    "FrontierLaw",
    "FrontierPanel",
    "FrontierUncertainty",
    "GroupComparison",
    "Groups",
    "GroupsPanel",
    "Hardware",
    "HistoryPanel",
    "Influence",
    "InputError",
    "Interval",
    "IsoFlop",
    "KaplanLaw",
    "LawByHand",
    "LawErrors",
    "LossSensitivity",
    "MeasuredCompute",
    "ModelSearch",
    "NamedLaw",
    "OptimalRuns",
    "Overtraining",
    "Plan",
    "PowerCompute",
    "Problem",
    "ProductCompute",
    "Product",
    "ProfileCurve",
    "RollOut",
    "RollOuts",
    "Rollout",
    "RunLogPanel",
    "RowsLeftOutWarning",
    "Runs",
    "ScalingLaw",
    "SeedRegime",
    "Session",
    "Settings",
    "SimulationPanel",
    "Simulator",
    "Source",
    "StartGrid",
    "Uncertainty",
    "Visualizer",
    "TabulatedCompute",
    "TransformerFlops",
    "Workbench",
    "allocate",
    "allocation_for_loss",
    "asymmetric_mae",
    "compact",
    "compute_multiplier",
    "compare_sizes",
    "compare_approaches",
    "compute_optimal_D",
    "datasets",
    "deadweight_compute",
    "draw_seed",
    "effective_compute",
    "estimate_uncertainty",
    "exponent_region",
    "exponents",
    "fit",
    "fit_groups",
    "fitted_compute",
    "forecast",
    "huber",
    "iter_fit",
    "iter_influence",
    "iter_roll_outs",
    "law_errors",
    "iter_uncertainty",
    "least_compute",
    "log_huber",
    "mae",
    "make_plan",
    "measured_compute",
    "mse",
    "open_session",
    "optimal_runs",
    "outside_the_runs",
    "overtrain",
    "plain",
    "plan_intervals",
    "preview_import",
    "preview_reading",
    "profile_curve",
    "read_columns",
    "read_runs",
    "read_table",
    "report_page",
    "residual_loss",
    "run_keys",
    "scientific",
    "solve",
    "speed_up",
    "study",
    "study_chart",
    "tabulate_models",
    "transformer_flops",
]
