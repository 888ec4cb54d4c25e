"""The chart of loss against compute of groups, whose curves carry their names."""

from __future__ import annotations

from collections.abc import Sequence

import bqplot
import numpy as np

from chinchilla_nb.figures import GroupsFigure, polyline
from chinchilla_nb.widgets.base.style import INK, MUTED
from chinchilla_nb.widgets.charts.plots import Frame, set_dots, set_line

__all__ = ["GroupsChart"]

COLOURS = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#b58900",
    "#7b61c9",
    "#4ba3d9",
    "#a0522d",
    "#6b8e23",
    "#d6336c",
    "#5c7c8a",
    "#8c8c8c",
)
"""One colour for each group."""


class GroupsChart:
    """Runs and curves of groups.

    Attributes
    ----------
    frame : Frame
    figure : bqplot.Figure
    dots : bqplot.Scatter
    curves, gaps : bqplot.Lines
    names : bqplot.Label
    """

    def __init__(self) -> None:
        self.frame = Frame(log_y=False)
        self.curves = self.frame.lines(stroke_width=2.2)
        self.gaps = self.frame.lines(colors=[INK], stroke_width=1.5, line_style="dashed")
        self.dots = self.frame.dots(
            colors=[MUTED], default_size=40, tooltip=bqplot.Tooltip(fields=["name"], show_labels=False)
        )
        self.names = self.frame.labels(
            default_size=13,
            font_weight="bold",
            apply_clip=False,
            align="start",
            x_offset=8,
        )
        self.figure = self.frame.figure([self.curves, self.gaps, self.dots, self.names])

    def show(self, figure: GroupsFigure, labels: Sequence[str]) -> None:
        """Draw a figure, with one label for each of the grouped runs."""
        self.frame.show(figure.x, figure.y)
        colours = dict(zip((one.name for one in figure.curves), COLOURS, strict=False))
        of_dots = [colours[one.name] for one in figure.curves for _ in one.runs]
        drawn = [one for one in figure.curves if len(one.line)]
        with self.dots.hold_sync():
            self.dots.colors = of_dots or [MUTED]
            shown = np.concatenate([one.runs for one in figure.curves])
            dots = polyline(*(np.concatenate([getattr(one.dots, axis) for one in figure.curves]) for axis in "xy"))
            set_dots(self.dots, dots, [labels[index] for index in shown])
        with self.curves.hold_sync():
            self.curves.colors = [colours[one.name] for one in drawn] or [MUTED]
            self.curves.x = np.array([one.line.x for one in drawn]) if drawn else np.empty(0)
            self.curves.y = np.array([one.line.y for one in drawn]) if drawn else np.empty(0)
        set_line(
            self.gaps,
            polyline([end for gap in figure.gaps for end in gap.x], [end for gap in figure.gaps for end in gap.y]),
        )
        with self.names.hold_sync():
            self.names.colors = [colours[one.name] for one in drawn] or [INK]
            self.names.x = np.array([one.line.x[-1] for one in drawn])
            self.names.y = np.array([one.label_y for one in drawn])
            self.names.text = [one.label for one in drawn]
