"""The chart of roll-outs: errors of held-out runs, with the bias and the band of their drift."""

from __future__ import annotations

from html import escape

import ipywidgets
import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.figures import LEVEL, Polyline, RollOutFigure
from chinchilla_nb.quantity import percent, scientific
from chinchilla_nb.widgets.base.labels import run_labels, runs_in_words
from chinchilla_nb.widgets.base.style import INK, MUTED, shade
from chinchilla_nb.widgets.charts.chart_card import ChartCard
from chinchilla_nb.widgets.charts.legend import BAND, line, symbol
from chinchilla_nb.widgets.charts.plots import Frame, set_line
from chinchilla_nb.widgets.charts.run_dots import DotRuns, RunDots

__all__ = ["RollOutChart"]


class RollOutChart(ipywidgets.VBox):
    """A chart of the errors of roll-outs, under its legend.

    Attributes
    ----------
    frame : Frame
    runs : RunDots
        The held-out runs, one dot for each prediction of one.
    dots : bqplot.Scatter
        The ``settled`` mark of ``runs``.
    bias, band : bqplot.Lines
    key : HTML
    card : ChartCard
    """

    def __init__(self) -> None:
        self.frame, self.key = Frame(log_y=False), ipywidgets.HTML()
        self.key.add_class("cnb-key")
        self.runs, self.band = RunDots(self.frame), self.frame.band()
        self.dots = self.runs.settled
        self.bias = self.frame.lines(colors=[INK], stroke_width=2.5)
        self._zero = self.frame.lines(colors=[MUTED], line_style="dashed", stroke_width=1.5)
        self._figure = self.frame.figure([self.band, self._zero, self.bias, *self.runs.marks])
        self.card = ChartCard("Errors of predictions beyond C₀", self.frame, self._figure)
        super().__init__([self.key, self.card])
        self.add_class("cnb-card")

    def show(self, figure: RollOutFigure, data_unit: str, hidden: NDArray[np.bool_], rows: NDArray[np.intp]) -> None:
        """Draw a figure.

        Parameters
        ----------
        figure : RollOutFigure
        data_unit : str
            What D counts.
        hidden : ndarray of bool
            Which held-out runs belong to hidden groups, whose dots are left out.
        rows : ndarray of int
            Rows of the log that hold the held-out runs; -1 for a run in none.
        """
        self.frame.show(figure.x, figure.y)
        seen = np.flatnonzero(~hidden)
        labels = _labels(figure, data_unit)
        dots = Polyline(figure.dots.x[seen], figure.dots.y[seen])
        self.runs.about = DotRuns(rows[seen], np.empty(0, dtype=np.intp), None)
        self.runs.show(dots, [labels[at] for at in seen.tolist()], figure.shade[figure.part][seen], self._figure)
        set_line(self._zero, figure.zero)
        set_line(self.bias, figure.bias)
        set_line(self.band, figure.band)
        self.key.value = _key(figure)
        self.card.describe(f"{runs_in_words(len(dots))}.")


def _labels(figure: RollOutFigure, data_unit: str) -> list[str]:
    """Return the tooltip of each dot."""
    runs = figure.held_out
    return [
        f"{label}\nLog measured − log predicted {error:+.3f}\nPredicted from the runs up to {scientific(C0)} FLOPs"
        for label, error, C0 in zip(
            run_labels(runs, range(len(runs)), data_unit), figure.dots.y, figure.C0[figure.part], strict=True
        )
    ]


def _key(figure: RollOutFigure) -> str:
    """Return the legend: each C0 with its colour, the bias and the band."""
    items = ['<span class="cnb-item">Fitted up to C₀ =</span>']
    items += [
        symbol(f'<circle cx="9" cy="7" r="5" fill="{shade(float(place))}"/>', scientific(float(C0)))
        for place, C0 in zip(figure.shade, figure.C0, strict=True)
    ]
    items.append(line('stroke="var(--cnb-ink)" stroke-width="2.5"', "Bias of the law"))
    items.append(symbol(BAND, f"{percent(LEVEL)} band"))
    if figure.note:
        items.append(f'<span class="cnb-item cnb-muted">{escape(figure.note)}</span>')
    return f'<div class="cnb-legend">{"".join(items)}</div>'
