"""What moves with the compute budget on a chart, and what a person drags or clicks to move it."""

from __future__ import annotations

from typing import Any

import bqplot
import numpy as np

from chinchilla_nb.figures import NOTHING, Polyline, polyline
from chinchilla_nb.widgets.base.style import ACCENT
from chinchilla_nb.widgets.charts.plots import BUDGET_GRIP, NEXT_RUN, PAPER, Frame, set_line

__all__ = ["BudgetMarks"]

_GRIPS = 25


class BudgetMarks:
    """The dashed line of a budget, the run to train on it, and one off the frontier.

    Attributes
    ----------
    line : bqplot.Lines
    grip : bqplot.Scatter
        Invisible, along the line: whoever drags the line drags one of these.
    next_point, off_frontier : bqplot.Scatter
    clicks : bqplot.Scatter
        Invisible: a click on the ground of the chart adds a dot to it, which is how bqplot says where.
    below, above : list of bqplot.Mark
        What belongs below and above the runs.
    """

    def __init__(self, frame: Frame) -> None:
        self.line = frame.lines(colors=[ACCENT], line_style="dashed", stroke_width=1.5)
        self.grip = frame.dots(colors=[BUDGET_GRIP], opacities=[0.0], default_size=120)
        self.off_frontier = frame.marker("circle", fill=False, default_size=110, stroke_width=2.5)
        self.clicks = frame.dots(opacities=[0.0], interactions={"click": "add"})
        self.next_point = frame.marker("diamond", NEXT_RUN, stroke=PAPER, stroke_width=1.5, default_size=130)
        self.below, self.above = [self.line, self.grip], [self.off_frontier, self.clicks, self.next_point]
        self._placed = {self.next_point: NOTHING, self.grip: NOTHING}
        self._held = 0  # which dot of a mark is dragged
        for mark in self.draggable:
            mark.on_drag_start(self._hold)

    @property
    def draggable(self) -> tuple[bqplot.Scatter, ...]:
        """What a person drags to move the budget."""
        return self.next_point, self.grip

    def dropped(self, mark: bqplot.Scatter) -> tuple[float, float] | None:
        """Return where a person dropped one of the draggable marks; None while it is where it was drawn."""
        placed = self._placed[mark]
        if not 0 < len(mark.x) == len(mark.y) == len(placed):
            return None
        # The others of its dots may be where they were drawn before: the page sends all of them, as it knows them.
        at = self._held if mark is self.grip else 0
        place = float(mark.x[at]), float(mark.y[at])
        return None if place == (placed.x[at], placed.y[at]) else place

    def _hold(self, _mark: bqplot.Scatter, content: dict[str, Any]) -> None:
        self._held = int(content["index"])

    def move(self, line: Polyline, point: Polyline, off_frontier: Polyline, words: tuple[str, str]) -> None:
        """Draw them in these places, with what hovering says of the next run and of the one off the frontier."""
        self._placed = {self.next_point: point, self.grip: _along(line)}
        set_line(self.line, line)
        for mark, placed in self._placed.items():
            set_line(mark, placed)
        set_line(self.off_frontier, off_frontier)
        self.next_point.names, self.off_frontier.names = np.array(words[:1]), np.array(words[1:])


def _along(line: Polyline) -> Polyline:
    """Points between the two ends of a line that is straight on logarithmic axes."""
    return polyline(*(np.geomspace(ends[0], ends[-1], _GRIPS) for ends in (line.x, line.y))) if len(line) else NOTHING
