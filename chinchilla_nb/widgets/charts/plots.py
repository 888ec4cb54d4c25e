"""Building blocks of all bqplot charts here: two axes that follow `figures.Axis`, and marks that take floats."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TypeVar

import bqplot
import ipywidgets
import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.figures import Axis, Polyline, axes_in_words, label_width, linearised, loss_steps, zoomed
from chinchilla_nb.widgets.base.echo import Writing
from chinchilla_nb.widgets.base.palette import LOSS_COLOURS
from chinchilla_nb.widgets.base.style import ACCENT, MUTED

__all__ = [
    "BAND",
    "BUDGET_GRIP",
    "ENVELOPE",
    "EXCLUDED",
    "NEXT_RUN",
    "PAPER",
    "REGION",
    "SEED_REGIME",
    "SELECTED",
    "STACKED",
    "Frame",
    "dot_area",
    "set_dots",
    "set_line",
    "tick_key",
]

M = TypeVar("M", bound=bqplot.Mark)

MANY = 500
"""Number of runs from which dots are drawn small, so that what lies beneath them stays visible."""

PAPER = "var(--cnb-paper, #ffffff)"
"""The background colour of a panel: hollow dots are filled with it, so that they hide what lies beneath."""

# bqplot gives marks no CSS class of their own, so the style sheets find marks by the names of these colours: to make
# dashes finer, and to show with the mouse pointer what can be dragged.
RUN_OUTLINE = "var(--cnb-run-outline, #808080)"
SEED_REGIME = "var(--cnb-seed-regime, #6b6b6b)"
ENVELOPE = "var(--cnb-envelope, #6b6b6b)"
BUDGET_GRIP = "var(--cnb-budget-grip, #00796b)"
BAND = "var(--cnb-band, #6b6b6b)"
REGION = "var(--cnb-region, #00796b)"
NEXT_RUN = "var(--cnb-next-run, #00796b)"
EXCLUDED = "var(--cnb-excluded, #6b6b6b)"
STACKED = "var(--cnb-stacked, #212121)"
SELECTED = "var(--cnb-selected, #00796b)"
TOOLTIP_STYLE = {
    "opacity": 1,
    "color": "var(--jp-ui-font-color1, #212121)",
    "background-color": "var(--jp-layout-color1, #ffffff)",
}
"""bqplot's own tooltips are orange in dark themes, and what is behind them shines through."""

TITLE_OFFSET, TITLE_WIDTH = 46, 12
"""Pixels from an upright axis to its title, unless its labels are wide, and from there to the edge of the chart."""
BESIDE_LABELS = 10
"""Pixels that the title is further from the axis than a label is wide."""


