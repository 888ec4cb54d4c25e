"""The chart of loss against compute of groups, whose curves carry their names."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chinchilla_nb.figures import GroupsFigure, joined
from chinchilla_nb.widgets.base.style import INK, MUTED
from chinchilla_nb.widgets.charts.group_dots import GroupDots, group_colour
from chinchilla_nb.widgets.charts.plots import Frame, set_line

__all__ = ["GroupsChart"]


class GroupsChart:
    """Runs and curves of groups.

    Attributes
    ----------
    frame : Frame
    figure : bqplot.Figure
    dots : GroupDots
    curves, gaps : bqplot.Lines
    names : bqplot.Label
    """

    def __init__(self) -> None:
        self.frame = Frame(log_y=False)
        self.curves = self.frame.lines(stroke_width=2.2)
        self.gaps = self.frame.lines(colors=[INK], stroke_width=1.5, line_style="dashed")
        self.dots = GroupDots(self.frame)
        self.names = self.frame.labels(
            default_size=13,
            font_weight="bold",
            apply_clip=False,
            align="start",
            x_offset=8,
        )
        self.figure = self.frame.figure([self.curves, self.gaps, self.names])

    def show(self, figure: GroupsFigure, labels: Sequence[str], looks: Sequence[int]) -> None:
        """Draw a figure, with one label for each of the grouped runs and the look of each group by its index."""
        self.frame.show(figure.x, figure.y)
        shown = np.concatenate([one.runs for one in figure.curves])
        dots = joined(one.dots for one in figure.curves)
        groups = np.repeat(looks, [len(one.runs) for one in figure.curves])
        self.dots.show(dots, [labels[index] for index in shown], groups, self.figure, self.curves)
        drawn = [(one, group_colour(look)) for one, look in zip(figure.curves, looks, strict=True) if len(one.line)]
        with self.curves.hold_sync():
            self.curves.colors = [colour for _, colour in drawn] or [MUTED]
            self.curves.x = np.array([one.line.x for one, _ in drawn]) if drawn else np.empty(0)
            self.curves.y = np.array([one.line.y for one, _ in drawn]) if drawn else np.empty(0)
        set_line(self.gaps, joined(figure.gaps))
        with self.names.hold_sync():
            self.names.colors = [colour for _, colour in drawn] or [INK]
            self.names.x = np.array([one.line.x[-1] for one, _ in drawn])
            self.names.y = np.array([one.label_y for one, _ in drawn])
            self.names.text = [one.label for one, _ in drawn]
