"""How well a law describes its runs: predictions, errors, residuals and starting values as small charts."""

from __future__ import annotations

from html import escape

import ipywidgets
import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.fitting.fit import Fit
from chinchilla_nb.engine.run_keys import is_among, run_keys
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.figures import (
    Axis,
    Histogram,
    Polyline,
    Scale,
    landscape_figure,
    prediction_figure,
    residuals_figure,
)
from chinchilla_nb.widgets.base.labels import run_labels, runs_in_words
from chinchilla_nb.widgets.base.style import ACCENT, MUTED
from chinchilla_nb.widgets.charts.chart_card import ChartCard
from chinchilla_nb.widgets.charts.legend import HOLLOW, symbol
from chinchilla_nb.widgets.charts.plots import Frame, set_dots, set_line
from chinchilla_nb.widgets.fit.landscape_map import landscape_map

__all__ = ["FitCharts"]

NO_RUNS = Runs([], [], [])


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
    excluded : dict of str to bqplot.Scatter
        The excluded runs, in the same charts.
    """

    def __init__(self) -> None:
        self.prediction, self.errors = (Frame(log_x=False, log_y=False) for _ in range(2))
        self.residuals = {name: Frame(log_y=False) for name in ("N", "D", "C")}
        frames = {"prediction": self.prediction, **self.residuals}
        self.dots = {name: frame.runs() for name, frame in frames.items()}
        self.excluded = {name: frame.hollow() for name, frame in frames.items()}
        self._identity = self.prediction.lines(colors=[MUTED], line_style="dashed", stroke_width=1.5)
        self._zeros = {
            name: frame.lines(colors=[MUTED], line_style="dashed", stroke_width=1.5)
            for name, frame in self.residuals.items()
        }
        self.bars = self.errors.lines(
            colors=[ACCENT], stroke_width=1.5, fill="bottom", fill_colors=[ACCENT], fill_opacities=[0.35]
        )
        self._error_note, self._note, self.landscape = (ipywidgets.HTML() for _ in range(3))
        self._note.add_class("cnb-key")
        lines = {"prediction": self._identity, **self._zeros}
        titles = {
            "prediction": "Predicted against true loss",
            "N": "Residual by model size",
            "D": "Residual by data",
            "C": "Residual by compute",
        }
        cards = [
            ChartCard(titles[name], frame, frame.figure([self.dots[name], self.excluded[name], lines[name]]))
            for name, frame in frames.items()
        ]
        errors = ChartCard("Distribution of errors", self.errors, self.errors.figure([self.bars]), self._error_note)
        starts = ipywidgets.VBox(
            [ipywidgets.HTML('<div class="cnb-chart-head">Objective by starting value</div>'), self.landscape]
        )
        starts.add_class("cnb-chart-card")
        self._cards = {"errors": errors, **dict(zip(frames, cards, strict=True))}
        super().__init__([self._note, cards[0], errors, starts, *cards[1:]])
        self.add_class("cnb-charts")

    def show(self, fit: Fit, excluded: Runs | None = None, data_unit: str = "tokens", scale: Scale = "log") -> None:
        """Draw a fit.

        Parameters
        ----------
        fit : Fit
        excluded : Runs, optional
            Excluded runs, whether or not this fit used them: drawn hollow, and left out of the errors.
        data_unit : str
            What D counts: tokens, bytes or samples.
        scale : str
            The scale of N, D and C.
        """
        excluded = excluded or NO_RUNS
        counting = ~is_among(fit.runs, frozenset(run_keys(excluded)))
        if not counting.any():
            counting, excluded = ~counting, NO_RUNS
        runs, predictions = fit.runs.take(counting), fit.predictions[counting]
        off = np.asarray(fit.law.loss(excluded.N, excluded.D), dtype=float)
        figure = prediction_figure(runs.loss, predictions, excluded=(excluded.loss, off))
        residuals = residuals_figure(
            runs, predictions, excluded=excluded, excluded_predictions=off, data_unit=data_unit, scale=scale
        )
        shown, apart = residuals.shown, residuals.shown_excluded
        self.prediction.show(figure.scatter.x, figure.scatter.y)
        set_line(self._identity, figure.identity)
        dots = {"prediction": Polyline(runs.loss[shown], predictions[shown])}
        hollow = {"prediction": Polyline(excluded.loss[apart], off[apart])}
        for (name, frame), panel in zip(self.residuals.items(), residuals.panels, strict=True):
            frame.show(panel.x, panel.y)
            set_line(self._zeros[name], _zero(panel.x))
            dots[name], hollow[name] = panel.dots, panel.excluded
        labels = _labels(runs, predictions, shown, data_unit)
        excluded_labels = [f"Excluded\n{label}" for label in _labels(excluded, off, apart, data_unit)]
        for name, places in dots.items():
            set_dots(self.dots[name], places, labels, residuals.colour)
            set_dots(self.excluded[name], hollow[name], excluded_labels)
        self._note.value = _key(residuals.note, len(excluded))
        self._show_errors(figure.errors)
        for name, card in self._cards.items():
            card.describe("" if name == "errors" else f"{runs_in_words(len(shown))}.")
        self.landscape.value = landscape_map(landscape_figure(fit))

    def _show_errors(self, errors: Histogram) -> None:
        self.errors.show(errors.x, errors.y)
        outline = np.concatenate([[0.0], np.repeat(errors.counts, 2), [0.0]])
        set_line(self.bars, Polyline(np.repeat(errors.edges, 2), outline))
        text = f"mean {errors.mean:.2g} · s.d. {errors.deviation:.2g}"
        if errors.outside:
            text += f" · {runs_in_words(errors.outside)} beyond the chart"
        self._error_note.value = f'<div class="cnb-caption">{escape(text)}</div>'


def _labels(runs: Runs, predictions: NDArray[np.float64], shown: NDArray[np.intp], data_unit: str) -> list[str]:
    residuals = runs.loss - predictions
    return [
        f"{label}\nTrue − predicted {residuals[index]:+.3g}"
        for label, index in zip(run_labels(runs, shown, data_unit), shown, strict=True)
    ]


def _key(note: str, excluded: int) -> str:
    """Return a key that explains hollow dots, if there are any, and notes which runs are not drawn."""
    items = [symbol(HOLLOW, "Excluded")] if excluded else []
    items += [f'<span class="cnb-item cnb-muted">{escape(note)}</span>'] if note else []
    return f'<div class="cnb-legend">{"".join(items)}</div>' if items else ""


def _zero(x: Axis) -> Polyline:
    return Polyline(np.array([x.low, x.high]), np.zeros(2))
