"""N* against C by approaches 1, 2 and 3, each with its band."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chinchilla_nb.engine.approaches.comparison import APPROACHES, Comparison
from chinchilla_nb.engine.conversion import as_positive_number, check_type
from chinchilla_nb.figures.intervals import LEVEL
from chinchilla_nb.figures.polyline import NOTHING, Polyline, polyline
from chinchilla_nb.figures.ticks import Axis, log_axis

__all__ = ["APPROACH_TITLES", "ApproachCurves", "ApproachesFigure", "approaches_figure"]

SAMPLES = 61
"""Budgets of a line."""
REACH = 10.0
"""Most factor by which a band stretches the axis beyond the lines."""
FARTHEST = 1e100
"""Largest N that stretches the axis, and the inverse of the least: a line through noise can lead anywhere, and an axis
holds at most 300 decades."""
APPROACH_TITLES = {"envelope": "1 · Envelope", "isoflop": "2 · IsoFLOP parabolas", "parametric": "3 · Parametric fit"}
"""Names of the approaches for legends."""


@dataclass(frozen=True, eq=False, slots=True)
class ApproachCurves:
    """One approach; empty lines if it has no answer.

    Attributes
    ----------
    name : str
    line : Polyline
        N* over the budgets.
    band : Polyline
        Outline of its 95 % band, cut off at the ends of the axis.
    dots : Polyline
        What the line goes through: runs on the envelope, minima of parabolas.
    """

    name: str
    line: Polyline
    band: Polyline
    dots: Polyline


@dataclass(frozen=True, eq=False, slots=True)
class ApproachesFigure:
    """The three approaches.

    Attributes
    ----------
    x : Axis
        Compute.
    y : Axis
        Parameters.
    curves : tuple of ApproachCurves
        Of approaches 1, 2 and 3.
    C : float
        The budget that is marked.
    """

    x: Axis
    y: Axis
    curves: tuple[ApproachCurves, ...]
    C: float


def approaches_figure(comparison: Comparison, C: float) -> ApproachesFigure:
    """Lay out N* against C, from the smallest run to a budget.

    Raises
    ------
    InputError
        If the comparison is something else, or the budget is not positive and finite.
    """
    check_type(comparison, "comparison", Comparison)
    C, runs = as_positive_number(C, "C"), comparison.slices.runs
    x = log_axis("C", [*runs.C, C])
    budgets = np.geomspace(x.low, x.high, SAMPLES)
    found = {name: comparison.allocate(name, budgets, LEVEL) for name in APPROACHES}
    dots = {"envelope": NOTHING, "isoflop": NOTHING, "parametric": NOTHING}
    if comparison.envelope is not None:
        on = comparison.envelope.runs
        dots["envelope"] = polyline(runs.C[on], runs.N[on])
    if comparison.isoflop is not None:
        parabolas = comparison.isoflop.parabolas
        dots["isoflop"] = polyline([one.slice.C for one in parabolas], [one.N for one in parabolas])
    lines = np.concatenate([*(one["N"].value for one in found.values()), *(one.y for one in dots.values())])
    lines = lines[(lines > 1 / FARTHEST) & (lines < FARTHEST)]
    ends = np.concatenate([end for one in found.values() for end in (one["N"].low, one["N"].high)])
    ends = np.clip(ends[np.isfinite(ends)], lines.min() / REACH, lines.max() * REACH)
    y = log_axis("N", [*lines, *ends])
    curves = []
    for name, one in found.items():
        N = one["N"]
        known, sure = np.isfinite(N.value), ~(np.isnan(N.low) | np.isnan(N.high))
        outline = np.clip(np.concatenate([N.low[sure], N.high[sure][::-1]]), y.low, y.high)
        around = polyline(np.concatenate([budgets[sure], budgets[sure][::-1]]), outline)
        curves.append(ApproachCurves(name, polyline(budgets[known], N.value[known]), around, dots[name]))
    return ApproachesFigure(x, y, tuple(curves), C)
