"""What the mouse does on the charts: set the budget, pan and zoom, or select runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import bqplot
import ipywidgets
from bqplot.interacts import BrushSelector, PanZoom

from chinchilla_nb.widgets.charts import FrontierCharts, PlaneChart
from chinchilla_nb.widgets.plots import NOWHERE, Frame
from chinchilla_nb.widgets.style import ACCENT

__all__ = ["BUDGET", "SELECT", "ZOOM", "ChartModes"]

BUDGET, ZOOM, SELECT = "Set budget", "Pan, zoom", "Select runs"

DRAG_PERIOD = 0.06
"""Seconds between two positions that are followed; the last one, where the mouse lets go, always is."""

Ends = tuple[tuple[float, float], tuple[float, float]]


class ChartModes(ipywidgets.Box):
    """Buttons that choose what the mouse does, and the listeners behind them.

    Parameters
    ----------
    charts : FrontierCharts
    on_budget : callable
        Called with FLOPs when a person clicks on a chart, or drags the next run.
    on_region : callable
        Called with the names of a plane's axes and the ends of the region selected in it; with None when it is gone.

    Attributes
    ----------
    mode : ToggleButtons
    reset : Button
        Undoes pan and zoom.
    """

    def __init__(
        self,
        charts: FrontierCharts,
        on_budget: Callable[[float], None],
        on_region: Callable[[tuple[str, str] | None, Ends | None], None],
    ) -> None:
        self._charts, self._on_budget, self._on_region = charts, on_budget, on_region
        self._dragged_at = 0.0
        self._lock = threading.Lock()
        self.mode = ipywidgets.ToggleButtons(
            options=[BUDGET, ZOOM, SELECT],
            tooltips=[
                "Click on a chart, or drag the diamond, to set the budget",
                "Drag to pan, turn the wheel to zoom",
                "Drag a box around runs to list them",
            ],
        )
        self.mode.style.button_width = "112px"
        self.reset = ipywidgets.Button(description="Reset zoom", tooltip="Show everything again", disabled=True)
        self.reset.layout.width = "128px"
        super().__init__([self.mode, self.reset])
        self.add_class("cnb-bar")
        self.mode.observe(self._choose, "value")
        self.reset.on_click(self._reset)
        for chart, names in zip(charts.charts, (("C", "N"), ("C", "D"), ("N", "D")), strict=True):
            chart.clicks.observe(partial(self._clicked, chart, names), "x")
            chart.next_point.on_drag(partial(self._dragged, names))
            chart.next_point.observe(partial(self._dropped, chart, names), ["x", "y"])
        for frame in charts.frames:
            for scale in frame.scales.values():
                scale.observe(partial(self._zoomed, frame), ["min", "max"])
        self._choose()

    def _choose(self, _change: Any = None) -> None:
        mode = self.mode.value
        for chart, names in zip(self._charts.charts, (("C", "N"), ("C", "D"), ("N", "D")), strict=True):
            chart.figure.interaction = self._interaction(mode, chart, names)
            chart.next_point.enable_move = mode == BUDGET
        self._charts.loss.figure.interaction = _pan_zoom(self._charts.loss.frame.scales) if mode == ZOOM else None
        if mode != SELECT:
            self._on_region(None, None)

    def _interaction(self, mode: str, chart: PlaneChart, names: tuple[str, str]) -> Any:
        if mode == ZOOM:
            return _pan_zoom(chart.frame.scales)
        if mode == BUDGET:
            return None
        brush = BrushSelector(x_scale=chart.frame.scales["x"], y_scale=chart.frame.scales["y"], color=ACCENT)
        brush.observe(partial(self._brushed, names), ["brushing", "selected_x", "selected_y"])
        return brush

    def _brushed(self, names: tuple[str, str], change: Any) -> None:
        brush = change["owner"]
        x, y = brush.selected_x, brush.selected_y
        if brush.brushing:
            return  # what the page says while the mouse moves nobody needs
        if x is None or y is None or len(x) != 2 or len(y) != 2:
            self._on_region(None, None)
        else:
            self._on_region(names, ((min(x), max(x)), (min(y), max(y))))

    def _clicked(self, chart: PlaneChart, names: tuple[str, str], change: Any) -> None:
        if not len(change["new"]):
            return
        place = (float(chart.clicks.x[-1]), float(chart.clicks.y[-1])) if len(chart.clicks.y) else None
        with chart.clicks.hold_sync():
            chart.clicks.x, chart.clicks.y = NOWHERE.x, NOWHERE.y
        if place is not None and self.mode.value == BUDGET:
            self._on_budget(_budget_at(names, *place))

    def _dragged(self, names: tuple[str, str], _mark: bqplot.Scatter, content: Any) -> None:
        with self._lock:
            if time.monotonic() - self._dragged_at < DRAG_PERIOD:
                return
            self._on_budget(_budget_at(names, content["point"]["x"], content["point"]["y"]))
            self._dragged_at = time.monotonic()

    def _dropped(self, chart: PlaneChart, names: tuple[str, str], _change: Any) -> None:
        # Not bqplot's own message at the end of a drag: that one may overtake the new place of the dot.
        place = chart.dropped
        if place is not None:
            self._on_budget(_budget_at(names, *place))

    def _zoomed(self, frame: Frame, _change: Any) -> None:
        frame.follow_zoom()
        self.reset.disabled = not any(one.zoomed for one in self._charts.frames)

    def _reset(self, _button: Any) -> None:
        for frame in self._charts.frames:
            frame.reset()
        self.reset.disabled = True


def _pan_zoom(scales: dict[str, Any]) -> PanZoom:
    return PanZoom(scales={side: [scale] for side, scale in scales.items()})


def _budget_at(names: tuple[str, str], x: float, y: float) -> float:
    """Return the compute of a place in a plane."""
    return x if names[0] == "C" else 6 * x * y
