"""How well a law describes its runs: predictions, errors, residuals and starting values as small charts."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import Any

import bqplot
import ipywidgets
import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.fitting.fit import Fit
from chinchilla_nb.engine.laws.family import losses_of
from chinchilla_nb.engine.laws.named import NamedLaw
from chinchilla_nb.engine.run_keys import keys_at
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.figures import (
    Axis,
    Histogram,
    Polyline,
    landscape_figure,
    prediction_figure,
    residuals_figure,
)
from chinchilla_nb.quantity import plain
from chinchilla_nb.session import Session
from chinchilla_nb.session_groups import rows_of
from chinchilla_nb.widgets.base.guard import Guard, guarded
from chinchilla_nb.widgets.base.labels import run_labels, runs_in_words
from chinchilla_nb.widgets.base.style import ACCENT, MUTED
from chinchilla_nb.widgets.charts.chart_card import ChartCard
from chinchilla_nb.widgets.charts.chart_runs import ChartRuns, chart_runs
from chinchilla_nb.widgets.charts.group_legend import GroupLegend
from chinchilla_nb.widgets.charts.legend import HOLLOW, symbol
from chinchilla_nb.widgets.charts.plots import Frame, set_line
from chinchilla_nb.widgets.charts.run_dots import DotRuns, RunDots
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
    dots : dict of str to RunDots
        The runs in the charts ``"prediction"``, ``"N"``, ``"D"`` and ``"C"``.
    groups : GroupLegend
        The column that colours the runs, and the groups that charts show.
    """

    def __init__(self, guard: Guard, session: Session) -> None:
        self.guard, self._session = guard, session
        self._heard: set[bqplot.Mark] = set()  # marks of runs whose clicks are observed
        self.groups = GroupLegend(guard, session)
        self.prediction, self.errors = (Frame(log_x=False, log_y=False) for _ in range(2))
        self.residuals = {name: Frame(log_y=False) for name in ("N", "D", "C")}
        frames = {"prediction": self.prediction, **self.residuals}
        self.dots = {name: RunDots(frame) for name, frame in frames.items()}
        self._identity = self.prediction.lines(colors=[MUTED], line_style="dashed", stroke_width=1.5)
        self._zeros = {
            name: frame.lines(colors=[MUTED], line_style="dashed", stroke_width=1.5)
            for name, frame in self.residuals.items()
        }
        self.bars = self.errors.lines(
            colors=[ACCENT], stroke_width=1.5, fill="bottom", fill_colors=[ACCENT], fill_opacities=[0.35]
        )
        self._error_note, self._note, self._beyond, self.landscape = (ipywidgets.HTML() for _ in range(4))
        self._note.add_class("cnb-key")
        lines = {"prediction": self._identity, **self._zeros}
        titles = {
            "prediction": "Predicted against true loss",
            "N": "Residual by model size",
            "D": "Residual by data",
            "C": "Residual by compute",
        }
        self._figures = {name: frame.figure([lines[name], *self.dots[name].marks]) for name, frame in frames.items()}
        below = {"prediction": (self._beyond,)}
        cards = [
            ChartCard(titles[name], frame, self._figures[name], *below.get(name, ())) for name, frame in frames.items()
        ]
        errors = ChartCard("Distribution of errors", self.errors, self.errors.figure([self.bars]), self._error_note)
        starts = ipywidgets.VBox(
            [ipywidgets.HTML('<div class="cnb-chart-head">Objective by starting value</div>'), self.landscape]
        )
        starts.add_class("cnb-chart-card")
        self._cards = {"errors": errors, **dict(zip(frames, cards, strict=True))}
        super().__init__([self.groups, self._note, cards[0], errors, starts, *cards[1:]])
        self.add_class("cnb-charts")

    def show(self, fit: Fit, beside: NamedLaw | None = None) -> None:
        """Draw a fit, or what another law predicts of its runs.

        Only groups that are shown are drawn, and excluded runs are left out of the errors.

        Parameters
        ----------
        fit : Fit
        beside : NamedLaw, optional
            The law whose predictions and residuals are drawn instead of those of the fit.
        """
        session, unit = self._session, self._session.data_unit
        law = fit.law if beside is None else beside.law
        chosen = chart_runs(session)
        counting, rows = _counting(fit, chosen, session)
        excluded = chosen.excluded
        if not len(counting):  # all runs of the fit are excluded or hidden by now
            counting, rows, excluded = np.arange(len(fit.runs)), np.full(len(fit.runs), -1), NO_RUNS
        runs = fit.runs.take(counting)
        predictions, off = losses_of(law, runs), losses_of(law, excluded)
        figure = prediction_figure(runs.loss, predictions, excluded=(excluded.loss, off))
        residuals = residuals_figure(
            runs,
            predictions,
            excluded=excluded,
            excluded_predictions=off,
            data_unit=unit,
            scale=session.chart_scale,
        )
        shown, apart = residuals.shown, residuals.shown_excluded
        self.prediction.show(figure.scatter.x, figure.scatter.y)
        set_line(self._identity, figure.identity)
        places = {"prediction": Polyline(runs.loss[shown], predictions[shown])}
        hollow = {"prediction": Polyline(excluded.loss[apart], off[apart])}
        for (name, frame), panel in zip(self.residuals.items(), residuals.panels, strict=True):
            frame.show(panel.x, panel.y)
            set_line(self._zeros[name], _zero(panel.x))
            places[name], hollow[name] = panel.dots, panel.excluded
        labels = run_labels(runs, shown, unit, law)
        excluded_labels = [f"Excluded\n{label}" for label in run_labels(excluded, apart, unit, law)]
        groups = _groups(chosen, rows[shown])
        for name, dots in self.dots.items():
            dots.about = DotRuns(rows[shown], chosen.excluded_rows[apart], groups)
            dots.show(places[name], labels, residuals.colour, self._figures[name])
            dots.show_excluded(hollow[name], excluded_labels, len(shown))
        self._note.value = _key(residuals.note, len(excluded), beside)
        self._beyond.value = f'<div class="cnb-caption">{escape(figure.note)}</div>'
        self._show_errors(figure.errors)
        for name, card in self._cards.items():
            card.describe("" if name == "errors" else f"{runs_in_words(len(shown))}.")
        self.landscape.value = landscape_map(landscape_figure(fit))
        self.groups.show(chosen)
        self._follow_marks()
        self.show_selected()

    def show_selected(self) -> None:
        """Draw rings around the selected runs in every chart."""
        chosen = self._session.view.selected_among(self._session.all_runs)
        for dots in self.dots.values():
            dots.show_selected(chosen)

    def _follow_marks(self) -> None:
        """Hear the clicks on the marks that show runs now."""
        for dots in self.dots.values():
            for mark in {mark for mark, _ in dots.places} - self._heard:
                self._heard.add(mark)
                mark.on_element_click(partial(self._picked, dots))

    @guarded
    def _picked(self, dots: RunDots, mark: bqplot.Scatter, content: Any) -> None:
        row = dots.row_clicked(mark, content)
        if row is not None:
            self._session.view.toggle_selected(*keys_at(self._session.all_runs, [row]))

    def _show_errors(self, errors: Histogram) -> None:
        self.errors.show(errors.x, errors.y)
        outline = np.concatenate([[0.0], np.repeat(errors.counts, 2), [0.0]])
        set_line(self.bars, Polyline(np.repeat(errors.edges, 2), outline))
        text = f"mean {plain(errors.mean, 2)} · s.d. {plain(errors.deviation, 2)}"
        if errors.outside:
            text += f" · {runs_in_words(errors.outside)} beyond the chart"
        self._error_note.value = f'<div class="cnb-caption">{escape(text)}</div>'