class Frame:
    """Two axes with their scales.

    Parameters
    ----------
    log_x, log_y : bool
        Whether a scale is logarithmic before `show` is called with other axes.

    Attributes
    ----------
    scales : dict of str to bqplot.Scale
        Keys are ``"x"`` and ``"y"``.
    axes : dict of str to bqplot.Axis
    writing : Writing
        True while `show` or `reset` changes the ranges, one end after the other.
    """

    def __init__(self, *, log_x: bool = True, log_y: bool = True) -> None:
        self._log = {"x": log_x, "y": log_y}
        self._kinds = {(side, log): _scale(log) for side, log in self._log.items()}
        self.scales = {side: self._kinds[side, log] for side, log in self._log.items()}
        self._marks: list[bqplot.Mark] = []
        self._linear = False
        self._given: tuple[Axis, Axis] | None = None
        self._on_rescale: list[Callable[[], None]] = []
        # Hidden until there is something to show: before that an axis has no title and no ticks.
        self.axes = {
            "x": bqplot.Axis(scale=self.scales["x"], label_offset="34px", visible=False),
            "y": bqplot.Axis(scale=self.scales["y"], side="left", label_offset=f"{TITLE_OFFSET}px", visible=False),
        }
        self._title_offset = TITLE_OFFSET
        self._figures: list[bqplot.Figure] = []
        self.writing = Writing()
        self._whole: dict[str, Axis] = {}
        self._ranges: dict[str, tuple[float, float]] = {}  # as last set by `reset`

    def show(self, x: Axis, y: Axis) -> None:
        """Set scale, range, title and ticks.

        If the user has panned or zoomed, the range stays theirs until `reset` or until a scale becomes another.
        """
        self._given = x, y
        x, y = (linearised(axis) if self._linear else axis for axis in (x, y))
        zoomed, changed = self.zoomed, {side: axis.log for side, axis in (("x", x), ("y", y))} != self._log
        self._whole = {"x": x, "y": y}
        if changed:
            self._rescale()
        if changed or not zoomed:
            self.reset()

    def linearise(self, linear: bool) -> None:
        """Show logarithmic axes as linear ones with the same ends, or as they are given again."""
        self._linear = linear
        if self._given is not None:
            self.show(*self._given)

    def on_rescale(self, callback: Callable[[], None]) -> None:
        """Run the callback whenever a scale has become logarithmic or linear; `scales` then holds another one."""
        self._on_rescale.append(callback)

    def _rescale(self) -> None:
        """Give axes and marks scales of the kinds that the axes ask for."""
        self._log = {side: axis.log for side, axis in self._whole.items()}
        for side, log in self._log.items():
            if (side, log) not in self._kinds:
                self._kinds[side, log] = _scale(log)
        self.scales = {side: self._kinds[side, log] for side, log in self._log.items()}
        with self.writing:
            for side, axis in self._whole.items():
                self._set_range(side, axis)
            for side, axis in self.axes.items():
                axis.scale = self.scales[side]
            for mark in self._marks:
                mark.scales = {**mark.scales, **self.scales}
        for callback in self._on_rescale:
            callback()

    def reset(self) -> None:
        """Show the whole ranges again."""
        with self.writing:
            for side, axis in self._whole.items():
                self._label(side, axis)
                self._set_range(side, axis)
            self._make_room(self._whole["y"])

    def _set_range(self, side: str, axis: Axis) -> None:
        self._ranges[side] = axis.low, axis.high
        with self.scales[side].hold_sync():
            self.scales[side].min, self.scales[side].max = axis.low, axis.high

    def follow_zoom(self) -> None:
        """Update the ticks after the user pans or zooms: bqplot keeps the ticks it was given."""
        if self.zoomed:
            for side, axis in zip(("x", "y"), self.view, strict=True):
                self._label(side, axis)
            self._make_room(self.view[1], self._title_offset)

    @property
    def zoomed(self) -> bool:
        """Whether the user has panned or zoomed."""
        return any(self._range(side) != ends for side, ends in self._ranges.items())

    @property
    def view(self) -> tuple[Axis, Axis]:
        """The axes with their visible ranges."""
        x, y = (
            zoomed(axis, *self._range(side)) if self.zoomed and self._is_range(side) else axis
            for side, axis in self._whole.items()
        )
        return x, y

    def _range(self, side: str) -> tuple[float, float]:
        return self.scales[side].min, self.scales[side].max

    def _is_range(self, side: str) -> bool:
        low, high = self._range(side)
        return low < high and (low > 0 or not self._log[side])

    def _label(self, side: str, axis: Axis) -> None:
        drawn = self.axes[side]
        # Labels before ticks, each in its own message: ticks that arrive before their labels stay bare numbers.
        drawn.label = axis.title
        drawn.tick_labels = {tick_key(tick): text for tick, text in zip(axis.ticks, axis.tick_labels, strict=True)}
        drawn.tick_values = axis.ticks
        drawn.visible = True

    def _make_room(self, y: Axis, least: int = TITLE_OFFSET) -> None:
        """Move the title of the upright axis clear of its labels, and the axis as far from the edge as that takes.

        With the present offset as the least, a chart does not move to and fro while the user zooms.
        """
        widest = max(map(label_width, y.tick_labels), default=0.0)
        self._title_offset = max(least, math.ceil(widest) + BESIDE_LABELS)
        self.axes["y"].label_offset = f"{self._title_offset}px"
        for figure in self._figures:
            figure.fig_margin = self._margin

    @property
    def _margin(self) -> dict[str, int]:
        return {"top": 8, "bottom": 44, "left": self._title_offset + TITLE_WIDTH, "right": 14}

    def lines(self, **looks: object) -> bqplot.Lines:
        """Return an empty line on these axes."""
        return self._own(bqplot.Lines(x=np.empty(0), y=np.empty(0), scales=self.scales, **looks))

    def labels(self, **looks: object) -> bqplot.Label:
        """Return an empty mark of texts on these axes."""
        return self._own(bqplot.Label(x=np.empty(0), y=np.empty(0), text=[], scales=self.scales, **looks))

    def _own(self, mark: M) -> M:
        self._marks.append(mark)
        return mark

    def band(self) -> bqplot.Lines:
        """Return an empty band on these axes: an outline without a line, filled."""
        return self.lines(
            colors=[BAND], stroke_width=0, fill="inside", fill_colors=[BAND], fill_opacities=[0.2], close_path=True
        )

    def dots(self, **looks: object) -> bqplot.Scatter:
        """Return an empty scatter on these axes."""
        empty = np.empty(0)
        return self._own(
            bqplot.Scatter(x=empty, y=empty, scales=self.scales, display_names=False, names_unique=False, **looks)
        )

    def runs(self) -> bqplot.Scatter:
        """Return an empty scatter of runs, coloured by loss and with tooltips."""
        # Not a continuous scale, which the page would mix itself, and CSS variables cannot be mixed there.
        steps = [float(step) for step in range(len(LOSS_COLOURS))]
        colour = bqplot.OrdinalColorScale(colors=list(LOSS_COLOURS), domain=steps)
        mark = self.dots(
            color=np.empty(0),
            stroke=RUN_OUTLINE,
            stroke_width=0.75,
            **_tooltip(),
            preserve_domain={"color": True},
        )
        mark.scales = {**self.scales, "color": colour}
        return mark

    def marker(self, shape: str, colour: str = ACCENT, **looks: object) -> bqplot.Scatter:
        """Return a mark for one model, with a tooltip."""
        return self.dots(
            marker=shape,
            colors=[colour],
            **_tooltip(),
            **looks,
        )

    def ring(self, colour: str, *, width: float = 1.5, opacity: float = 1.0, named: bool = False) -> bqplot.Scatter:
        """Return an empty scatter of transparent rings, with a tooltip if they are named."""
        # Not `fill=False`: the pointer would be over a ring only on its line.
        tooltip = _tooltip() if named else {}
        return self.dots(colors=["transparent"], stroke=colour, stroke_width=width, opacities=[opacity], **tooltip)

    def hollow(self) -> bqplot.Scatter:
        """Return an empty scatter of hollow dots."""
        return self.dots(
            colors=[PAPER],
            stroke=MUTED,
            stroke_width=1.5,
            **_tooltip(),
        )

    def in_words(self) -> tuple[str, ...]:
        """Return sentences that name the axes and their visible ranges; none before the first drawing."""
        return axes_in_words(*self.view) if self._whole else ()

    def figure(self, marks: Sequence[bqplot.Mark], *classes: str) -> bqplot.Figure:
        """Return a figure of these marks that takes the available width; the style sheet sets its height."""
        figure = bqplot.Figure(
            marks=list(marks),
            axes=list(self.axes.values()),
            fig_margin=self._margin,
            padding_x=0.0,
            padding_y=0.0,
            display_toolbar=False,
            layout=ipywidgets.Layout(width="auto", min_width="0"),
        )
        for name in ("cnb-chart", *classes):
            figure.add_class(name)
        self._figures.append(figure)
        return figure


