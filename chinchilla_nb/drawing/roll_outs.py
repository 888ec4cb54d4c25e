"""The errors of roll-outs."""

from __future__ import annotations

from matplotlib.figure import Figure

from chinchilla_nb.drawing.chart_parts import FRONTIER, INK, loss_colours, set_axes, write_note
from chinchilla_nb.drawing.images import new_figure
from chinchilla_nb.figures import LEVEL, RollOutFigure
from chinchilla_nb.quantity import percent, scientific

__all__ = ["draw_roll_outs"]


def draw_roll_outs(drawing: RollOutFigure) -> Figure:
    """Draw the errors of roll-outs and their drift, without pyplot and without writing a file."""
    figure = new_figure(7.2, 4.6)
    ax = figure.subplots()
    set_axes(ax, drawing.x, drawing.y)
    ax.set_box_aspect(None)
    colours = loss_colours()(drawing.shade)
    for colour, C0 in zip(colours, drawing.C0, strict=True):
        ax.plot([], [], ls="", marker="o", ms=5, mec="white", mfc=colour, label=f"{scientific(float(C0))} FLOPs")
    ax.fill(drawing.band.x, drawing.band.y, fc=FRONTIER, alpha=0.14, lw=0, zorder=1.4, label=f"{percent(LEVEL)} band")
    ax.plot(drawing.zero.x, drawing.zero.y, color=INK, lw=0.9, ls="--", zorder=1.5)
    ax.plot(drawing.bias.x, drawing.bias.y, color=FRONTIER, lw=1.8, zorder=2.5, label="Bias of the law")
    ax.scatter(drawing.dots.x, drawing.dots.y, c=colours[drawing.part], s=18, lw=0.4, edgecolors="white", zorder=3)
    figure.legend(loc="outside right upper", frameon=False, fontsize=9, title="Fitted up to $C_0$")
    write_note(figure, drawing.note)
    return figure
