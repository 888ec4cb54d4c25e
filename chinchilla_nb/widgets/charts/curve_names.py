"""The names of the frontier and of the lowest losses beside their curves, in the chart of loss against compute."""

from __future__ import annotations

import bqplot
import numpy as np

from chinchilla_nb.figures import SMALL_CHART, Axis, Polyline, polyline
from chinchilla_nb.widgets.base.style import INK, MUTED
from chinchilla_nb.widgets.charts.plots import Frame

__all__ = ["CurveNames"]

FRONTIER_NAME, ENVELOPE_NAME = "Efficient frontier", "Lowest so far"
LETTER = 6.0
"""Width of a letter of these names in pixels."""
FRONTIER_AT = 0.52
"""Where the name of the frontier ends, as a fraction of the axis of C: below it lies no run, and left of it is room."""


class CurveNames:
    """Two texts: one ends below the frontier, where no run can lie, the other begins right of the last run.

    Parameters
    ----------
    frame : Frame

    Attributes
    ----------
    frontier, envelope : bqplot.Label
    """

    def __init__(self, frame: Frame) -> None:
        looks = {"default_size": 11, "font_weight": "normal"}
        self.frontier = frame.labels(colors=[INK], align="end", x_offset=-8, y_offset=16, **looks)
        self.envelope = frame.labels(colors=[MUTED], align="start", x_offset=9, y_offset=-14, **looks)

    @property
    def marks(self) -> list[bqplot.Label]:
        """The marks, to be drawn above the curves."""
        return [self.frontier, self.envelope]

    def places(self, x: Axis, y: Axis) -> Polyline:
        """Return points along the names that are written, which other names must not cover."""
        along, heights = [np.empty(0)], [np.empty(0)]
        for mark in self.marks:
            for text, at_x, at_y in zip(mark.text, x.fraction(mark.x), y.fraction(mark.y), strict=True):
                width = LETTER * len(text)
                middle = mark.x_offset + (width if mark.align == "start" else -width) / 2
                along.append(at_x + (middle + np.linspace(-width, width, len(text)) / 2) / SMALL_CHART[0])
                heights.append(np.full(len(text), at_y - mark.y_offset / SMALL_CHART[1]))
        return polyline(x.values(np.concatenate(along)), y.values(np.concatenate(heights)))

    def hide(self) -> None:
        """Write no name."""
        for mark in self.marks:
            mark.text = []

    def show(self, frontier: Polyline, envelope: Polyline, x: Axis, y: Axis) -> None:
        """Write the names of curves that can be seen on these axes."""
        at = np.empty(0, dtype=int)
        if len(frontier):
            at = np.array([np.abs(x.fraction(frontier.x) - FRONTIER_AT).argmin()])
        _write(self.frontier, FRONTIER_NAME, Polyline(frontier.x[at], frontier.y[at]), x, y)
        _write(self.envelope, ENVELOPE_NAME, _above(frontier, Polyline(envelope.x[-1:], envelope.y[-1:])), x, y)


def _above(curve: Polyline, place: Polyline) -> Polyline:
    """Return the place, or the one of the curve above it: what is written there must not cover the curve."""
    if not len(curve):
        return place
    return Polyline(place.x, np.maximum(place.y, np.interp(place.x, curve.x, curve.y)))


def _write(mark: bqplot.Label, name: str, place: Polyline, x: Axis, y: Axis) -> None:
    inside = (x.low < place.x) & (place.x < x.high) & (y.low < place.y) & (place.y < y.high)
    with mark.hold_sync():
        mark.x, mark.y = place.x[inside], place.y[inside]
        mark.text = [name] * int(inside.sum())