def _tooltip() -> dict[str, object]:
    """Return what gives a mark a tooltip with the names of its dots."""
    return {"tooltip": bqplot.Tooltip(fields=["name"], show_labels=False), "tooltip_style": TOOLTIP_STYLE}


def _scale(log: bool) -> bqplot.Scale:
    if log:
        return bqplot.LogScale(min=1.0, max=10.0, allow_padding=False)
    return bqplot.LinearScale(min=0.0, max=1.0, allow_padding=False)


def tick_key(value: float) -> str:
    """Write a number as JavaScript's ``String(value)`` does, because bqplot uses that as the key of a tick label."""
    digits = Decimal(repr(float(value) + 0.0))  # JavaScript writes -0 as 0
    exponent = digits.adjusted()
    if -7 < exponent < 21:
        text = format(digits, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    mantissa = format(digits.scaleb(-exponent).normalize(), "f")
    return f"{mantissa}e{exponent:+d}"


def set_line(mark: bqplot.Lines | bqplot.Scatter, line: Polyline) -> None:
    """Move a line or dots in one message, so that observers never see one coordinate without the other."""
    with mark.hold_sync(), mark.hold_trait_notifications():
        mark.x, mark.y = line.x, line.y


def dot_area(count: int) -> int:
    """Return the area of a dot, in square pixels, in a chart of ``count`` dots."""
    return 36 if count < MANY else 12


def set_dots(
    mark: bqplot.Scatter,
    dots: Polyline,
    labels: Sequence[str],
    colour: NDArray[np.float64] | None = None,
    area: int | None = None,
) -> None:
    """Show runs with their tooltips, coloured by their positions on the loss scale.

    Without ``colour`` the colours stay as they are. Dots have the ``area``, by default that in a chart of these alone.
    """
    with mark.hold_sync():
        mark.default_size = dot_area(len(dots)) if area is None else area
        mark.x, mark.y = dots.x, dots.y
        mark.names = np.array(labels, dtype=str)
        if colour is not None:
            mark.color = loss_steps(colour).astype(float)
