"""The marks of a chart that follow the compute budget, and those that the user drags or clicks to change it."""

from __future__ import annotations

from typing import Any

import bqplot
import numpy as np

from chinchilla_nb.figures import NOTHING, Polyline, joined, polyline
from chinchilla_nb.widgets.base.style import ACCENT
from chinchilla_nb.widgets.charts.plots import BUDGET_GRIP, NEXT_RUN, PAPER, REGION, Frame, set_line

__all__ = ["BudgetMarks"]

_GRIPS = 25


class BudgetMarks:
    """The dashed line of a budget, the run to train with it, and a run off the frontier.

    Attributes
    ----------
    line : bqplot.Lines
    region : bqplot.Lines
        The 95 % region of the next run: a part of the line.
    grip : bqplot.Scatter
        Invisible dots along the line: dragging the line drags one of these.
    next_point, off_frontier : bqplot.Scatter
    clicks : bqplot.Scatter
        Invisible: a click on the background of the chart adds a dot here, which is how bqplot reports its position.
    below, above : list of bqplot.Mark
        Marks to draw below and above the runs.
    """

    def __init__(self, frame: Frame) -> None:
        self.line = frame.lines(colors=[ACCENT], line_style="dashed", stroke_width=1.5)
        self.region = frame.lines(colors=[REGION], stroke_width=7, opacities=[0.35])
        self.grip = frame.dots(colors=[BUDGET_GRIP], opacities=[0.0], default_size=120)
        self.off_frontier = frame.marker("circle", fill=False, default_size=110, stroke_width=2.5)
        self.clicks = frame.dots(opacities=[0.0], interactions={"click": "add"})
        self.next_point = frame.marker("diamond", NEXT_RUN, stroke=PAPER, stroke_width=1.5, default_size=130)
        self.below, self.above = [self.line, self.region, self.grip], [self.off_frontier, self.clicks, self.next_point]
        self._placed = {self.next_point: NOTHING, self.grip: NOTHING}
        self._dragged = 0  # index of the dot being dragged
        for mark in self.draggable:
            mark.on_drag_start(self._start_drag)

    @property
    def draggable(self) -> tuple[bqplot.Scatter, ...]:
        """The marks that the user drags to change the budget."""
        return self.next_point, self.grip

    @property
    def markers(self) -> Polyline:
        """Where the next run and a run off the frontier are drawn."""
        return joined(polyline(mark.x, mark.y) for mark in (self.next_point, self.off_frontier))

    def dropped(self, mark: bqplot.Scatter) -> tuple[float, float] | None:
        """Return where the user dropped a draggable mark, or None while it is where it was drawn."""
        placed = self._placed[mark]
        if not 0 < len(mark.x) == len(mark.y) == len(placed):
            return None
        # The page sends all dots of the mark; the others may still have the positions of an earlier drawing.
        at = self._dragged if mark is self.grip else 0
        place = float(mark.x[at]), float(mark.y[at])
        return None if place == (placed.x[at], placed.y[at]) else place

    def _start_drag(self, _mark: bqplot.Scatter, content: dict[str, Any]) -> None:
        self._dragged = int(content["index"])

    def move(
        self, line: Polyline, point: Polyline, off_frontier: Polyline, region: Polyline, tooltips: tuple[str, str]
    ) -> None:
        """Draw the marks in these places, with the tooltips of the next run and of the run off the frontier."""
        self._placed = {self.next_point: point, self.grip: _along(line)}
        set_line(self.line, line)
        set_line(self.region, region)
        for mark, placed in self._placed.items():
            set_line(mark, placed)
        set_line(self.off_frontier, off_frontier)
        self.next_point.names, self.off_frontier.names = np.array(tooltips[:1]), np.array(tooltips[1:])


def _along(line: Polyline) -> Polyline:
    """Return evenly spaced points on a line: on logarithmic axes, if it is given by its ends, else among its points."""
    if not len(line):
        return NOTHING
    if len(line) > 2:
        chosen = np.linspace(0, len(line) - 1, _GRIPS).round().astype(int)
        return polyline(line.x[chosen], line.y[chosen])
    return polyline(*(np.geomspace(ends[0], ends[-1], _GRIPS) for ends in (line.x, line.y)))
