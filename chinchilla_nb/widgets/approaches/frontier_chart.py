"""The chart of N* against C by approaches 1, 2 and 3."""

from __future__ import annotations

import bqplot

from chinchilla_nb.figures import ApproachesFigure, polyline
from chinchilla_nb.widgets.base.style import ACCENT, INK, MUTED
from chinchilla_nb.widgets.charts.plots import Frame, set_line

__all__ = ["COLOURS", "DASHES", "ThreeFrontiers"]

COLOURS = {"envelope": "var(--cnb-warn)", "isoflop": ACCENT, "parametric": INK}
"""The colour of each approach."""
DASHES = {"envelope": "dotted", "isoflop": "dash_dotted", "parametric": "solid"}
"""The line style of each approach, so that they can be told apart without colours."""
_SHAPES = {"envelope": "circle", "isoflop": "square", "parametric": "diamond"}


class ThreeFrontiers:
    """N* against C with bands.

    Attributes
    ----------
    frame : Frame
    figure : bqplot.Figure
    lines, bands : dict of str to bqplot.Lines
    dots : dict of str to bqplot.Scatter
        What the lines go through, by approach.
    """

    def __init__(self) -> None:
        self.frame = Frame()
        self._budget = self.frame.lines(colors=[MUTED], line_style="dashed", stroke_width=1.3)
        self.lines: dict[str, bqplot.Lines] = {}
        self.bands: dict[str, bqplot.Lines] = {}
        self.dots: dict[str, bqplot.Scatter] = {}
        for name, colour in COLOURS.items():
            self.lines[name] = self.frame.lines(colors=[colour], line_style=DASHES[name], stroke_width=2.2)
            self.bands[name] = self.frame.lines(
                colors=[colour],
                stroke_width=0,
                fill="inside",
                fill_colors=[colour],
                fill_opacities=[0.14],
                close_path=True,
            )
            self.dots[name] = self.frame.dots(colors=[colour], marker=_SHAPES[name], default_size=28)
        marks = [*self.bands.values(), self._budget, *self.lines.values(), *self.dots.values()]
        self.figure = self.frame.figure(marks)

    def show(self, figure: ApproachesFigure) -> None:
        """Draw a figure."""
        self.frame.show(figure.x, figure.y)
        set_line(self._budget, polyline([figure.C, figure.C], [figure.y.low, figure.y.high]))
        for one in figure.curves:
            set_line(self.lines[one.name], one.line)
            set_line(self.bands[one.name], one.band)
            set_line(self.dots[one.name], one.dots)
