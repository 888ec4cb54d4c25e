"""Figures of simulations: how an estimate converges as runs arrive, and how errors decrease with more seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.compute.points import in_proportion
from chinchilla_nb.engine.compute.product import SIX_ND
from chinchilla_nb.engine.laws.allocation import allocate, optima
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.planning.scaling import optimum
from chinchilla_nb.figures.curves import SAMPLES
from chinchilla_nb.figures.polyline import Polyline, polyline
from chinchilla_nb.figures.ticks import Axis, linear_axis, log_axis

__all__ = ["ErrorFigure", "TraceFigure", "error_figure", "frontier_line", "trace_figure"]

# Largest ratio shown, so that a bad first estimate does not squeeze the others; larger ones are drawn at the edge.
_FURTHEST = 100.0
# Range of the errors shown, in per cent: those below a hundredth do not matter.
_LEAST, _MOST = 1e-2, 1e4


@dataclass(frozen=True, eq=False, slots=True)
class TraceFigure:
    """Ratio of the estimated to the true N* at a budget, as the number of runs grows.

    Attributes
    ----------
    x, y : Axis
        Number of runs, linear; ratio, logarithmic.
    line : Polyline
    truth : Polyline
        The line at a ratio of one, across the chart.
    """

    x: Axis
    y: Axis
    line: Polyline
    truth: Polyline


@dataclass(frozen=True, eq=False, slots=True)
class ErrorFigure:
    """Relative error of N* at a budget, in per cent, for each number of seeds.

    Attributes
    ----------
    x, y : Axis
        Number of seeds and relative error, both logarithmic.
    median, lower, upper : Polyline
        Median and quartiles over the repetitions.
    """

    x: Axis
    y: Axis
    median: Polyline
    lower: Polyline
    upper: Polyline


def frontier_line(law: Law, x: Axis, compute: Compute = SIX_ND) -> Polyline:
    """Return the efficient frontier of a law, N* against C, from one end of an axis of compute to the other."""
    ends = np.array([x.low, x.high]) if in_proportion(compute) and x.log else np.geomspace(x.low, x.high, SAMPLES)
    N, _ = optima(law, ends, compute)
    known = np.isfinite(N)
    return polyline(ends[known], N[known])


def trace_figure(
    counts: Sequence[int], laws: Sequence[Law], truth: Law, C: float, total: int, compute: Compute = SIX_ND
) -> TraceFigure:
    """Lay out the estimates.

    Parameters
    ----------
    counts, laws : sequence
        The fitted laws, and the number of runs that each was fitted to.
    truth : Law
    C : float
        Target budget in FLOPs.
    total : int
        Number of runs at the end of the simulation, where the axis ends.
    compute : Compute
        How C follows from N and D.
    """
    true_N = float(allocate(truth, C, compute)[0])
    found = [optimum(law, C, compute) for law in laws]
    ratios = np.array([np.nan if point is None else point[0] / true_N for point in found])
    usable = np.isfinite(ratios) & (ratios > 0)
    shown = np.clip(ratios[usable], 1 / _FURTHEST, _FURTHEST)
    x = linear_axis("runs", [0, max(total, 1)], "Runs")
    spread = max(1.25, *shown, *(1 / shown)) if len(shown) else 10.0
    y = log_axis("ratio", [1 / spread, spread], "Estimated N* / true N*")
    line = polyline(np.array(counts, dtype=float)[usable], shown)
    return TraceFigure(x, y, line, polyline([x.low, x.high], [1.0, 1.0]))


def error_figure(seeds: ArrayLike, quartiles: NDArray[np.float64]) -> ErrorFigure:
    """Lay out the errors of a study.

    Parameters
    ----------
    seeds : array_like, shape (n_counts,)
    quartiles : ndarray, shape (3, n_counts)
        Lower quartile, median and upper quartile of the relative error; NaN where there is no result yet.
    """
    seeds = np.asarray(seeds, dtype=float)
    percent = np.clip(100 * quartiles, _LEAST, _MOST)
    known = ~np.isnan(percent).any(axis=0)
    x = log_axis("seeds", seeds if len(seeds) else [10.0, 100.0], "Seed runs")
    y = log_axis("error", percent[:, known] if known.any() else [1.0, 100.0], "Error of N* (%)")
    lower, median, upper = (polyline(seeds[known], row[known]) for row in percent)
    return ErrorFigure(x, y, median, lower, upper)
