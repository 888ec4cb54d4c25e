"""The errors of many simulated projects."""

from __future__ import annotations

from matplotlib.figure import Figure

from chinchilla_nb.drawing.chart_parts import set_axes, write_note
from chinchilla_nb.drawing.images import new_figure
from chinchilla_nb.figures.group_colours import GROUP_LOOKS
from chinchilla_nb.figures.studies import StudyFigure

__all__ = ["draw_study"]


def draw_study(drawing: StudyFigure, by: str | None) -> Figure:
    """Draw errors of a study, with a legend titled `by` if there are several lines, without writing a file."""
    figure = new_figure(7.2, 4.2)
    ax = figure.subplots()
    set_axes(ax, drawing.x, drawing.y)
    ax.set_box_aspect(None)
    for line, look in zip(drawing.lines, GROUP_LOOKS, strict=False):
        for bar in line.bars:
            ax.plot(bar.x, bar.y, color=look.light, lw=3.0, alpha=0.35, solid_capstyle="butt", zorder=2)
        style = "-" if drawing.joined else ""
        ax.plot(line.median.x, line.median.y, color=look.light, ls=style, lw=1.8, marker="o", ms=5, label=line.name)
    if by is not None:
        figure.legend(loc="outside right upper", frameon=False, fontsize=9, title=by.replace("_", " ").capitalize())
    write_note(figure, drawing.note)
    return figure
