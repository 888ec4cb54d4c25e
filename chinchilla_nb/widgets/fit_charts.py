"""How well a law describes its runs: predictions, errors, residuals and starting values as small charts."""

from __future__ import annotations

from html import escape

import ipywidgets
import numpy as np

from chinchilla_nb.engine.fit import Fit
from chinchilla_nb.figures import (
    Axis,
    Histogram,
    Polyline,
    ResidualsFigure,
    landscape_figure,
    prediction_figure,
    residuals_figure,
)
from chinchilla_nb.widgets.labels import run_labels, runs_in_words
from chinchilla_nb.widgets.landscape_map import landscape_map
from chinchilla_nb.widgets.plots import Frame, set_line
from chinchilla_nb.widgets.style import ACCENT, MUTED

__all__ = ["FitCharts"]

HEIGHT = "240px"
_SIZE = 28


class FitCharts(ipywidgets.Box):
    """Six small charts of one fit, in a grid.

    Attributes
    ----------
    prediction, errors : Frame
        Predicted against true loss, and the distribution of the errors.
    residuals : dict of str to Frame
        Residuals against ``"N"``, ``"D"`` and ``"C"``.
    landscape : HTML
        The objective by starting value.
    dots : dict of str to bqplot.Scatter
        The runs in the charts ``"prediction"``, ``"N"``, ``"D"`` and ``"C"``.
    """

    def __init__(self) -> None:
        self.prediction, self.errors = Frame(), Frame(log_x=False, log_y=False)
        self.residuals = {name: Frame(log_y=False) for name in ("N", "D", "C")}
        frames = {"prediction": self.prediction, **self.residuals}
        self.dots = {name: frame.runs(_SIZE) for name, frame in frames.items()}
        self._identity = self.prediction.lines(colors=[MUTED], line_style="dashed", stroke_width=1.5)
        self._zeros = {
            name: frame.lines(colors=[MUTED], line_style="dashed", stroke_width=1.5)
            for name, frame in self.residuals.items()
        }
        self.bars = self.errors.lines(
            colors=[ACCENT], stroke_width=1.5, fill="bottom", fill_colors=[ACCENT], fill_opacities=[0.35]
        )
        self._error_note, self.landscape = ipywidgets.HTML(), ipywidgets.HTML()
        lines = {"prediction": self._identity, **self._zeros}
        titles = {
            "prediction": "Predicted against true loss",
            "N": "Residual by model size",
            "D": "Residual by data",
            "C": "Residual by compute",
        }
        cards = [
            _card(titles[name], frame.figure([self.dots[name], lines[name]], HEIGHT, hues=(1,)))
            for name, frame in frames.items()
        ]
        errors = _card("Distribution of errors", self.errors.figure([self.bars], HEIGHT), self._error_note)
        starts = _card("Objective by starting value", self.landscape)
        super().__init__([cards[0], errors, starts, *cards[1:]])
        self.add_class("cnb-charts")

    def show(self, fit: Fit) -> None:
        """Draw a fit."""
        runs = fit.runs
        figure = prediction_figure(runs.loss, fit.predictions)
        residuals = residuals_figure(runs, fit.predictions)
        labels = run_labels(runs, residuals.shown)
        labels = [
            f"{label}\nTrue − predicted {fit.residuals[index]:+.3g}"
            for label, index in zip(labels, residuals.shown, strict=True)
        ]
        self.prediction.show(figure.scatter.x, figure.scatter.y)
        set_line(self._identity, figure.identity)
        dots = {"prediction": Polyline(runs.loss[residuals.shown], fit.predictions[residuals.shown])}
        for (name, frame), panel in zip(self.residuals.items(), residuals.panels, strict=True):
            frame.show(panel.x, panel.y)
            set_line(self._zeros[name], _zero(panel.x))
            dots[name] = panel.dots
        self._show_dots(dots, residuals, labels)
        self._show_errors(figure.errors)
        self.landscape.value = landscape_map(landscape_figure(fit), fit.law)

    def _show_dots(self, dots: dict[str, Polyline], figure: ResidualsFigure, labels: list[str]) -> None:
        for name, places in dots.items():
            mark = self.dots[name]
            with mark.hold_sync():
                mark.x, mark.y = places.x, places.y
                mark.color, mark.names = figure.colour, np.array(labels, dtype=str)

    def _show_errors(self, errors: Histogram) -> None:
        self.errors.show(errors.x, errors.y)
        outline = np.concatenate([[0.0], np.repeat(errors.counts, 2), [0.0]])
        set_line(self.bars, Polyline(np.repeat(errors.edges, 2), outline))
        text = f"mean {errors.mean:.2g} · s.d. {errors.deviation:.2g}"
        if errors.outside:
            text += f" · {runs_in_words(errors.outside)} beyond the chart"
        self._error_note.value = f'<div class="cnb-caption">{escape(text)}</div>'


def _card(title: str, *content: ipywidgets.Widget) -> ipywidgets.VBox:
    heading = ipywidgets.HTML(f'<div class="cnb-heading">{escape(title)}</div>')
    card = ipywidgets.VBox([heading, *content])
    card.add_class("cnb-card")
    return card


def _zero(x: Axis) -> Polyline:
    return Polyline(np.array([x.low, x.high]), np.zeros(2))
