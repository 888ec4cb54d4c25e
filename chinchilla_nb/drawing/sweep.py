"""The objective by the values of a start grid."""

from __future__ import annotations

from matplotlib.figure import Figure

from chinchilla_nb.drawing.chart_parts import ACCENT, DOTS, set_axes
from chinchilla_nb.drawing.images import new_figure
from chinchilla_nb.figures import SweepFigure

__all__ = ["draw_sweep"]


def draw_sweep(drawing: SweepFigure) -> Figure:
    """Draw the lowest objective by the value of each axis of a start grid, without writing a file."""
    figure = new_figure(2.9 * len(drawing.charts), 3.5)
    axes = figure.subplots(1, len(drawing.charts), squeeze=False)[0]
    for ax, chart in zip(axes, drawing.charts, strict=True):
        set_axes(ax, chart.x, drawing.y)
        ax.plot(chart.lowest.x, chart.lowest.y, color=DOTS, lw=1.4, marker="o", ms=3.5, zorder=3)
        ax.axhline(drawing.best, color=ACCENT, lw=0.9, ls="--", zorder=2)
    figure.suptitle(drawing.title, fontsize=11)
    return figure
