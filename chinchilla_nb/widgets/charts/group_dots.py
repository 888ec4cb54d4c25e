"""Runs as dots with the colour and the shape of their group; bqplot has one shape for a mark, so each has its own."""

from __future__ import annotations

from collections.abc import Sequence

import bqplot
import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.figures import NOTHING, Polyline
from chinchilla_nb.figures.group_colours import GROUP_LOOKS, group_areas, group_look
from chinchilla_nb.widgets.charts.late_names import LateNames
from chinchilla_nb.widgets.charts.plots import PAPER, Frame, dot_area

__all__ = ["GroupDots", "group_colour"]


class GroupDots:
    """One mark for each group, created when there is one to show.

    Attributes
    ----------
    marks : list of bqplot.Scatter
        By the index of the group.
    parts : list of tuple
        Each mark that shows runs, with the indices of its dots among all dots of the chart.
    """

    def __init__(self, frame: Frame) -> None:
        self._frame, self._late = frame, LateNames()
        self.marks: list[bqplot.Scatter] = []
        self.parts: list[tuple[bqplot.Scatter, NDArray[np.intp]]] = []

    def show(
        self,
        dots: Polyline,
        labels: Sequence[str],
        groups: NDArray[np.intp],
        figure: bqplot.Figure,
        above: bqplot.Mark,
    ) -> None:
        """Show dots by group, in marks that lie directly above another mark of the figure."""
        self._create(int(groups.max(initial=-1)) + 1, figure, above)
        areas = [area * dot_area(len(dots)) for area in group_areas(len(self.marks))]
        self.parts = []
        for group, (mark, area) in enumerate(zip(self.marks, areas, strict=True)):
            members = np.flatnonzero(groups == group)
            said = [labels[at] for at in members.tolist()]
            self._late.show(mark, Polyline(dots.x[members], dots.y[members]), said, round(area))
            self.parts.append((mark, members))

    def clear(self) -> None:
        """Show no dots."""
        self.parts = []
        for mark in self.marks:
            self._late.show(mark, NOTHING, [], mark.default_size)

    def _create(self, count: int, figure: bqplot.Figure, above: bqplot.Mark) -> None:
        """Add the marks of groups that have none yet to a figure."""
        new = [_mark(self._frame, group) for group in range(len(self.marks), count)]
        if new:
            below = self.marks[-1] if self.marks else above
            at = figure.marks.index(below) + 1
            figure.marks = [*figure.marks[:at], *new, *figure.marks[at:]]
            self.marks += new


def group_colour(group: int) -> str:
    """Return the colour of a group as a CSS variable, which the style sheet sets for each theme."""
    # All groups without a look of their own share that of the rest, which comes last in the style sheet.
    return f"var(--cnb-group-{min(group, len(GROUP_LOOKS))}, {group_look(group).light})"


def _mark(frame: Frame, group: int) -> bqplot.Scatter:
    return frame.marker(group_look(group).shape, group_colour(group), stroke=PAPER, stroke_width=0.75)
