"""Approaches 1, 2 and 3 to the optimal size, and the isoFLOP slices of approach 2."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from chinchilla_nb.drawing.chart_parts import ACCENT, INK, loss_colours, set_axes
from chinchilla_nb.drawing.images import new_figure
from chinchilla_nb.figures import APPROACH_TITLES, LEVEL, ApproachesFigure, IsoFlopFigure
from chinchilla_nb.quantity import percent

__all__ = ["draw_approaches"]

_APPROACHES = ("#0072b2", "#d55e00", "#222222")


def draw_approaches(drawing: ApproachesFigure, slices: IsoFlopFigure | None) -> Figure:
    """Draw N* against C by the three approaches, beside their isoFLOP slices, without writing a file."""
    figure = new_figure(5.6 if slices is None else 11.2, 4.6)
    axes = figure.subplots(1, 1 if slices is None else 2, squeeze=False)[0]
    set_axes(axes[-1], drawing.x, drawing.y)
    for one, colour, shape in zip(drawing.curves, _APPROACHES, "osD", strict=True):
        axes[-1].fill(one.band.x, one.band.y, fc=colour, alpha=0.16, lw=0, zorder=1.4)
        if len(one.line):
            axes[-1].plot(one.line.x, one.line.y, color=colour, lw=1.8, zorder=2.5, label=APPROACH_TITLES[one.name])
        axes[-1].scatter(one.dots.x, one.dots.y, marker=shape, c=colour, s=20, lw=0.4, edgecolors="white", zorder=3)
    axes[-1].axvline(drawing.C, color=ACCENT, lw=1.1, ls="--", zorder=1.5, label="Budget")
    axes[-1].legend(loc="upper left", frameon=False, fontsize=8.5)
    if slices is not None:
        _draw_slices(axes[0], slices)
    return figure


def _draw_slices(ax: Axes, slices: IsoFlopFigure) -> None:
    """Draw loss against size for each slice, with its parabola, its minimum and the cross-section of the law."""
    set_axes(ax, slices.x, slices.y)
    colours = loss_colours()
    for one in slices.slices:
        colour = colours(one.shade)
        ax.plot(one.law.x, one.law.y, color=colour, lw=1.0, ls=(0, (4, 2)), zorder=2)
        ax.plot(one.parabola.x, one.parabola.y, color=colour, lw=1.6, zorder=2.2)
        ax.scatter(one.dots.x[one.near], one.dots.y[one.near], color=colour, s=16, zorder=2.4)
        ax.scatter(one.dots.x[~one.near], one.dots.y[~one.near], fc="white", ec=[colour], s=16, lw=0.8, zorder=2.3)
        ax.plot(one.interval.x, one.interval.y, color=INK, lw=1.4, zorder=2.6)
        ax.scatter(one.minimum.x, one.minimum.y, marker="D", c=INK, s=26, lw=0.6, edgecolors="white", zorder=3)
    handles = [
        Line2D([], [], color=colours(0.35), lw=1.6, marker="o", ms=4, label="Parabola of a slice"),
        Line2D([], [], color=INK, lw=1.4, marker="D", ms=5, mec="white", label=f"Minimum, {percent(LEVEL)}"),
    ]
    if any(len(one.law) for one in slices.slices):
        handles.insert(1, Line2D([], [], color=colours(0.35), lw=1.0, ls=(0, (4, 2)), label="Fitted law"))
    ax.legend(handles=handles, loc="upper right", framealpha=0.9, edgecolor="none", fontsize=8.5)
    if slices.beyond:
        runs = "1 run" if slices.beyond == 1 else f"{slices.beyond:,} runs"
        ax.text(0.99, 0.01, f"{runs} above the chart", transform=ax.transAxes, ha="right", fontsize=8, color="#666666")
