"""What every bqplot chart here is made of: two axes that follow `figures.Axis`, and marks fed with floats."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import bqplot
import ipywidgets
import numpy as np

from chinchilla_nb.figures import PALETTE, Axis, Polyline, zoomed
from chinchilla_nb.widgets.style import OUTLINE

__all__ = ["NOWHERE", "Frame", "set_line", "tick_key"]

NOWHERE = Polyline(np.empty(0), np.empty(0))


class Frame:
    """Two axes with their scales.

    Parameters
    ----------
    log_x, log_y : bool
        Whether a scale is logarithmic.

    Attributes
    ----------
    scales : dict of str to bqplot.Scale
        Of ``"x"`` and ``"y"``.
    axes : dict of str to bqplot.Axis
    """

    def __init__(self, *, log_x: bool = True, log_y: bool = True) -> None:
        self.scales = {
            side: bqplot.LogScale(min=1.0, max=10.0, allow_padding=False)
            if log
            else bqplot.LinearScale(min=0.0, max=1.0, allow_padding=False)
            for side, log in (("x", log_x), ("y", log_y))
        }
        self.axes = {
            "x": bqplot.Axis(scale=self.scales["x"], label_offset="34px"),
            "y": bqplot.Axis(scale=self.scales["y"], side="left", label_offset="46px"),
        }
        self._shown: dict[str, Axis] = {}
        self._moving = False  # while one end of a range has moved and the other not yet

    def show(self, x: Axis, y: Axis) -> None:
        """Take over range, title and ticks."""
        self._shown = {"x": x, "y": y}
        self.reset()

    def reset(self) -> None:
        """Show what was shown before a person panned or zoomed."""
        self._moving = True
        try:
            for side, axis in self._shown.items():
                self._label(side, axis)
                with self.scales[side].hold_sync():
                    self.scales[side].min, self.scales[side].max = axis.low, axis.high
        finally:
            self._moving = False

    def follow_zoom(self) -> None:
        """Label the ranges that a person panned or zoomed to: bqplot keeps the ticks it was given."""
        for side, axis in self._shown.items():
            low, high = self.scales[side].min, self.scales[side].max
            if not self._moving and (low, high) != (axis.low, axis.high) and 0 < low < high:
                self._label(side, zoomed(axis, low, high))

    @property
    def zoomed(self) -> bool:
        """Whether a person panned or zoomed."""
        return any(
            (self.scales[side].min, self.scales[side].max) != (axis.low, axis.high)
            for side, axis in self._shown.items()
        )

    def _label(self, side: str, axis: Axis) -> None:
        drawn = self.axes[side]
        # Labels first and each in a message of its own: new ticks that meet old labels stay labelled with bare numbers.
        drawn.label = axis.title
        drawn.tick_labels = {tick_key(tick): text for tick, text in zip(axis.ticks, axis.tick_labels, strict=True)}
        drawn.tick_values = axis.ticks

    def lines(self, **looks: object) -> bqplot.Lines:
        """Return an empty line on these axes."""
        return bqplot.Lines(x=np.empty(0), y=np.empty(0), scales=self.scales, **looks)

    def dots(self, **looks: object) -> bqplot.Scatter:
        """Return an empty scatter on these axes."""
        return bqplot.Scatter(
            x=np.empty(0), y=np.empty(0), scales=self.scales, display_names=False, names_unique=False, **looks
        )

    def runs(self, size: int) -> bqplot.Scatter:
        """Return an empty scatter of runs: coloured by loss, and told about by hovering."""
        colour = bqplot.ColorScale(colors=list(PALETTE), min=0.0, max=1.0)
        mark = self.dots(
            color=np.empty(0),
            default_size=size,
            stroke=OUTLINE,
            stroke_width=0.75,
            tooltip=bqplot.Tooltip(fields=["name"], show_labels=False),
        )
        mark.scales = {**self.scales, "color": colour}
        return mark

    def figure(self, marks: Sequence[bqplot.Mark], height: str, *, hues: Sequence[int] = ()) -> bqplot.Figure:
        """Return the figure of these marks, as wide as there is room.

        Hues are the places, from 1, of the marks coloured by loss: on a dark page the style sheet turns their colours.
        """
        figure = bqplot.Figure(
            marks=list(marks),
            axes=list(self.axes.values()),
            fig_margin={"top": 8, "bottom": 46, "left": 62, "right": 18},
            padding_x=0.0,
            padding_y=0.0,
            display_toolbar=False,
            layout=ipywidgets.Layout(width="auto", min_width="0", height=height),
        )
        for place in hues:
            figure.add_class(f"cnb-hue-{place}")
        return figure


def tick_key(value: float) -> str:
    """Write a number as JavaScript's ``String(value)`` does: bqplot looks tick labels up by it."""
    digits = Decimal(repr(float(value) + 0.0))  # JavaScript writes -0 as 0
    exponent = digits.adjusted()
    if -7 < exponent < 21:
        text = format(digits, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    mantissa = format(digits.scaleb(-exponent).normalize(), "f")
    return f"{mantissa}e{exponent:+d}"


def set_line(mark: bqplot.Lines | bqplot.Scatter, line: Polyline) -> None:
    """Move a line, or dots, in one message; whoever watches it never sees one coordinate without the other."""
    with mark.hold_sync(), mark.hold_trait_notifications():
        mark.x, mark.y = line.x, line.y