def _counting(fit: Fit, chosen: ChartRuns, session: Session) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return which runs of a fit to draw, and their rows in the log: those that charts show, and those in no row."""
    rows = np.flatnonzero(chosen.used) if fit.runs is session.runs else rows_of(session, fit.runs)
    shown = np.flatnonzero(np.isin(rows, chosen.rows) | (rows < 0))
    return shown, rows[shown]


def _groups(chosen: ChartRuns, rows: NDArray[np.intp]) -> NDArray[np.intp] | None:
    """Return the group of each of these rows of the log; those in no row are in none of them."""
    if chosen.groups is None:
        return None
    return np.where(rows < 0, len(chosen.groups.names), np.append(chosen.groups.of, 0)[rows])


def _key(note: str, excluded: int, beside: NamedLaw | None) -> str:
    """Return a key that names a law other than the fit, explains hollow dots, and notes which runs are not drawn."""
    items = []
    if beside is not None:
        whose = "the law set by hand" if beside.by_hand else beside.name
        text = f"Predictions and residuals of {whose}, not of the fit"
        items.append(f'<span class="cnb-item cnb-whose">{escape(text)}</span>')
    items += [symbol(HOLLOW, "Excluded")] if excluded else []
    items += [f'<span class="cnb-item cnb-muted">{escape(note)}</span>'] if note else []
    return f'<div class="cnb-legend">{"".join(items)}</div>' if items else ""


def _zero(x: Axis) -> Polyline:
    return Polyline(np.array([x.low, x.high]), np.zeros(2))
