"""The lowest objective of a start grid by the value of each of its axes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.fitting.sweep import GridSweep
from chinchilla_nb.figures.polyline import Polyline, polyline
from chinchilla_nb.figures.ticks import Axis, linear_axis, log_axis
from chinchilla_nb.quantity import plain

__all__ = ["SweepChart", "SweepFigure", "sweep_figure"]

TITLE = "Lowest objective"
"""Title of the axis of objectives, each of which is the lowest of all starts with one value of a parameter."""


@dataclass(frozen=True, eq=False, slots=True)
class SweepChart:
    """The lowest objective by the starting value of one parameter.

    Attributes
    ----------
    x : Axis
    lowest : Polyline
        A point per starting value; those at which every start overflows are left out.
    """

    x: Axis
    lowest: Polyline


@dataclass(frozen=True, eq=False, slots=True)
class SweepFigure:
    """A chart per axis of the grid, all with the same objectives upward.

    Attributes
    ----------
    y : Axis
    charts : tuple of SweepChart
    best : float
        The lowest objective of all starts.
    title : str
        Says that objective, and the start that has it.
    """

    y: Axis
    charts: tuple[SweepChart, ...]
    best: float
    title: str


def sweep_figure(sweep: GridSweep) -> SweepFigure:
    """Lay out the objective over a grid."""
    lines = {}
    for name, (values, lowest) in sweep.along().items():
        known = np.isfinite(lowest)  # the best start is on every axis, so that none is empty
        lines[name] = polyline(values[known], lowest[known])
    start = ", ".join(f"{name} = {value:.4g}" for name, value in sweep.best.items())
    return SweepFigure(
        y=_objective_axis(np.concatenate([line.y for line in lines.values()])),
        charts=tuple(SweepChart(linear_axis(name, line.x, f"Start of {name}"), line) for name, line in lines.items()),
        best=sweep.lowest,
        title=f"{TITLE} {plain(sweep.lowest, 4)}, at {start}",
    )


def _objective_axis(values: NDArray[np.float64]) -> Axis:
    if (values > 0).all():
        return log_axis("objective", values, TITLE)
    return linear_axis("objective", values, TITLE, upright=True)
