"""The frontier figure, drawn with bqplot; marks are created once and updated in place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import bqplot
import ipywidgets
import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.compute.product import SIX_ND
from chinchilla_nb.engine.laws.named import NamedLaw
from chinchilla_nb.figures import (
    FrontierFigure,
    FrontierIntervals,
    LossFigure,
    Polyline,
    covers_a_label,
    plane_lines,
    polyline,
)
from chinchilla_nb.widgets.base.labels import runs_in_words
from chinchilla_nb.widgets.base.parts import set_shown
from chinchilla_nb.widgets.charts.chart_card import ChartCard
from chinchilla_nb.widgets.charts.legend import frontier_legend
from chinchilla_nb.widgets.charts.loss_chart import LossChart
from chinchilla_nb.widgets.charts.plane_chart import PlaneChart
from chinchilla_nb.widgets.charts.plots import Frame
from chinchilla_nb.widgets.charts.run_dots import UNKNOWN, DotRuns

__all__ = ["FrontierCharts"]

_TITLES = ("Parameters by compute", "Training data by compute", "Training data by parameters", "Loss by compute")


class FrontierCharts(ipywidgets.Box):
    """The planes C-N, C-D and N-D and loss against compute, with one legend; narrow pages stack them.

    Attributes
    ----------
    charts : tuple of PlaneChart
    loss : LossChart
    cards : tuple of ChartCard
        The four charts under their titles.
    key : HTML
        The legend: the loss scale and the meaning of dots and lines.
    """

    def __init__(self) -> None:
        self.charts = (PlaneChart(), PlaneChart(), PlaneChart())
        self.loss = LossChart()
        self._figure: FrontierFigure | None = None
        self._loss: LossFigure | None = None
        self._laws: tuple[NamedLaw, ...] = ()
        self.key = ipywidgets.HTML()
        self.key.add_class("cnb-key")
        self.cards = tuple(
            ChartCard(title, chart.frame, chart.figure) for title, (chart, _) in zip(_TITLES, self.all, strict=True)
        )
        super().__init__([self.key, *self.cards])
        self.add_class("cnb-charts")
        self.add_class("cnb-pair")
        for place, card in enumerate(self.cards, start=1):
            card.layout.order = str(place)

    @property
    def all(self) -> tuple[tuple[PlaneChart | LossChart, tuple[str, str]], ...]:
        """All charts with the names of their axes."""
        CN, CD, ND = self.charts
        return (CN, ("C", "N")), (CD, ("C", "D")), (ND, ("N", "D")), (self.loss, ("C", "loss"))

    def place_below(self, part: ipywidgets.DOMWidget, names: tuple[str, str]) -> None:
        """Show a part as wide as the page below the row of the chart with axes of these names."""
        place = [axes for _, axes in self.all].index(names) + 1
        part.layout.order = str(place + place % 2)  # that of the last of two charts side by side

    @property
    def frames(self) -> tuple[Frame, ...]:
        """The axes of all charts."""
        return tuple(chart.frame for chart, _ in self.all)

    def show(
        self,
        figure: FrontierFigure,
        loss: LossFigure | None,
        labels: Sequence[str],
        excluded_labels: Sequence[str] = (),
        dots: DotRuns = UNKNOWN,
    ) -> None:
        """Draw the figures, keeping the visible ranges where the user has panned or zoomed.

        Parameters
        ----------
        figure : FrontierFigure
        loss : LossFigure or None
            None if there are no runs.
        labels, excluded_labels : sequence of str
            Tooltips of the runs that are drawn, as plain text.
        dots : DotRuns
            Which runs these are.
        """
        self._figure, self._loss = figure, loss
        for one, _ in self.all:
            one.dots.about = dots
        for chart, plane in zip(self.charts, figure.planes, strict=True):
            chart.show_runs(plane, figure.colour, labels, excluded_labels)
            chart.show_curves(figure.in_view(plane, *chart.frame.view))
        set_shown(self.cards[-1], loss is not None)
        if loss is not None:
            labels, excluded_labels = (
                [texts[at] for at in np.searchsorted(known, drawn)]
                for texts, known, drawn in (
                    (labels, figure.shown, loss.shown),
                    (excluded_labels, figure.shown_excluded, loss.shown_excluded),
                )
            )
        self.loss.show(loss, labels, excluded_labels)
        self._draw_laws(anew=True)
        self._show_legend()
        self._describe(len(labels), len(excluded_labels))

    def _show_legend(self) -> None:
        if self._figure is not None:
            grouped = self.loss.dots.about.groups is not None
            stacked = any(len(chart.dots.stacked.x) for chart, _ in self.all)
            self.key.value = frontier_legend(self._figure, self._loss, grouped=grouped, stacked=stacked)

    def _describe(self, runs: int, excluded: int) -> None:
        """Say in words what the charts show."""
        counted = runs_in_words(runs) + (f" and {runs_in_words(excluded)} excluded" if excluded else "")
        for card in self.cards:
            card.describe(f"{counted[0].upper()}{counted[1:]}.")

    def show_selected(self, chosen: NDArray[np.bool_]) -> None:
        """Draw rings around some runs in every chart, given by a mask over the rows of the log."""
        for chart, _ in self.all:
            chart.dots.show_selected(chosen)

    def show_laws(self, laws: tuple[NamedLaw, ...]) -> None:
        """Draw the laws beside the fit; nothing else is redrawn, and no axis changes."""
        self._laws = laws
        self._draw_laws()

    def _draw_laws(self, *, anew: bool = False) -> None:
        """Draw the laws beside the fit: those that are not drawn yet, or all of them on other axes."""
        for chart in self.charts if self._figure is not None else ():
            known = () if anew else chart.laws.drawn
            chart.laws.show(plane_lines(chart.plane, self._laws, known, chart.budget.markers))
        self.loss.show_laws(self._laws, anew=anew)

    def show_intervals(self, intervals: FrontierIntervals | None) -> None:
        """Redraw only the bands."""
        if self._figure is None:
            return
        self._figure = self._figure.with_intervals(intervals)
        for chart in self.charts:
            chart.show_band(self._figure.band_in_view(*chart.frame.view))
        self.loss.show_intervals(intervals)
        self._show_legend()

    def follow_zoom(self) -> None:
        """Redraw ticks and curves after the user pans or zooms; runs are not redrawn."""
        for frame in self.frames:
            frame.follow_zoom()
        for chart, plane in zip(self.charts, self._figure.planes if self._figure else (), strict=False):
            if self._figure is not None and chart.moved:
                chart.show_curves(self._figure.in_view(plane, *chart.frame.view))
        self.loss.show_frontier()
        self._draw_laws(anew=True)

    def drawn(self) -> tuple[FrontierFigure | None, LossFigure | None]:
        """Return what is on the page now: the figures on their visible ranges, with the marks of the budget."""
        figure, loss = self._figure, self._loss
        if figure is not None:
            CN, CD, ND = (
                replace(
                    figure.in_view(plane, *chart.frame.view),
                    next_point=_line(chart.next_point),
                    off_frontier=_line(chart.off_frontier),
                    isoflop=_line(chart.isoflop),
                    region=_line(chart.budget.region),
                )
                for chart, plane in zip(self.charts, figure.planes, strict=True)
            )
            figure = replace(figure, planes=(CN, CD, ND))
        if loss is not None:
            loss = replace(
                loss.in_view(*self.loss.frame.view),
                next_point=_line(self.loss.next_point),
                off_frontier=_line(self.loss.off_frontier),
                budget=_line(self.loss.budget.line),
                region=_line(self.loss.budget.region),
            )
        return figure, loss

    @property
    def _compute(self) -> Compute:
        """How C follows from N and D."""
        return SIX_ND if self._figure is None else self._figure.planes[0].compute

    def budget_at(self, names: tuple[str, str], x: float, y: float) -> float:
        """Return the compute at a position in a chart with axes of these names."""
        return x if names[0] == "C" else float(self._compute.C(x, y))

    def move_budget(
        self,
        C: float | None,
        point: tuple[float, float, float] | None,
        off_frontier: tuple[float, float, float] | None = None,
        tooltips: tuple[str, str] = ("", ""),
    ) -> None:
        """Redraw only what depends on the budget; the cost does not depend on the number of runs.

        With intervals, the region of the next run is drawn as well.

        Parameters
        ----------
        C : float or None
            FLOPs of the isoFLOP line to draw.
        point, off_frontier : tuple of float or None
            N, D and loss of the next run, and of a run off the frontier.
        tooltips : tuple of str
            Tooltips of these two.
        """
        intervals = self._figure.intervals if self._figure is not None and C and point else None
        region = intervals.region(C) if intervals and C else None
        for chart in self.charts:
            models = [at[:2] if at else None for at in (point, off_frontier)]
            chart.move_budget(chart.plane, C, models[0], models[1], region, tooltips)
        compute = self._compute
        next_run, off = ((float(compute.C(at[0], at[1])), at[2]) if at else None for at in (point, off_frontier))
        self.loss.move_budget(C, next_run, off, intervals.at(C)["loss"] if intervals and C else None, tooltips)
        named = [chart for chart, _ in self.all if chart.laws.drawn]
        if any(covers_a_label(chart.budget.markers, chart.laws.drawn, *chart.frame.view) for chart in named):
            self._draw_laws()


def _line(mark: bqplot.Mark) -> Polyline:
    return polyline(mark.x, mark.y)
