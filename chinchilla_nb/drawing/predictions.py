"""Predicted against true loss, and the errors of predictions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chinchilla_nb.drawing.chart_parts import (
    DOTS,
    HALO,
    IN_A_NARROW_ROW,
    INK,
    draw_groups,
    draw_legend,
    set_axes,
)
from chinchilla_nb.drawing.images import new_figure
from chinchilla_nb.figures import Histogram, PredictionFigure, Scatter
from chinchilla_nb.figures.dot_groups import DotGroup, DotGroups
from chinchilla_nb.quantity import plain

__all__ = ["draw_predictions"]


def draw_predictions(drawing: PredictionFigure, groups: DotGroups | None = None) -> Figure:
    """Draw predicted against true loss and the errors, without pyplot and without writing a file.

    With ``groups``, runs have the colours and shapes of these.
    """
    dot_groups = None if groups is None else tuple(groups.among(drawing.shown))
    panels = 2 if drawing.by_compute is None else 3
    figure = new_figure(4.2 * panels, 4.3)
    axes = figure.subplots(1, panels)
    handles = _draw_scatter(axes[0], drawing.scatter, dot_groups)
    axes[0].plot(drawing.identity.x, drawing.identity.y, color=INK, lw=0.9, ls="--", zorder=1)
    axes[0].text(
        0.83,
        0.88,
        "predicted = true",
        rotation=45,
        transform=axes[0].transAxes,
        ha="center",
        va="center",
        rotation_mode="anchor",
        fontsize=8,
        color=INK,
        path_effects=HALO,
    )
    axes[0].set_title("Prediction")
    if drawing.by_compute is not None:
        _draw_scatter(axes[1], drawing.by_compute, dot_groups)
        axes[1].axhline(0, color=INK, lw=0.9, ls="--", zorder=1)
        axes[1].set_title("Error by compute")
    _draw_histogram(axes[-1], drawing.errors)
    draw_legend(figure, handles, IN_A_NARROW_ROW, drawing.note)
    return figure


def _draw_scatter(ax: Axes, scatter: Scatter, groups: Sequence[DotGroup] | None) -> dict[str, Any]:
    """Draw dots; return the handles of the legend of their groups by label."""
    set_axes(ax, scatter.x, scatter.y)
    if groups is not None:
        return draw_groups(ax, scatter.dots, groups, 18)
    ax.scatter(scatter.dots.x, scatter.dots.y, s=18, c=DOTS, alpha=0.7, lw=0.3, edgecolors="white", zorder=3)
    return {}


def _draw_histogram(ax: Axes, errors: Histogram) -> None:
    set_axes(ax, errors.x, errors.y)
    ax.stairs(errors.counts, errors.edges, fill=True, color=DOTS, alpha=0.75, zorder=2)
    ax.axvline(0, color=INK, lw=0.9, ls="--", zorder=3)
    ax.set_title("Error distribution")
    text = f"mean {plain(errors.mean, 2)}\ns.d. {plain(errors.deviation, 2)}".replace("-", "−")
    if errors.outside:
        text += f"\n{errors.outside:,} of {errors.outside + int(errors.counts.sum()):,} runs beyond"
    ax.text(0.97, 0.97, text, transform=ax.transAxes, ha="right", va="top", fontsize=8.5, color=INK, path_effects=HALO)
