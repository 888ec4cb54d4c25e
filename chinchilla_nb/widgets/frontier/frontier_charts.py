"""The frontier figure drawn with bqplot: marks are created once and updated in place."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets

from chinchilla_nb.figures import FrontierFigure, LossFigure
from chinchilla_nb.widgets.charts.legend import frontier_key
from chinchilla_nb.widgets.charts.loss_chart import LossChart
from chinchilla_nb.widgets.charts.plane_chart import HEIGHT, PlaneChart
from chinchilla_nb.widgets.charts.plots import Frame

__all__ = ["FrontierCharts"]


class FrontierCharts(ipywidgets.Box):
    """The planes C-N, C-D and N-D and loss against compute, with one key; narrow pages stack them.

    Attributes
    ----------
    charts : tuple of PlaneChart
    loss : LossChart
    key : HTML
        The loss scale and what the lines mean.
    tools : VBox
        Takes what room is left next to the charts.
    """

    def __init__(self) -> None:
        self.charts = (PlaneChart(), PlaneChart(), PlaneChart())
        self.loss = LossChart(HEIGHT)
        self._figure: FrontierFigure | None = None
        self.key, self.tools = ipywidgets.HTML(), ipywidgets.VBox()
        self.key.add_class("cnb-key")
        self.tools.add_class("cnb-tools")
        super().__init__([self.key, *(chart.figure for chart in self.charts), self.loss.figure, self.tools])
        self.add_class("cnb-charts")

    @property
    def all(self) -> tuple[tuple[PlaneChart | LossChart, tuple[str, str]], ...]:
        """Every chart with the names of its axes."""
        CN, CD, ND = self.charts
        return (CN, ("C", "N")), (CD, ("C", "D")), (ND, ("N", "D")), (self.loss, ("C", "loss"))

    @property
    def frames(self) -> tuple[Frame, ...]:
        """The axes of every chart."""
        return tuple(chart.frame for chart, _ in self.all)

    def show(
        self,
        figure: FrontierFigure,
        loss: LossFigure | None,
        labels: Sequence[str],
        excluded_labels: Sequence[str] = (),
    ) -> None:
        """Draw the figures; where a person panned or zoomed, they go on seeing that part.

        Parameters
        ----------
        figure : FrontierFigure
        loss : LossFigure or None
            None where there is no run.
        labels, excluded_labels : sequence of str
            What hovering says of each run that is drawn, as plain text.
        """
        self._figure = figure
        for chart, plane in zip(self.charts, figure.planes, strict=True):
            chart.show_runs(plane, figure.colour, labels, excluded_labels)
            chart.show_curves(figure.in_view(plane, *chart.frame.view))
        self.loss.show(loss, labels, excluded_labels)
        self.key.value = frontier_key(figure, loss)

    def follow_zoom(self) -> None:
        """Draw ticks and curves for what a person panned or zoomed to; no run moves."""
        for frame in self.frames:
            frame.follow_zoom()
        for chart, plane in zip(self.charts, self._figure.planes if self._figure else (), strict=False):
            if self._figure is not None and chart.moved:
                chart.show_curves(self._figure.in_view(plane, *chart.frame.view))
        self.loss.show_frontier()

    def move_budget(
        self,
        C: float | None,
        point: tuple[float, float, float] | None,
        off_frontier: tuple[float, float, float] | None = None,
        words: tuple[str, str] = ("", ""),
    ) -> None:
        """Draw what depends on the budget; the rest stays untouched, however many runs there are.

        Parameters
        ----------
        C : float or None
            FLOPs whose isoFLOP line to draw.
        point, off_frontier : tuple of float or None
            N, D and loss of the next run, and of one off the frontier.
        words : tuple of str
            What hovering says of the two.
        """
        for chart in self.charts:
            chart.move_budget(
                chart.plane, C, point[:2] if point else None, off_frontier[:2] if off_frontier else None, words
            )
        next_run, off = ((6 * at[0] * at[1], at[2]) if at else None for at in (point, off_frontier))
        self.loss.move_budget(C, next_run, off, words)
