"""One log-log plane of the frontier figure, drawn with bqplot; marks are created once and updated in place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import bqplot
import numpy as np
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.figures import NOTHING, IsoLoss, Plane, Polyline, polyline
from chinchilla_nb.widgets.base.style import INK, MUTED, shade
from chinchilla_nb.widgets.charts.budget_marks import BudgetMarks
from chinchilla_nb.widgets.charts.law_lines import LawLines
from chinchilla_nb.widgets.charts.plots import SEED_REGIME, Frame, set_line
from chinchilla_nb.widgets.charts.run_dots import RunDots

__all__ = ["PlaneChart"]


class PlaneChart:
    """One chart of C, N or D against another of them.

    Attributes
    ----------
    figure : bqplot.Figure
    dots : RunDots
    runs, excluded, next_point, off_frontier : bqplot.Scatter
        ``runs`` is the ``settled`` mark of ``dots``.
    iso_loss, frontier, band, regime, isoflop : bqplot.Lines
    levels : bqplot.Label
        The losses that label the iso-loss curves.
    budget : BudgetMarks
    laws : LawLines
        The frontiers of the laws beside the fit.
    plane : Plane
        What is drawn, on the visible ranges of the axes.
    """

    plane: Plane

    def __init__(self) -> None:
        self.frame = Frame()
        self.iso_loss = self.frame.lines(stroke_width=1.2)
        self.regime = self.frame.lines(
            colors=[SEED_REGIME],
            stroke_width=1.3,
            fill="inside",
            fill_colors=[MUTED],
            fill_opacities=[0.07],
            close_path=True,
        )
        self.budget = BudgetMarks(self.frame)
        self.isoflop, self.next_point, self.off_frontier = (
            self.budget.line,
            self.budget.next_point,
            self.budget.off_frontier,
        )
        self.frontier = self.frame.lines(colors=[INK], stroke_width=2.5)
        self.band = self.frame.band()
        self.dots = RunDots(self.frame)
        self.runs, self.excluded = self.dots.settled, self.dots.excluded
        self.levels = self.frame.labels(
            colors=[INK],
            default_size=11,
            font_weight="normal",
            apply_clip=False,
            align="middle",
        )
        self.laws = LawLines(self.frame)
        below = [self.band, self.iso_loss, self.regime, *self.budget.below, self.frontier, *self.dots.marks]
        self.figure = self.frame.figure([*below, self.levels, *self.laws.marks, *self.budget.above])

    @property
    def moved(self) -> bool:
        """Whether the visible ranges differ from those that the curves were drawn for."""
        return any(
            (seen.low, seen.high) != (drawn.low, drawn.high)
            for seen, drawn in zip(self.frame.view, (self.plane.x, self.plane.y), strict=True)
        )

    def show(self, plane: Plane, colour: NDArray[np.float64], labels: Sequence[str]) -> None:
        """Draw a plane; colours are positions on the loss scale."""
        self.show_runs(plane, colour, labels)
        self.show_curves(plane)

    def show_runs(
        self,
        plane: Plane,
        colour: NDArray[np.float64],
        labels: Sequence[str],
        excluded_labels: Sequence[str] = (),
    ) -> None:
        """Draw the axes and the runs of a plane."""
        self.frame.show(plane.x, plane.y)
        self.dots.show(plane.dots, labels, colour, self.figure)
        self.dots.show_excluded(plane.excluded, excluded_labels, len(plane.dots))
        set_line(self.regime, plane.regime)

    def show_curves(self, plane: Plane) -> None:
        """Draw the curves of the law in a plane, which becomes the current one."""
        self.plane = plane
        _set_curves(self.iso_loss, plane.iso_loss)
        self._show_levels()
        set_line(self.frontier, plane.frontier)
        self.show_band(plane.band)

    def show_band(self, band: Polyline) -> None:
        """Draw another band around the frontier."""
        self.plane = replace(self.plane, band=band)
        set_line(self.band, band)

    def move_budget(
        self,
        plane: Plane,
        C: float | None,
        point: tuple[float, float] | None,
        off_frontier: tuple[float, float] | None = None,
        region: tuple[ArrayLike, ArrayLike] | None = None,
        tooltips: tuple[str, str] = ("", ""),
    ) -> None:
        """Draw the line of a budget, the next run, a run off the frontier, and the region of the next run.

        Models and the ends of the region are given as N and D; None draws nothing.
        """
        self.budget.move(
            plane.budget_line(C) if C else NOTHING,
            plane.project(*point) if point else NOTHING,
            plane.project(*off_frontier) if off_frontier else NOTHING,
            plane.project(*region) if region else NOTHING,
            tooltips,
        )
        self._show_levels()

    def _show_levels(self) -> None:
        """Write the losses beside their curves, except where a run off the frontier is drawn over one."""
        _set_levels(self.levels, self.plane.readable_labels(polyline(self.off_frontier.x, self.off_frontier.y)))


def _set_curves(mark: bqplot.Lines, curves: Sequence[IsoLoss]) -> None:
    # One mark draws all curves as rows of a matrix, in which shorter curves repeat their last point.
    longest = max((len(curve.line) for curve in curves), default=0)
    x, y = (
        np.array([np.pad(values, (0, longest - len(values)), "edge") for values in rows])
        for rows in ([curve.line.x for curve in curves], [curve.line.y for curve in curves])
    )
    with mark.hold_sync():
        mark.colors = [shade(curve.colour) for curve in curves] or [MUTED]
        mark.x, mark.y = x, y


def _set_levels(mark: bqplot.Label, curves: Sequence[IsoLoss]) -> None:
    with mark.hold_sync():
        mark.x = np.array([curve.line.x[curve.label_at] for curve in curves])
        mark.y = np.array([curve.line.y[curve.label_at] for curve in curves])
        mark.text = [curve.label for curve in curves]
