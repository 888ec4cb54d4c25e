"""Loss against compute, with the envelope of the runs and the law's efficient frontier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from chinchilla_nb.engine.laws.named import NamedLaw
from chinchilla_nb.figures import NOTHING, FrontierIntervals, LossFigure, joined, loss_lines, polyline
from chinchilla_nb.widgets.base.style import INK
from chinchilla_nb.widgets.charts.budget_marks import BudgetMarks
from chinchilla_nb.widgets.charts.curve_names import CurveNames
from chinchilla_nb.widgets.charts.law_lines import LawLines
from chinchilla_nb.widgets.charts.plots import ENVELOPE, Frame, set_line
from chinchilla_nb.widgets.charts.run_dots import RunDots

__all__ = ["LossChart"]


class LossChart:
    """One chart of loss against compute.

    Attributes
    ----------
    frame : Frame
    figure : bqplot.Figure
    dots : RunDots
    runs, excluded, next_point, off_frontier : bqplot.Scatter
        ``runs`` is the ``settled`` mark of ``dots``.
    envelope, frontier, band : bqplot.Lines
    names : CurveNames
    budget : BudgetMarks
    laws : LawLines
        The lowest losses of the laws beside the fit.
    """

    def __init__(self) -> None:
        self.frame = Frame()
        self._drawn: LossFigure | None = None
        self.dots = RunDots(self.frame)
        self.runs, self.excluded = self.dots.settled, self.dots.excluded
        self.envelope = self.frame.lines(colors=[ENVELOPE], line_style="dotted", stroke_width=2.0)
        self.frontier = self.frame.lines(colors=[INK], stroke_width=2.5)
        self.band = self.frame.band()
        self.budget = BudgetMarks(self.frame)
        self.next_point, self.off_frontier = self.budget.next_point, self.budget.off_frontier
        self.laws = LawLines(self.frame)
        self.names = CurveNames(self.frame)
        lines = [self.envelope, self.frontier, *self.names.marks, *self.laws.marks]
        marks = [self.band, *self.budget.below, *self.dots.marks, *lines, *self.budget.above]
        self.figure = self.frame.figure(marks)

    def show(self, figure: LossFigure | None, labels: Sequence[str], excluded_labels: Sequence[str] = ()) -> None:
        """Draw a figure, with one label for each run drawn; None draws nothing."""
        self._drawn = figure
        if figure is None:
            self.dots.show(NOTHING, (), np.empty(0), self.figure)
            for mark in (self.excluded, self.envelope, self.frontier, self.band):
                set_line(mark, NOTHING)
            self.names.hide()
            return
        self.frame.show(figure.scatter.x, figure.scatter.y)
        self.dots.show(figure.scatter.dots, labels, figure.colour, self.figure)
        self.dots.show_excluded(figure.scatter.excluded, excluded_labels, len(figure.scatter.dots))
        set_line(self.envelope, figure.envelope)
        self.show_frontier()

    def show_frontier(self) -> None:
        """Draw the frontier and its band over the visible ranges."""
        if self._drawn is not None:
            x, y = self.frame.view
            frontier = self._drawn.frontier_in_view(x)
            set_line(self.frontier, frontier)
            self.names.show(frontier, self._drawn.envelope, x, y)
            set_line(self.band, self._drawn.band_in_view(*self.frame.view))

    def show_laws(self, laws: Sequence[NamedLaw], *, anew: bool) -> None:
        """Draw the laws beside the fit over the visible ranges: those that are not drawn yet, or all."""
        known = () if anew else self.laws.drawn
        if self._drawn is None:
            self.laws.show(())
        else:
            x, y = self.frame.view
            written = joined([self.budget.markers, self.names.places(x, y)])
            self.laws.show(loss_lines(self._drawn, x, y, laws, known, written))

    def show_intervals(self, intervals: FrontierIntervals | None) -> None:
        """Draw the band of other intervals."""
        if self._drawn is not None:
            self._drawn = replace(self._drawn, intervals=intervals)
            self.show_frontier()

    def move_budget(
        self,
        C: float | None,
        point: tuple[float, float] | None,
        off_frontier: tuple[float, float] | None,
        region: tuple[float, float] | None = None,
        tooltips: tuple[str, str] = ("", ""),
    ) -> None:
        """Draw a budget, and the next run and a run off the frontier, each as C and loss; None draws nothing.

        ``region`` is the interval of the loss of the next run.
        """
        line = NOTHING
        if C and self._drawn is not None:
            seen = self.frame.view[1]
            line = polyline([C, C], [seen.low, seen.high])
        E = self._drawn.E if self._drawn is not None else 0.0
        next_point, off = (
            NOTHING if at is None or at[1] <= E else polyline(at[:1], [at[1] - E]) for at in (point, off_frontier)
        )
        reach = NOTHING
        if C and region and region[1] > E:
            reach = polyline([C, C], [max(region[0] - E, self.frame.view[1].low), region[1] - E])
        self.budget.move(line, next_point, off, reach, tooltips)
