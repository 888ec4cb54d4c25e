"""The legend of the charts, as HTML."""

from __future__ import annotations

import math
from html import escape

from chinchilla_nb.figures import LEVEL, FrontierFigure, LossFigure, LossScale, label_width
from chinchilla_nb.quantity import percent
from chinchilla_nb.widgets.base.palette import LOSS_COLOURS
from chinchilla_nb.widgets.base.style import ACCENT, MUTED

__all__ = ["HOLLOW", "SEED_REGIME", "frontier_legend", "line", "symbol"]

HOLLOW = f'<circle cx="9" cy="7" r="4" fill="none" stroke="{MUTED}" stroke-width="1.5"/>'
"""Symbol of an excluded run."""

STACKED = (
    '<circle cx="9" cy="7" r="3" fill="var(--cnb-ink)"/>'
    '<circle cx="9" cy="7" r="5.5" fill="none" stroke="var(--cnb-ink)" stroke-opacity=".5"/>'
)
"""Symbol of a place with several runs."""

BAND = '<rect x="1" y="2" width="16" height="10" fill="var(--cnb-ink)" fill-opacity=".2"/>'
"""Symbol of a band."""

SEED_REGIME = (
    f'<rect x="1" y="2" width="16" height="10" fill="{MUTED}" fill-opacity=".1" '
    f'stroke="{MUTED}" stroke-dasharray="4 3"/>'
)
"""Symbol of the seed regime."""

ROOM = (14, 5), (16, 14)
"""Least margins of the colour bar, left and right, and how far beyond the margin the label of an end may reach."""


def frontier_legend(figure: FrontierFigure, loss: LossFigure | None, *, grouped: bool, stacked: bool) -> str:
    """Return the legend of a frontier figure.

    Parameters
    ----------
    figure : FrontierFigure
    loss : LossFigure or None
    grouped : bool
        Whether dots have the colours of their groups instead of those of their losses.
    stacked : bool
        Whether rings show places with several runs.
    """
    plane = figure.planes[0]
    by_loss = plane.iso_loss or (len(plane.dots) and not grouped)
    items = [f'<span class="cnb-item">Loss&nbsp;{_loss_bar(figure.loss)}</span>'] if by_loss else []
    if len(plane.excluded):
        items.append(symbol(HOLLOW, "Excluded"))
    if stacked:
        items.append(symbol(STACKED, "Several runs"))
    # Iso-loss curves carry their losses, and the chart of loss against compute names its curves.
    if len(plane.frontier) and loss is None:
        items.append(line('stroke="var(--cnb-ink)" stroke-width="2.5"', "Efficient frontier"))
    if any(len(plane.band) for plane in figure.planes):
        items.append(symbol(BAND, f"{percent(LEVEL)} band"))
    items.append(line('stroke="var(--cnb-accent)" stroke-width="1.5" stroke-dasharray="5 3"', "Budget"))
    if len(plane.frontier):
        items.append(symbol(f'<path d="M9 1L14 7L9 13L4 7Z" fill="{ACCENT}"/>', "Next run"))
    if len(plane.regime):
        items.append(symbol(SEED_REGIME, "Seed regime"))
    # Both figures have a note if they do not draw all runs.
    remarks = dict.fromkeys(filter(None, (figure.note, loss.note if loss else "")))
    items += [f'<span class="cnb-item cnb-muted">{escape(remark)}</span>' for remark in remarks]
    return f'<div class="cnb-legend">{"".join(items)}</div>'


def symbol(drawn: str, name: str) -> str:
    """Return a legend entry with an SVG symbol of 18 by 14 pixels."""
    return f'<span class="cnb-item"><svg width="18" height="14">{drawn}</svg>{escape(name)}</span>'


def line(stroke: str, name: str) -> str:
    """Return a legend entry with a line that has these SVG attributes."""
    drawn = f'<svg width="26" height="10"><line x1="0" y1="5" x2="26" y2="5" {stroke}/></svg>'
    return f'<span class="cnb-item">{drawn}{escape(name)}</span>'


def _loss_bar(scale: LossScale) -> str:
    places, labels = scale.labels()
    ticks = "".join(
        f'<b style="left:{100 * place:.1f}%">{escape(label)}</b>' for place, label in zip(places, labels, strict=True)
    )
    ends = zip((labels[0], labels[-1]), ROOM, strict=True)
    left, right = (max(least, math.ceil(label_width(label) / 2) - free) for label, (least, free) in ends)
    gradient = f"linear-gradient(90deg,{','.join(LOSS_COLOURS)})"
    room = f"margin-left:{left}px;margin-right:{right}px"
    return f'<span class="cnb-scale" style="{room}"><i style="background:{gradient}"></i>{ticks}</span>'
