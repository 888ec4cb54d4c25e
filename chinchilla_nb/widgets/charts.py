"""The frontier figure drawn with bqplot: marks are created once and updated in place."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import bqplot
import ipywidgets
import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.figures import PALETTE, FrontierFigure, IsoLoss, LossFigure, LossScale, Plane
from chinchilla_nb.widgets.loss_chart import LossChart
from chinchilla_nb.widgets.plots import NOWHERE, Frame, set_line, tick_key
from chinchilla_nb.widgets.style import ACCENT, INK, MUTED, shade

__all__ = ["FrontierCharts", "PlaneChart", "tick_key"]

HEIGHT = "310px"


class FrontierCharts(ipywidgets.Box):
    """The planes C-N, C-D and N-D and loss against compute, with one key; narrow pages stack them.

    Attributes
    ----------
    charts : tuple of PlaneChart
    loss : LossChart
    key : HTML
        The loss scale and what the lines mean.
    aside : VBox
        Takes what room is left beside the charts.
    """

    def __init__(self) -> None:
        self.charts = (PlaneChart(), PlaneChart(), PlaneChart())
        self.loss = LossChart(HEIGHT)
        self.key, self.aside = ipywidgets.HTML(), ipywidgets.VBox()
        self.key.add_class("cnb-key")
        self.aside.add_class("cnb-aside")
        super().__init__([self.key, *(chart.figure for chart in self.charts), self.loss.figure, self.aside])
        self.add_class("cnb-charts")

    @property
    def frames(self) -> tuple[Frame, ...]:
        """The axes of every chart."""
        return (*(chart.frame for chart in self.charts), self.loss.frame)

    def show(self, figure: FrontierFigure, loss: LossFigure | None, labels: Sequence[str]) -> None:
        """Draw the figures.

        Parameters
        ----------
        figure : FrontierFigure
        loss : LossFigure or None
            None where there is no run.
        labels : sequence of str
            What hovering says of each run that is drawn, as plain text.
        """
        for chart, plane in zip(self.charts, figure.planes, strict=True):
            chart.show(plane, figure.colour, labels)
        self.loss.show(loss, labels)
        self.key.value = _key(figure)

    def move_budget(
        self,
        figure: FrontierFigure,
        C: float | None,
        point: tuple[float, float, float] | None,
        beside: tuple[float, float, float] | None = None,
    ) -> None:
        """Draw what depends on the budget; the rest stays untouched, however many runs there are.

        Parameters
        ----------
        figure : FrontierFigure
        C : float or None
            FLOPs whose isoFLOP line to draw.
        point, beside : tuple of float or None
            N, D and loss of the next run, and of one off the frontier.
        """
        for chart, plane in zip(self.charts, figure.planes, strict=True):
            chart.move_budget(plane, C, point[:2] if point else None, beside[:2] if beside else None)
        self.loss.move_budget(*((6 * at[0] * at[1], at[2]) if at else None for at in (point, beside)))


class PlaneChart:
    """One log-log chart.

    Attributes
    ----------
    figure : bqplot.Figure
    runs, next_point, beside : bqplot.Scatter
    clicks : bqplot.Scatter
        Invisible: a click on the ground of the chart adds a dot to it, which is how bqplot says where.
    iso_loss, frontier, regime, isoflop : bqplot.Lines
    levels : bqplot.Label
        Losses, on their curves.
    """

    def __init__(self) -> None:
        self.frame = Frame()
        self.iso_loss = self.frame.lines(stroke_width=1.2)
        self.regime = self.frame.lines(colors=[MUTED], line_style="dotted", stroke_width=2.0)
        self.isoflop = self.frame.lines(colors=[ACCENT], line_style="dashed", stroke_width=1.5)
        self.frontier = self.frame.lines(colors=[INK], stroke_width=2.5)
        self.runs = self.frame.runs(42)
        self.levels = bqplot.Label(
            x=np.empty(0),
            y=np.empty(0),
            text=[],
            scales=self.frame.scales,
            colors=[INK],
            default_size=11,
            font_weight="normal",
            apply_clip=False,
            align="middle",
        )
        self.beside = self.frame.dots(marker="circle", colors=[ACCENT], fill=False, default_size=110, stroke_width=2.5)
        self.next_point = self.frame.dots(marker="diamond", colors=[ACCENT], default_size=130)
        self._placed = NOWHERE
        self.clicks = self.frame.dots(opacities=[0.0], interactions={"click": "add"})
        above = [self.levels, self.beside, self.clicks, self.next_point]
        self.figure = self.frame.figure(
            [self.iso_loss, self.regime, self.isoflop, self.frontier, self.runs, *above], HEIGHT, hues=(1, 5)
        )

    @property
    def dropped(self) -> tuple[float, float] | None:
        """Where a person dropped the next point; None while it is where it was drawn."""
        x, y = self.next_point.x, self.next_point.y
        if len(x) != 1 or len(y) != 1 or (x[0], y[0]) == (*self._placed.x, *self._placed.y):
            return None
        return float(x[0]), float(y[0])

    def show(self, plane: Plane, colour: NDArray[np.float64], labels: Sequence[str]) -> None:
        """Draw a plane; colours are places on the loss scale."""
        self.frame.show(plane.x, plane.y)
        with self.runs.hold_sync():
            self.runs.x, self.runs.y = plane.dots.x, plane.dots.y
            self.runs.color, self.runs.names = colour, np.array(labels, dtype=str)
        _set_curves(self.iso_loss, plane.iso_loss)
        _set_levels(self.levels, plane.iso_loss)
        set_line(self.frontier, plane.frontier)
        set_line(self.regime, plane.regime)

    def move_budget(
        self,
        plane: Plane,
        C: float | None,
        point: tuple[float, float] | None,
        beside: tuple[float, float] | None = None,
    ) -> None:
        """Draw the models a budget buys, the one to train, and one off the frontier; None draws nothing."""
        set_line(self.isoflop, plane.budget_line(C) if C else NOWHERE)
        self._placed = plane.project(*point) if point else NOWHERE
        set_line(self.next_point, self._placed)
        set_line(self.beside, plane.project(*beside) if beside else NOWHERE)


def _set_curves(mark: bqplot.Lines, curves: Sequence[IsoLoss]) -> None:
    # One mark draws all curves, as rows of a matrix; shorter ones stay at their last point.
    longest = max((len(curve.line) for curve in curves), default=0)
    x, y = (
        np.array([np.pad(values, (0, longest - len(values)), "edge") for values in rows])
        for rows in ([curve.line.x for curve in curves], [curve.line.y for curve in curves])
    )
    with mark.hold_sync():
        mark.colors = [shade(curve.colour) for curve in curves] or [MUTED]
        mark.x, mark.y = x, y


def _set_levels(mark: bqplot.Label, curves: Sequence[IsoLoss]) -> None:
    labelled = [curve for curve in curves if curve.label]
    with mark.hold_sync():
        mark.x = np.array([curve.line.x[curve.label_at] for curve in labelled])
        mark.y = np.array([curve.line.y[curve.label_at] for curve in labelled])
        mark.text = [curve.label for curve in labelled]


def _key(figure: FrontierFigure) -> str:
    plane = figure.planes[0]
    items = [f'<span class="cnb-item">Loss&nbsp;{_loss_bar(figure.loss)}</span>'] if len(plane.dots) else []
    if plane.iso_loss:
        items.append(_item(f'class="cnb-hue" stroke="{shade(0.5)}" stroke-width="1.5"', "Iso-loss curve"))
    if len(plane.frontier):
        items.append(_item('stroke="var(--cnb-ink)" stroke-width="2.5"', "Efficient frontier"))
    items.append(_item('stroke="var(--cnb-accent)" stroke-width="1.5" stroke-dasharray="5 3"', "Budget"))
    if len(plane.frontier):
        diamond = '<svg width="26" height="14"><path d="M13 1L18 7L13 13L8 7Z" fill="var(--cnb-accent)"/></svg>'
        items.append(f'<span class="cnb-item">{diamond}Next run</span>')
    if len(plane.regime):
        items.append(_item('stroke="var(--cnb-muted)" stroke-width="1.5" stroke-dasharray="2 3"', "Seed regime"))
    if len(plane.dots):
        items.append(_item('stroke="var(--cnb-muted)" stroke-width="2" stroke-dasharray="2 3"', "Lowest loss so far"))
    if figure.note:
        items.append(f'<span class="cnb-item cnb-muted">{escape(figure.note)}</span>')
    return f'<div class="cnb-legend">{"".join(items)}</div>'


def _item(stroke: str, name: str) -> str:
    line = f'<svg width="26" height="10"><line x1="0" y1="5" x2="26" y2="5" {stroke}/></svg>'
    return f'<span class="cnb-item">{line}{escape(name)}</span>'


def _loss_bar(scale: LossScale) -> str:
    places = scale.normalise(scale.ticks)
    ticks = "".join(
        f'<b style="left:{100 * place:.1f}%">{escape(label)}</b>'
        for place, label in zip(places, scale.tick_labels, strict=True)
    )
    return (
        f'<span class="cnb-scale"><i style="background:linear-gradient(90deg,{",".join(PALETTE)})"></i>{ticks}</span>'
    )
