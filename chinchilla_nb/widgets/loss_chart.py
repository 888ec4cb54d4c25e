"""Loss against compute, with the envelope of the runs and the law's efficient frontier."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chinchilla_nb.figures import LossFigure, Polyline
from chinchilla_nb.widgets.plots import NOWHERE, Frame, set_line
from chinchilla_nb.widgets.style import ACCENT, INK, MUTED

__all__ = ["LossChart"]


class LossChart:
    """One chart.

    Attributes
    ----------
    frame : Frame
    figure : bqplot.Figure
    runs, next_point, beside : bqplot.Scatter
    envelope, frontier : bqplot.Lines
    """

    def __init__(self, height: str) -> None:
        self.frame = Frame()
        self.runs = self.frame.runs(42)
        self.envelope = self.frame.lines(colors=[MUTED], line_style="dotted", stroke_width=2.0)
        self.frontier = self.frame.lines(colors=[INK], stroke_width=2.5)
        self.beside = self.frame.dots(marker="circle", colors=[ACCENT], fill=False, default_size=110, stroke_width=2.5)
        self.next_point = self.frame.dots(marker="diamond", colors=[ACCENT], default_size=130)
        self.figure = self.frame.figure(
            [self.runs, self.envelope, self.frontier, self.beside, self.next_point], height, hues=(1,)
        )

    def show(self, figure: LossFigure | None, labels: Sequence[str]) -> None:
        """Draw a figure, labels as of its runs that are drawn; nothing without runs."""
        if figure is not None:
            self.frame.show(figure.scatter.x, figure.scatter.y)
        dots = NOWHERE if figure is None else figure.scatter.dots
        with self.runs.hold_sync():
            self.runs.x, self.runs.y = dots.x, dots.y
            self.runs.color = np.empty(0) if figure is None else figure.colour
            self.runs.names = np.array(labels, dtype=str)
        set_line(self.envelope, NOWHERE if figure is None else figure.envelope)
        set_line(self.frontier, NOWHERE if figure is None else figure.frontier)

    def move_budget(self, point: tuple[float, float] | None, beside: tuple[float, float] | None) -> None:
        """Draw C and the loss of the next run, and of one off the frontier; None draws nothing."""
        for mark, place in ((self.next_point, point), (self.beside, beside)):
            set_line(mark, Polyline(*(np.array([value]) for value in place)) if place else NOWHERE)
