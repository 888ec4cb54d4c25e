"""Figures as frozen arrays, computed from runs and the law fitted to them, without a drawing library.

`drawing` draws them with matplotlib, `widgets.charts` with bqplot.
"""

from __future__ import annotations

from chinchilla_nb.figures.approaches import APPROACH_TITLES, ApproachCurves, ApproachesFigure, approaches_figure
from chinchilla_nb.figures.colours import (
    DARK_PALETTE,
    LIGHT_PALETTE,
    STEPS,
    LossScale,
    loss_scale,
    loss_steps,
    steps_of,
)
from chinchilla_nb.figures.exponent_region import ExponentRegionFigure, exponent_region_figure
from chinchilla_nb.figures.groups import GroupCurve, GroupsFigure, groups_figure
from chinchilla_nb.figures.intervals import LEVEL, Ends, FrontierIntervals, basis_in_words, frontier_intervals
from chinchilla_nb.figures.isoflop import Against, IsoFlopFigure, SliceCurves, isoflop_figure
from chinchilla_nb.figures.landscape import LandscapeFigure, landscape_figure
from chinchilla_nb.figures.law_lines import SMALL_CHART, LawLine, covers_a_label, loss_lines, plane_lines
from chinchilla_nb.figures.planes import FrontierFigure, IsoLoss, Plane, frontier_figure
from chinchilla_nb.figures.polyline import NOTHING, Polyline, joined, polyline
from chinchilla_nb.figures.profile import ProfileFigure, profile_figure
from chinchilla_nb.figures.residuals import (
    Histogram,
    LossFigure,
    PredictionFigure,
    ResidualsFigure,
    Scatter,
    loss_figure,
    prediction_figure,
    residuals_figure,
)
from chinchilla_nb.figures.roll_outs import RollOutFigure, roll_out_figure
from chinchilla_nb.figures.run_outline import RunOutline, run_outline
from chinchilla_nb.figures.sweep import SweepChart, SweepFigure, sweep_figure
from chinchilla_nb.figures.thinning import LATEST, MAX_DOTS
from chinchilla_nb.figures.ticks import (
    SCALES,
    Axis,
    Scale,
    axes_in_words,
    data_title,
    label_width,
    linear_axis,
    linearised,
    log_axis,
    ratio_title,
    zoomed,
)

__all__ = [
    "APPROACH_TITLES",
    "DARK_PALETTE",
    "LATEST",
    "LEVEL",
    "LIGHT_PALETTE",
    "MAX_DOTS",
    "NOTHING",
    "SCALES",
    "SMALL_CHART",
    "STEPS",
    "Against",
    "ApproachCurves",
    "ApproachesFigure",
    "Axis",
    "Ends",
    "FrontierFigure",
    "FrontierIntervals",
    "GroupCurve",
    "GroupsFigure",
    "Histogram",
    "IsoFlopFigure",
    "IsoLoss",
    "LandscapeFigure",
    "LawLine",
    "LossFigure",
    "LossScale",
    "Plane",
    "Polyline",
    "PredictionFigure",
    "ExponentRegionFigure",
    "ProfileFigure",
    "ResidualsFigure",
    "RollOutFigure",
    "RunOutline",
    "Scale",
    "Scatter",
    "SliceCurves",
    "SweepChart",
    "SweepFigure",
    "approaches_figure",
    "axes_in_words",
    "basis_in_words",
    "covers_a_label",
    "data_title",
    "frontier_figure",
    "frontier_intervals",
    "groups_figure",
    "isoflop_figure",
    "joined",
    "label_width",
    "landscape_figure",
    "linear_axis",
    "linearised",
    "log_axis",
    "loss_figure",
    "loss_lines",
    "loss_scale",
    "loss_steps",
    "plane_lines",
    "polyline",
    "prediction_figure",
    "exponent_region_figure",
    "profile_figure",
    "ratio_title",
    "residuals_figure",
    "steps_of",
    "sweep_figure",
    "roll_out_figure",
    "run_outline",
    "zoomed",
]
