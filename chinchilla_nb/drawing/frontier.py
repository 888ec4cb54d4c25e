"""Runs and the efficient frontier in three planes, and loss against compute, titled with the law."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator

from chinchilla_nb.drawing.chart_parts import (
    ACCENT,
    FRONTIER,
    HALO,
    HOLLOW,
    IN_A_NARROW_ROW,
    IN_A_ROW,
    INK,
    draw_groups,
    draw_legend,
    loss_colours,
    set_axes,
)
from chinchilla_nb.drawing.images import new_figure
from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.laws.named import NamedLaw
from chinchilla_nb.engine.laws.notation import Notation
from chinchilla_nb.engine.uncertainty.interval import IF_HOLDS, WIDENED
from chinchilla_nb.figures import (
    LEVEL,
    FrontierFigure,
    FrontierIntervals,
    IsoLoss,
    LossFigure,
    LossScale,
    Plane,
    Polyline,
)
from chinchilla_nb.figures.dot_groups import DotGroup, DotGroups
from chinchilla_nb.quantity import compact, interval_text, percent, plain, scientific

__all__ = ["draw_frontier"]

_BY_HAND, _LAWS = "#b84300", ("#0064a8", "#00735c", "#8a3ffc", "#7a5c00")
_DASHES: tuple[Any, ...] = ("--", ":", "-.", (0, (4, 4)))


def draw_frontier(
    drawing: FrontierFigure,
    law: Law | None,
    cmap_name: str | None = None,
    beside: Sequence[NamedLaw] = (),
    *,
    loss: LossFigure | None = None,
    groups: DotGroups | None = None,
    note: str = "",
) -> Figure:
    """Draw a frontier figure, titled with its law and its next point, without pyplot and without writing a file.

    ``beside`` are laws whose frontiers are drawn as well. With ``loss``, loss against compute is a fourth chart. With
    ``groups``, runs have the colours and shapes of these instead of the colour of their loss. ``note`` stands below.

    Raises
    ------
    ValueError
        If the colour map is unknown.
    """
    colours = loss_colours(cmap_name)
    if loss is None:
        figure = new_figure(13.5, 4.75 if law else 4.35)
        axes = figure.subplots(1, 3)
    else:
        figure = new_figure(11.0, 10.4 if law else 10.0)
        axes = figure.subplots(2, 2).ravel()
    handles: dict[str, Any] = {}
    dot_groups = None if groups is None else tuple(groups.among(drawing.shown))
    for ax, plane in zip(axes[:3], drawing.planes, strict=True):
        handles |= _draw_plane(ax, plane, drawing.colour, colours, dot_groups)
        handles |= _draw_laws(ax, beside, [plane.frontier_of(one.law) for one in beside])
    if loss is not None:
        handles |= _draw_loss(axes[3], loss, colours, None if groups is None else tuple(groups.among(loss.shown)))
        x = loss.scatter.x
        handles |= _draw_laws(axes[3], beside, [loss.frontier_of(one.law, x) for one in beside])
    if len(drawing.loss.ticks):
        _draw_colour_bar(axes[-1], drawing.loss, colours)
    notes = dict.fromkeys(filter(None, (drawing.note, loss.note if loss else "", note)))
    draw_legend(figure, handles, IN_A_ROW if loss is None else IN_A_NARROW_ROW, " · ".join(notes))
    if law is not None:
        plane = drawing.planes[2]
        models = [("Next", plane.next_point), ("Off the frontier", plane.off_frontier)]
        lines = [_model(name, law, point, plane.compute, drawing.intervals) for name, point in models if len(point)]
        figure.suptitle("\n".join([f"${law.equation(MATHTEXT)}$", *lines]), fontsize=11)
    return figure


def _draw_plane(
    ax: Axes, plane: Plane, colour: np.ndarray, colours: Colormap, groups: Sequence[DotGroup] | None
) -> dict[str, Any]:
    """Draw one plane; return the handles of its legend by label."""
    set_axes(ax, plane.x, plane.y)
    handles = _draw_runs(ax, plane.dots, plane.excluded, colour, colours, groups)
    if len(plane.regime):
        # The fill is below the runs, the outline above them.
        ax.fill(plane.regime.x, plane.regime.y, fc=HOLLOW, alpha=0.07, lw=0, zorder=1.5)
        (outline,) = ax.plot(plane.regime.x, plane.regime.y, color=HOLLOW, lw=1.3, ls=(0, (4, 2)), zorder=3.2)
        handles["Seed regime"] = outline
    for curve in plane.iso_loss:
        ax.plot(curve.line.x, curve.line.y, color=colours(curve.colour), lw=1.0, alpha=0.85, zorder=2)
        handles["Iso-loss curve (predicted)"] = Line2D([], [], color=colours(0.35), lw=1.0)
        _label_curve(ax, curve, plane)
    handles |= _draw_uncertainty(ax, plane.band, plane.region)
    if len(plane.frontier):
        handles["Efficient frontier"] = ax.plot(plane.frontier.x, plane.frontier.y, color=FRONTIER, lw=1.8, zorder=2.5)[
            0
        ]
    return handles | _draw_budget(ax, plane.isoflop, plane.next_point, plane.off_frontier)


def _draw_loss(ax: Axes, drawing: LossFigure, colours: Colormap, groups: Sequence[DotGroup] | None) -> dict[str, Any]:
    """Draw loss against compute; return the handles of its legend by label."""
    scatter = drawing.scatter
    set_axes(ax, scatter.x, scatter.y)
    handles = _draw_runs(ax, scatter.dots, scatter.excluded, drawing.colour, colours, groups)
    (lowest,) = ax.plot(drawing.envelope.x, drawing.envelope.y, color=HOLLOW, lw=1.3, ls=(0, (1.5, 1.8)), zorder=2.8)
    handles["Lowest loss so far"] = lowest
    if len(drawing.frontier):
        ax.plot(drawing.frontier.x, drawing.frontier.y, color=FRONTIER, lw=1.8, zorder=2.5)
    handles |= _draw_uncertainty(ax, drawing.band, drawing.region)
    return handles | _draw_budget(ax, drawing.budget, drawing.next_point, drawing.off_frontier)


def _draw_runs(
    ax: Axes,
    dots: Polyline,
    excluded: Polyline,
    colour: np.ndarray,
    colours: Colormap,
    groups: Sequence[DotGroup] | None,
) -> dict[str, Any]:
    """Draw runs, coloured by loss or by group, and excluded runs; return the handles of their legend by label."""
    handles: dict[str, Any] = {}
    size = 26 if len(dots) <= 500 else 9
    if groups is not None:
        handles |= draw_groups(ax, dots, groups, size)
    elif len(dots):
        ax.scatter(dots.x, dots.y, c=colours(colour), s=size, lw=0.4, edgecolors="white", zorder=3)
        handles["Training run"] = Line2D([], [], ls="", marker="o", ms=5, mec="white", mfc=colours(0.35))
    if len(excluded):
        hollow = ax.scatter(excluded.x, excluded.y, s=44, fc="none", ec=HOLLOW, lw=1.0, alpha=0.7, zorder=2.9)
        handles["Excluded run"] = hollow
    return handles


def _draw_budget(ax: Axes, line: Polyline, next_point: Polyline, off_frontier: Polyline) -> dict[str, Any]:
    """Draw a budget and what to train with it; return the handles of their legend by label."""
    handles: dict[str, Any] = {}
    if len(line):
        handles["Budget"] = ax.plot(line.x, line.y, color=ACCENT, lw=1.1, ls="--", zorder=2.5)[0]
    if len(next_point):
        handles["Next point"] = ax.scatter(
            next_point.x, next_point.y, marker="D", s=52, c=ACCENT, edgecolors="white", lw=0.9, zorder=4
        )
    if len(off_frontier):
        handles["Off the frontier"] = ax.scatter(
            off_frontier.x, off_frontier.y, marker="o", s=44, fc="white", ec=ACCENT, lw=1.5, zorder=4
        )
    return handles


def _draw_laws(ax: Axes, laws: Sequence[NamedLaw], lines: Sequence[Polyline]) -> dict[str, Any]:
    """Draw the frontiers of the laws beside the fit; return the handles of the legend by label."""
    looks = iter(zip(_LAWS, _DASHES, strict=True))
    handles: dict[str, Any] = {}
    for law, line in zip(laws, lines, strict=True):
        colour, dashes = (_BY_HAND, "-") if law.by_hand else next(looks)
        if len(line):
            handles[law.name] = ax.plot(line.x, line.y, color=colour, lw=1.5, ls=dashes, zorder=3.3)[0]
    return handles


def _draw_uncertainty(ax: Axes, outline: Polyline, region: Polyline) -> dict[str, Any]:
    """Draw the band around a frontier and the region of its optimum; return the handle of the legend by label."""
    if len(region):
        ax.plot(region.x, region.y, color=ACCENT, lw=6, alpha=0.3, solid_capstyle="butt", zorder=2.6)
    if not len(outline):
        return {}
    (band,) = ax.fill(outline.x, outline.y, fc=FRONTIER, alpha=0.14, lw=0, zorder=1.4)
    return {f"{percent(LEVEL)} band": band}


def _label_curve(ax: Axes, curve: IsoLoss, plane: Plane) -> None:
    """Write the loss along its curve, with a halo that interrupts the line beneath."""
    if not curve.label:
        return
    at = curve.label_at
    before, after = max(at - 2, 0), min(at + 2, len(curve.line) - 1)
    # The axes are square, so angles in fractions of the axes are angles on the page.
    rise = np.diff(plane.y.fraction(curve.line.y[[before, after]]))[0]
    run = np.diff(plane.x.fraction(curve.line.x[[before, after]]))[0]
    angle = (np.degrees(np.arctan2(rise, run)) + 90) % 180 - 90
    ax.text(
        curve.line.x[at],
        curve.line.y[at],
        curve.label,
        rotation=angle,
        ha="center",
        va="center",
        fontsize=7.5,
        color=INK,
        path_effects=HALO,
        zorder=3.5,
    )


def _draw_colour_bar(ax: Axes, loss: LossScale, colours: Colormap) -> None:
    # An inset of the last chart, so that it is exactly as tall as the charts.
    bar = ax.figure.colorbar(ScalarMappable(cmap=colours), cax=ax.inset_axes((1.05, 0, 0.045, 1)))
    bar.set_label("Loss L")
    bar.ax.yaxis.set_minor_locator(FixedLocator([]))
    places, labels = loss.labels()
    bar.set_ticks(list(places), labels=list(labels))
    bar.outline.set_visible(False)


def _model(name: str, law: Law, point: Polyline, compute: Compute, intervals: FrontierIntervals | None) -> str:
    """Describe a model to train and the loss predicted for it, with its interval if there is one."""
    N, D = float(point.x[0]), float(point.y[0])
    loss, within = float(law.loss(N, D)), ""
    if intervals is not None:
        within = f" ({', '.join(_within(N, D, intervals))}; {percent(LEVEL)})"
    C = f"$C$ = {compute.text} = {scientific(float(compute.C(N, D)))} FLOPs"
    return (
        f"{name}: {C}, $N$ = {compact(N)}, $D$ = {compact(D)}, "
        f"$D/N$ = {plain(D / N)}, predicted loss {plain(loss, 4)}{within}"
    )


def _within(N: float, D: float, intervals: FrontierIntervals) -> Iterator[str]:
    """Return the intervals of a loss with their names."""
    for name, roll_outs in ((IF_HOLDS, None), (WIDENED, intervals.roll_outs)):
        if name == IF_HOLDS or (roll_outs is not None and roll_outs.parts):
            found = intervals.uncertainty.predict_loss(N, D, LEVEL, roll_outs=roll_outs)
            yield f"{interval_text(float(found.low), float(found.high))} {name}"


def _number(value: float) -> str:
    """Format a number with four digits as mathtext."""
    text = f"{value:.4g}"
    if "e" not in text:
        return text
    mantissa, exponent = text.split("e")
    return rf"{mantissa} \times 10^{{{int(exponent)}}}"


MATHTEXT = Notation(
    number=_number,
    exponent=lambda value: f"{value:.3f}",
    variable=str,
    power=lambda base, exponent: rf"{base}^{{\,{exponent}}}",
    ratio=lambda numerator, denominator: rf"{numerator}\,/\,{denominator}",
)
"""Mathtext, which matplotlib renders between dollar signs."""
