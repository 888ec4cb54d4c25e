"""What several charts have in common: colours, axes, legends, notes, and the dots of groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FixedFormatter, FixedLocator

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.figures import LIGHT_PALETTE, STEPS, Axis, Polyline, loss_steps, steps_of
from chinchilla_nb.figures.dot_groups import DotGroup
from chinchilla_nb.printable import printable, shortened

__all__ = [
    "ACCENT",
    "DOTS",
    "FRONTIER",
    "HALO",
    "HOLLOW",
    "INK",
    "IN_A_NARROW_ROW",
    "IN_A_ROW",
    "draw_groups",
    "draw_legend",
    "loss_colours",
    "set_axes",
    "write_note",
]


INK, FAINT, HOLLOW, FRONTIER = "#222222", "#d9d9d9", "#616161", "#000000"
DOTS = "#0072b2"
"""Dots, lines and bars of one colour."""
ACCENT = "#00796b"
"""Budgets and what to train next; the accent of panels."""
HALO = [withStroke(linewidth=2.5, foreground="white")]
IN_A_ROW, IN_A_NARROW_ROW = 8, 5
"""Most entries of a legend beside one another: those of the fit, without laws beside it, fit into one row."""
LONGEST_LABEL = 40
"""Characters of an entry of a legend that are shown."""
_MARKERS = {"circle": "o", "square": "s", "triangle-up": "^", "triangle-down": "v", "cross": "P"}
"""Shapes of groups as matplotlib names them."""


def loss_colours(cmap_name: str | None = None) -> Colormap:
    """Return the colours of losses in panels on a light page.

    Another colour map comes without the last tenth of its high end, which is often invisible on white.
    """
    if cmap_name is None:
        # The nearest step, as on a page: all steps are as wide as two of these, the first and the last as one.
        nearest = loss_steps((np.arange(2 * STEPS - 2) + 0.5) / (2 * STEPS - 2))
        return ListedColormap([steps_of(LIGHT_PALETTE)[step] for step in nearest], name="loss")
    if not (isinstance(cmap_name, str) and cmap_name in colormaps):
        rule = "must be a matplotlib colour map such as 'plasma' or 'viridis'"
        raise InputError("cmap_name", rule, got=brief(cmap_name))
    return ListedColormap(colormaps[cmap_name](np.linspace(0, 0.9, 256)), name=cmap_name)


def set_axes(ax: Axes, x: Axis, y: Axis) -> None:
    """Give a square chart its axes, with their ticks, titles and grid."""
    ax.set_box_aspect(1)
    ax.grid(True, color=FAINT, lw=0.5, zorder=0)
    ax.set_axisbelow(True)
    ax.tick_params(labelsize=8.5, length=4, color="#888888")
    ax.tick_params(which="minor", length=2, color="#aaaaaa")
    for spine in ax.spines.values():
        spine.set_color("#888888")
    for axis, scale, limits, title, values in (
        (ax.xaxis, ax.set_xscale, ax.set_xlim, ax.set_xlabel, x),
        (ax.yaxis, ax.set_yscale, ax.set_ylim, ax.set_ylabel, y),
    ):
        scale("log" if values.log else "linear")
        limits(values.low, values.high)
        title(values.title)
        axis.set_major_locator(FixedLocator(list(values.ticks)))
        axis.set_major_formatter(FixedFormatter([label.replace("-", "−") for label in values.tick_labels]))
        axis.set_minor_locator(FixedLocator(list(values.minor_ticks)))
        axis.set_minor_formatter(FixedFormatter([""] * len(values.minor_ticks)))


def draw_groups(ax: Axes, dots: Polyline, groups: Sequence[DotGroup], size: float) -> dict[str, Any]:
    """Draw runs with the colour and the shape of their groups; return the handles of their legend by label."""
    handles: dict[str, Any] = {}
    for group in groups:
        colour, marker = group.look.light, _MARKERS[group.look.shape]
        x, y = dots.x[group.dots], dots.y[group.dots]
        ax.scatter(x, y, c=colour, marker=marker, s=size * group.area, lw=0.5, edgecolors="white", zorder=3)
        handles[group.label] = Line2D([], [], ls="", marker=marker, ms=6, mec="white", mfc=colour)
    return handles


def draw_legend(figure: Figure, handles: dict[str, Any], in_a_row: int, note: str) -> None:
    """Draw a legend below the charts, headed by a note, which would overlap it at the edge of the figure."""
    if not handles:
        write_note(figure, note)
        return
    legend = figure.legend(
        handles.values(),
        [_literal(label) for label in handles],
        loc="outside lower center",
        ncols=min(len(handles), in_a_row),
        frameon=False,
        fontsize=9,
        title=note or None,
        title_fontsize=8,
    )
    legend.get_title().set_color("#666666")


def _literal(label: str) -> str:
    """Return a name of others as matplotlib writes it: without formulas, and not left out for its first character."""
    text = printable(shortened(label, LONGEST_LABEL)).replace("$", r"\$")
    return f" {text}" if text.startswith("_") else text


def write_note(figure: Figure, note: str) -> None:
    """Write a note, if there is one, at the lower edge of a figure."""
    if note:
        figure.text(0.995, 0.01, note, ha="right", va="bottom", fontsize=8, color="#666666")
