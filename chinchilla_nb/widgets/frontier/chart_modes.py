"""The modes of the mouse on the charts: set the budget, pan and zoom, or select runs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import bqplot
import ipywidgets
import numpy as np
from bqplot.interacts import BrushSelector, LassoSelector, PanZoom
from numpy.typing import NDArray

from chinchilla_nb.figures import NOTHING
from chinchilla_nb.widgets.base.echo import Writing
from chinchilla_nb.widgets.base.guard import Guard, guarded
from chinchilla_nb.widgets.base.style import ACCENT
from chinchilla_nb.widgets.base.throttle import Throttle
from chinchilla_nb.widgets.charts.budget_marks import BudgetMarks
from chinchilla_nb.widgets.charts.loss_chart import LossChart
from chinchilla_nb.widgets.charts.plane_chart import PlaneChart
from chinchilla_nb.widgets.charts.plots import Frame, set_line
from chinchilla_nb.widgets.charts.run_dots import RunDots
from chinchilla_nb.widgets.frontier.frontier_charts import FrontierCharts

__all__ = ["BUDGET", "LASSO", "SELECT", "ZOOM", "ChartModes"]

BUDGET, ZOOM, SELECT, LASSO = "Set budget", "Pan / zoom", "Select runs", "Lasso"
_HINTS = {
    BUDGET: "Click a chart, or drag ◆ or the dashed line. A click on a run selects it.",
    ZOOM: "Drag to pan, scroll to zoom. Charts with the same axis of C move together. A click on a run selects it.",
    SELECT: "Drag a box around runs, or click single ones.",
    LASSO: "Draw around runs, or click single ones; a further line adds those inside it.",
}

DRAG_PERIOD, ZOOM_PERIOD = 0.06, 0.1
"""Seconds between two handled positions of a drag, and between two handled zooms."""

Ends = tuple[tuple[float, float], tuple[float, float]]


class ChartModes(ipywidgets.Box):
    """Buttons that choose the mode of the mouse, and the callbacks behind them.

    Parameters
    ----------
    guard : Guard
    charts : FrontierCharts
    on_budget : callable
        Called with FLOPs when the user clicks a chart, or drags the next run or the line of the budget.
    on_zoom : callable
        Called when the user pans, zooms, or resets the zoom.
    on_region : callable
        Called with the names of a chart's axes and the ends of the box drawn in it; with None when it is cleared.
    on_rows : callable
        Called with the names of a chart's axes and the rows of the log inside the lassos drawn in it.
    on_row : callable
        Called with the names of a chart's axes and the row of the log whose dot was clicked in it.

    Attributes
    ----------
    mode : ToggleButtons
    reset : Button
        Undoes panning and zooming.
    hint : HTML
        How to use the mouse, to be shown above the charts.
    """

    def __init__(
        self,
        guard: Guard,
        charts: FrontierCharts,
        on_budget: Callable[[float], None],
        on_zoom: Callable[[], None],
        on_region: Callable[[tuple[str, str] | None, Ends | None], None],
        on_rows: Callable[[tuple[str, str], NDArray[np.intp]], None],
        on_row: Callable[[tuple[str, str], int], None],
    ) -> None:
        self.guard, self._charts = guard, charts
        self._on_budget, self._on_zoom, self._on_region = on_budget, on_zoom, on_region
        self._on_rows, self._on_row = on_rows, on_row
        self._heard: set[bqplot.Mark] = set()  # marks of runs whose clicks and lassos are observed
        self._drag = Throttle(self._follow_drag, DRAG_PERIOD)
        self._zoom = Throttle(self._follow_zoom, ZOOM_PERIOD)
        self._brush: BrushSelector | LassoSelector | None = None  # the one with the current box or lasso
        self._dropping = Writing()
        self.mode = ipywidgets.ToggleButtons(options=list(_HINTS), tooltips=list(_HINTS.values()))
        self.mode.style.button_width = "112px"
        self.reset = ipywidgets.Button(description="Reset zoom", tooltip="Show the whole range again", disabled=True)
        self.reset.layout.width = "128px"
        self.hint = ipywidgets.HTML()
        super().__init__([self.mode, self.reset])
        self.add_class("cnb-bar")
        self.add_class("cnb-modes")
        self.mode.observe(self._choose, "value")
        self.reset.on_click(self._reset)
        for chart, names in charts.all:
            marks = chart.budget
            marks.clicks.observe(partial(self._clicked, marks, names), "x")
            for mark in marks.draggable:
                mark.on_drag(partial(self._dragged, names))
                mark.observe(partial(self._dropped, marks, names), ["x", "y"])
            self._follow_scales(chart.frame)
            chart.frame.on_rescale(partial(self._rescaled, chart.frame))
        self.follow_marks()
        self._choose()

    def _follow_scales(self, frame: Frame) -> None:
        for scale in frame.scales.values():
            scale.unobserve_all()
            scale.observe(partial(self._zoomed, frame), ["min", "max"])

    def _rescaled(self, frame: Frame) -> None:
        """Let the mouse work on the scales that a chart has now."""
        self._follow_scales(frame)
        self._choose()

    def follow_marks(self) -> None:
        """Hear the clicks on the marks that show runs now, and the lassos around them."""
        new = False
        for chart, names in self._charts.all:
            for mark, _ in chart.dots.places:
                if mark not in self._heard:
                    new = True
                    self._heard.add(mark)
                    mark.on_element_click(partial(self._picked, chart.dots, names))
                    mark.observe(partial(self._lassoed, chart.dots, names), "selected")
        if new and self.mode.value == LASSO:
            self.drop()

    def drop(self) -> None:
        """Remove the boxes and lassos drawn on the charts."""
        self._brush = None
        with self._dropping:
            for chart, names in self._charts.all:
                for mark, _ in chart.dots.places:
                    mark.selected = None
                if self.mode.value in (SELECT, LASSO):
                    chart.figure.interaction = self._interaction(self.mode.value, chart, names)

    @guarded
    def _choose(self, _change: Any = None) -> None:
        mode, self._brush = self.mode.value, None
        self.hint.value = f'<span class="cnb-muted">{_HINTS[mode]}</span>'
        for chart, names in self._charts.all:
            chart.figure.interaction = self._interaction(mode, chart, names)
            for mark in chart.budget.draggable:
                mark.enable_move = mode == BUDGET
            for one in _HINTS:
                (chart.figure.add_class if one == mode else chart.figure.remove_class)(_css_class(one))

    def _interaction(self, mode: str, chart: PlaneChart | LossChart, names: tuple[str, str]) -> Any:
        frame = chart.frame
        if mode == BUDGET:
            return None
        if mode == LASSO:
            return LassoSelector(marks=[mark for mark, _ in chart.dots.places], color=ACCENT)
        if mode == ZOOM:
            return PanZoom(scales={side: [scale] for side, scale in frame.scales.items()})
        brush = BrushSelector(x_scale=frame.scales["x"], y_scale=frame.scales["y"], color=ACCENT)
        brush.observe(partial(self._brushed, names), ["brushing", "selected_x", "selected_y"])
        return brush

    @guarded
    def _brushed(self, names: tuple[str, str], change: Any) -> None:
        brush = change["owner"]
        x, y = brush.selected_x, brush.selected_y
        if brush.brushing:
            return  # intermediate states, while the mouse moves, are not needed
        if x is not None and y is not None and len(x) == len(y) == 2:
            self._drop_others(brush)
            self._on_region(names, ((min(x), max(x)), (min(y), max(y))))
        elif brush is self._brush:
            self._on_region(None, None)

    def _drop_others(self, brush: BrushSelector | LassoSelector) -> None:
        """Keep one box at a time: a new brush has none, so that replacing that of the other chart removes its box."""
        before, self._brush = self._brush, brush
        for chart, names in self._charts.all:
            if before is not None and before is not brush and chart.figure.interaction is before:
                with self._dropping:
                    for mark, _ in chart.dots.places:
                        mark.selected = None
                    chart.figure.interaction = self._interaction(self.mode.value, chart, names)

    @guarded
    def _lassoed(self, dots: RunDots, names: tuple[str, str], _change: Any) -> None:
        if self._dropping or self.mode.value != LASSO:
            return
        chart = next(chart for chart, _ in self._charts.all if chart.dots is dots)
        self._drop_others(chart.figure.interaction)
        inside = [rows[_indices(mark, len(rows))] for mark, rows in dots.places]
        self._on_rows(names, np.concatenate(inside))

    @guarded
    def _picked(self, dots: RunDots, names: tuple[str, str], mark: bqplot.Scatter, content: Any) -> None:
        row = dots.row_clicked(mark, content)
        if row is not None:
            self._on_row(names, row)

    @guarded
    def _clicked(self, marks: BudgetMarks, names: tuple[str, str], change: Any) -> None:
        if not len(change["new"]):
            return
        clicks = marks.clicks
        place = (float(clicks.x[-1]), float(clicks.y[-1])) if len(clicks.y) else None
        set_line(clicks, NOTHING)
        if place is not None and self.mode.value == BUDGET:
            self._on_budget(self._charts.budget_at(names, *place))

    @guarded
    def _dragged(self, names: tuple[str, str], _mark: bqplot.Scatter, content: Any) -> None:
        self._drag.submit(self._charts.budget_at(names, content["point"]["x"], content["point"]["y"]))

    @guarded
    def _dropped(self, marks: BudgetMarks, names: tuple[str, str], change: Any) -> None:
        # Not bqplot's message at the end of a drag, which may arrive before the new position of the dot.
        place = marks.dropped(change["owner"])
        if place is not None:
            self._drag.submit(self._charts.budget_at(names, *place))

    @guarded
    def _follow_drag(self, C: float) -> None:
        self._on_budget(C)

    @guarded
    def _zoomed(self, frame: Frame, _change: Any) -> None:
        if frame.writing:
            return
        self._link(frame)
        self.reset.disabled = not any(frame.zoomed for frame in self._charts.frames)
        if not self.reset.disabled:
            self._zoom.submit()

    def _link(self, frame: Frame) -> None:
        """Give all axes of C the range of the one that has just been panned or zoomed."""
        names = {chart.frame: name for chart, (name, _) in self._charts.all}
        if names[frame] != "C":
            return
        moved = frame.scales["x"]
        for other, name in names.items():
            scale = other.scales["x"]
            if name == "C" and (scale.min, scale.max) != (moved.min, moved.max):
                with other.writing, scale.hold_sync():
                    scale.min, scale.max = moved.min, moved.max

    @guarded
    def _follow_zoom(self) -> None:
        self._on_zoom()

    @guarded
    def _reset(self, _button: Any) -> None:
        for frame in self._charts.frames:
            frame.reset()
        self.reset.disabled = True
        self._zoom.submit()


def _indices(mark: bqplot.Scatter, count: int) -> NDArray[np.intp]:
    """Return which dots of a mark a lasso holds; a page may send what it likes."""
    found = np.atleast_1d(np.asarray([] if mark.selected is None else mark.selected, dtype=float))
    return found[(found >= 0) & (found < count)].astype(np.intp)


def _css_class(mode: str) -> str:
    """Return the CSS class of a mode, which chooses the shape of the mouse pointer."""
    return {BUDGET: "cnb-set-budget", ZOOM: "cnb-pan", SELECT: "cnb-select", LASSO: "cnb-lasso"}[mode]
