"""Drawing with matplotlib, without pyplot: a value of `figures` in, a `Figure` out."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps, rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, ListedColormap
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FixedFormatter, FixedLocator

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.laws.named import NamedLaw
from chinchilla_nb.engine.laws.notation import Notation
from chinchilla_nb.engine.uncertainty.interval import IF_HOLDS, WIDENED
from chinchilla_nb.figures import (
    APPROACH_TITLES,
    LEVEL,
    LIGHT_PALETTE,
    STEPS,
    ApproachesFigure,
    Axis,
    FrontierFigure,
    FrontierIntervals,
    Histogram,
    IsoFlopFigure,
    IsoLoss,
    LossFigure,
    LossScale,
    Plane,
    Polyline,
    PredictionFigure,
    RollOutFigure,
    Scatter,
    SweepFigure,
    loss_steps,
    steps_of,
)
from chinchilla_nb.figures.group_colours import GROUP_LOOKS
from chinchilla_nb.figures.grouped_runs import DotGroup, GroupedRuns
from chinchilla_nb.figures.studies import StudyFigure
from chinchilla_nb.printable import printable
from chinchilla_nb.quantity import compact, interval_text, percent, plain, scientific

__all__ = [
    "DPI",
    "SNAPSHOT_DPI",
    "draw_approaches",
    "draw_frontier",
    "draw_predictions",
    "draw_roll_outs",
    "draw_study",
    "draw_sweep",
    "image_of",
    "svg_of",
]

DPI = 150
"""Resolution of saved images."""
SNAPSHOT_DPI = 75
"""Resolution of snapshots, which are stored in the notebook."""
IN_A_ROW, IN_A_NARROW_ROW = 8, 5
"""Most entries of a legend beside one another: those of the fit, without laws beside it, fit into one row."""
LONGEST_LABEL = 40
"""Characters of an entry of a legend that are shown."""

_INK, _FAINT, _HOLLOW, _FRONTIER = "#222222", "#d9d9d9", "#616161", "#000000"
_REGIME, _NEXT = "#0072b2", "#00796b"  # the latter is the accent of panels
_BY_HAND, _LAWS = "#b84300", ("#0064a8", "#00735c", "#8a3ffc", "#7a5c00")
_DASHES: tuple[Any, ...] = ("--", ":", "-.", (0, (4, 4)))
_APPROACHES = ("#0072b2", "#d55e00", "#222222")
_MARKERS = {"circle": "o", "square": "s", "triangle-up": "^", "triangle-down": "v", "cross": "P"}
"""Shapes of groups as matplotlib names them."""
_HALO = [withStroke(linewidth=2.5, foreground="white")]


class _NotebookFigure(Figure):
    """A figure that a notebook can display without pyplot, which would register it for display."""

    def _repr_png_(self) -> bytes:
        return image_of(self)


def image_of(figure: Figure, kind: str = "png", dpi: int = DPI) -> bytes:
    """Return a figure as an image, ``"png"`` or ``"svg"``, at a resolution in pixels per inch."""
    image = io.BytesIO()
    figure.savefig(image, format=kind, dpi=dpi)
    return image.getvalue()


def svg_of(figure: Figure, name: str) -> str:
    """Return a figure as an SVG element for a page, the same text for the same figure.

    Parameters
    ----------
    figure : Figure
    name : str
        Distinguishes the ids in the element from those of other figures of the page.
    """
    image = io.StringIO()
    with rc_context({"svg.hashsalt": name, "svg.fonttype": "path"}):
        figure.savefig(image, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    element = image.getvalue()
    element = element[element.index("<svg") :]
    element = re.sub(r'( id="|xlink:href="#|url\(#)', rf"\g<1>{name}-", element)
    # The page decides the size, and the metadata say only that this is an image.
    element = re.sub(r'\A(<svg[^>]*?) width="[^"]*"', r"\1", re.sub(r'\A(<svg[^>]*?) height="[^"]*"', r"\1", element))
    return re.sub(r"<metadata>.*?</metadata>", "", element, flags=re.DOTALL)


def _figure(width: float, height: float) -> Figure:
    figure = _NotebookFigure(
        figsize=(width, height), layout=ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.05), facecolor="white"
    )
    FigureCanvasAgg(figure)
    return figure


def _colours(cmap_name: str | None = None) -> Colormap:
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


def draw_frontier(
    drawing: FrontierFigure,
    law: Law | None,
    cmap_name: str | None = None,
    beside: Sequence[NamedLaw] = (),
    *,
    loss: LossFigure | None = None,
    groups: GroupedRuns | None = None,
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
    colours = _colours(cmap_name)
    if loss is None:
        figure = _figure(13.5, 4.75 if law else 4.35)
        axes = figure.subplots(1, 3)
    else:
        figure = _figure(11.0, 10.4 if law else 10.0)
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
    _draw_legend(figure, handles, IN_A_ROW if loss is None else IN_A_NARROW_ROW, " · ".join(notes))
    if law is not None:
        plane = drawing.planes[2]
        models = [("Next", plane.next_point), ("Off the frontier", plane.off_frontier)]
        lines = [_model(name, law, point, plane.compute, drawing.intervals) for name, point in models if len(point)]
        figure.suptitle("\n".join([f"${law.equation(MATHTEXT)}$", *lines]), fontsize=11)
    return figure


def draw_predictions(drawing: PredictionFigure, groups: GroupedRuns | None = None) -> Figure:
    """Draw predicted against true loss and the errors, without pyplot and without writing a file.

    With ``groups``, runs have the colours and shapes of these.
    """
    dot_groups = None if groups is None else tuple(groups.among(drawing.shown))
    panels = 2 if drawing.by_compute is None else 3
    figure = _figure(4.2 * panels, 4.3)
    axes = figure.subplots(1, panels)
    handles = _draw_scatter(axes[0], drawing.scatter, dot_groups)
    axes[0].plot(drawing.identity.x, drawing.identity.y, color=_INK, lw=0.9, ls="--", zorder=1)
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
        color=_INK,
        path_effects=_HALO,
    )
    axes[0].set_title("Prediction")
    if drawing.by_compute is not None:
        _draw_scatter(axes[1], drawing.by_compute, dot_groups)
        axes[1].axhline(0, color=_INK, lw=0.9, ls="--", zorder=1)
        axes[1].set_title("Error by compute")
    _draw_histogram(axes[-1], drawing.errors)
    _draw_legend(figure, handles, IN_A_NARROW_ROW, drawing.note)
    return figure


def draw_sweep(drawing: SweepFigure) -> Figure:
    """Draw the lowest objective by the value of each axis of a start grid, without writing a file."""
    figure = _figure(2.9 * len(drawing.charts), 3.5)
    axes = figure.subplots(1, len(drawing.charts), squeeze=False)[0]
    for ax, chart in zip(axes, drawing.charts, strict=True):
        _set_axes(ax, chart.x, drawing.y)
        ax.plot(chart.lowest.x, chart.lowest.y, color=_REGIME, lw=1.4, marker="o", ms=3.5, zorder=3)
        ax.axhline(drawing.best, color=_NEXT, lw=0.9, ls="--", zorder=2)
    figure.suptitle(drawing.title, fontsize=11)
    return figure


def draw_roll_outs(drawing: RollOutFigure) -> Figure:
    """Draw the errors of roll-outs and their drift, without pyplot and without writing a file."""
    figure = _figure(7.2, 4.6)
    ax = figure.subplots()
    _set_axes(ax, drawing.x, drawing.y)
    ax.set_box_aspect(None)
    colours = _colours()(drawing.shade)
    for colour, C0 in zip(colours, drawing.C0, strict=True):
        ax.plot([], [], ls="", marker="o", ms=5, mec="white", mfc=colour, label=f"{scientific(float(C0))} FLOPs")
    ax.fill(drawing.band.x, drawing.band.y, fc=_FRONTIER, alpha=0.14, lw=0, zorder=1.4, label=f"{percent(LEVEL)} band")
    ax.plot(drawing.zero.x, drawing.zero.y, color=_INK, lw=0.9, ls="--", zorder=1.5)
    ax.plot(drawing.bias.x, drawing.bias.y, color=_FRONTIER, lw=1.8, zorder=2.5, label="Bias of the law")
    ax.scatter(drawing.dots.x, drawing.dots.y, c=colours[drawing.part], s=18, lw=0.4, edgecolors="white", zorder=3)
    figure.legend(loc="outside right upper", frameon=False, fontsize=9, title="Fitted up to $C_0$")
    _write_note(figure, drawing.note)
    return figure


def draw_study(drawing: StudyFigure, by: str | None) -> Figure:
    """Draw errors of a study, with a legend titled `by` if there are several lines, without writing a file."""
    figure = _figure(7.2, 4.2)
    ax = figure.subplots()
    _set_axes(ax, drawing.x, drawing.y)
    ax.set_box_aspect(None)
    for line, look in zip(drawing.lines, GROUP_LOOKS, strict=False):
        for bar in line.bars:
            ax.plot(bar.x, bar.y, color=look.light, lw=3.0, alpha=0.35, solid_capstyle="butt", zorder=2)
        style = "-" if drawing.joined else ""
        ax.plot(line.median.x, line.median.y, color=look.light, ls=style, lw=1.8, marker="o", ms=5, label=line.name)
    if by is not None:
        figure.legend(loc="outside right upper", frameon=False, fontsize=9, title=by.replace("_", " ").capitalize())
    _write_note(figure, drawing.note)
    return figure


def draw_approaches(drawing: ApproachesFigure, slices: IsoFlopFigure | None) -> Figure:
    """Draw N* against C by the three approaches, beside their isoFLOP slices, without writing a file."""
    figure = _figure(5.6 if slices is None else 11.2, 4.6)
    axes = figure.subplots(1, 1 if slices is None else 2, squeeze=False)[0]
    _set_axes(axes[-1], drawing.x, drawing.y)
    axes[-1].axvline(drawing.C, color=_NEXT, lw=1.1, ls="--", zorder=1.5)
    for one, colour, shape in zip(drawing.curves, _APPROACHES, "osD", strict=True):
        axes[-1].fill(one.band.x, one.band.y, fc=colour, alpha=0.16, lw=0, zorder=1.4)
        if len(one.line):
            axes[-1].plot(one.line.x, one.line.y, color=colour, lw=1.8, zorder=2.5, label=APPROACH_TITLES[one.name])
        axes[-1].scatter(one.dots.x, one.dots.y, marker=shape, c=colour, s=20, lw=0.4, edgecolors="white", zorder=3)
    axes[-1].legend(loc="upper left", frameon=False, fontsize=8.5)
    if slices is not None:
        _draw_slices(axes[0], slices)
    return figure


def _draw_slices(ax: Axes, slices: IsoFlopFigure) -> None:
    """Draw loss against size for each slice, with its parabola, its minimum and the cross-section of the law."""
    _set_axes(ax, slices.x, slices.y)
    colours = _colours()
    for one in slices.slices:
        colour = colours(one.shade)
        ax.plot(one.law.x, one.law.y, color=colour, lw=1.0, ls=(0, (4, 2)), zorder=2)
        ax.plot(one.parabola.x, one.parabola.y, color=colour, lw=1.6, zorder=2.2)
        ax.scatter(one.dots.x[one.near], one.dots.y[one.near], color=colour, s=16, zorder=2.4)
        ax.scatter(one.dots.x[~one.near], one.dots.y[~one.near], fc="white", ec=[colour], s=16, lw=0.8, zorder=2.3)
        ax.plot(one.interval.x, one.interval.y, color=_INK, lw=1.4, zorder=2.6)
        ax.scatter(one.minimum.x, one.minimum.y, marker="D", c=_INK, s=26, lw=0.6, edgecolors="white", zorder=3)
    handles = [
        Line2D([], [], color=colours(0.35), lw=1.6, marker="o", ms=4, label="Parabola of a slice"),
        Line2D([], [], color=_INK, lw=1.4, marker="D", ms=5, mec="white", label=f"Minimum, {percent(LEVEL)}"),
    ]
    if any(len(one.law) for one in slices.slices):
        handles.insert(1, Line2D([], [], color=colours(0.35), lw=1.0, ls=(0, (4, 2)), label="Fitted law"))
    ax.legend(handles=handles, loc="upper right", framealpha=0.9, edgecolor="none", fontsize=8.5)
    if slices.beyond:
        runs = "1 run" if slices.beyond == 1 else f"{slices.beyond:,} runs"
        ax.text(0.99, 0.01, f"{runs} above the chart", transform=ax.transAxes, ha="right", fontsize=8, color="#666666")


def _draw_legend(figure: Figure, handles: dict[str, Any], in_a_row: int, note: str) -> None:
    """Draw a legend below the charts, headed by a note, which would overlap it at the edge of the figure."""
    if not handles:
        _write_note(figure, note)
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
    text = printable(label if len(label) <= LONGEST_LABEL else f"{label[: LONGEST_LABEL - 1]}…").replace("$", r"\$")
    return f" {text}" if text.startswith("_") else text


def _draw_plane(
    ax: Axes, plane: Plane, colour: np.ndarray, colours: Colormap, groups: Sequence[DotGroup] | None
) -> dict[str, Any]:
    """Draw one plane; return the handles of its legend by label."""
    _set_axes(ax, plane.x, plane.y)
    handles = _draw_runs(ax, plane.dots, plane.excluded, colour, colours, groups)
    if len(plane.regime):
        # The fill is below the runs, the outline above them.
        ax.fill(plane.regime.x, plane.regime.y, fc=_HOLLOW, alpha=0.07, lw=0, zorder=1.5)
        (outline,) = ax.plot(plane.regime.x, plane.regime.y, color=_HOLLOW, lw=1.3, ls=(0, (4, 2)), zorder=3.2)
        handles["Seed regime"] = outline
    for curve in plane.iso_loss:
        ax.plot(curve.line.x, curve.line.y, color=colours(curve.colour), lw=1.0, alpha=0.85, zorder=2)
        handles["Iso-loss curve (predicted)"] = Line2D([], [], color=colours(0.35), lw=1.0)
        _label_curve(ax, curve, plane)
    handles |= _draw_uncertainty(ax, plane.band, plane.region)
    if len(plane.frontier):
        handles["Efficient frontier"] = ax.plot(
            plane.frontier.x, plane.frontier.y, color=_FRONTIER, lw=1.8, zorder=2.5
        )[0]
    return handles | _draw_budget(ax, plane.isoflop, plane.next_point, plane.off_frontier)


def _draw_loss(ax: Axes, drawing: LossFigure, colours: Colormap, groups: Sequence[DotGroup] | None) -> dict[str, Any]:
    """Draw loss against compute; return the handles of its legend by label."""
    scatter = drawing.scatter
    _set_axes(ax, scatter.x, scatter.y)
    handles = _draw_runs(ax, scatter.dots, scatter.excluded, drawing.colour, colours, groups)
    (lowest,) = ax.plot(drawing.envelope.x, drawing.envelope.y, color=_HOLLOW, lw=1.3, ls=(0, (1.5, 1.8)), zorder=2.8)
    handles["Lowest loss so far"] = lowest
    if len(drawing.frontier):
        ax.plot(drawing.frontier.x, drawing.frontier.y, color=_FRONTIER, lw=1.8, zorder=2.5)
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
        handles |= _draw_groups(ax, dots, groups, size)
    elif len(dots):
        ax.scatter(dots.x, dots.y, c=colours(colour), s=size, lw=0.4, edgecolors="white", zorder=3)
        handles["Training run"] = Line2D([], [], ls="", marker="o", ms=5, mec="white", mfc=colours(0.35))
    if len(excluded):
        hollow = ax.scatter(excluded.x, excluded.y, s=44, fc="none", ec=_HOLLOW, lw=1.0, alpha=0.7, zorder=2.9)
        handles["Excluded run"] = hollow
    return handles


def _draw_groups(ax: Axes, dots: Polyline, groups: Sequence[DotGroup], size: float) -> dict[str, Any]:
    """Draw runs with the colour and the shape of their groups; return the handles of their legend by label."""
    handles: dict[str, Any] = {}
    for group in groups:
        colour, marker = group.look.light, _MARKERS[group.look.shape]
        x, y = dots.x[group.dots], dots.y[group.dots]
        ax.scatter(x, y, c=colour, marker=marker, s=size * group.area, lw=0.5, edgecolors="white", zorder=3)
        handles[group.label] = Line2D([], [], ls="", marker=marker, ms=6, mec="white", mfc=colour)
    return handles


def _draw_budget(ax: Axes, line: Polyline, next_point: Polyline, off_frontier: Polyline) -> dict[str, Any]:
    """Draw a budget and what to train with it; return the handles of their legend by label."""
    handles: dict[str, Any] = {}
    if len(line):
        handles["Budget"] = ax.plot(line.x, line.y, color=_NEXT, lw=1.1, ls="--", zorder=2.5)[0]
    if len(next_point):
        handles["Next point"] = ax.scatter(
            next_point.x, next_point.y, marker="D", s=52, c=_NEXT, edgecolors="white", lw=0.9, zorder=4
        )
    if len(off_frontier):
        handles["Off the frontier"] = ax.scatter(
            off_frontier.x, off_frontier.y, marker="o", s=44, fc="white", ec=_NEXT, lw=1.5, zorder=4
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
        ax.plot(region.x, region.y, color=_NEXT, lw=6, alpha=0.3, solid_capstyle="butt", zorder=2.6)
    if not len(outline):
        return {}
    (band,) = ax.fill(outline.x, outline.y, fc=_FRONTIER, alpha=0.14, lw=0, zorder=1.4)
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
        color=_INK,
        path_effects=_HALO,
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


def _draw_scatter(ax: Axes, scatter: Scatter, groups: Sequence[DotGroup] | None) -> dict[str, Any]:
    """Draw dots; return the handles of the legend of their groups by label."""
    _set_axes(ax, scatter.x, scatter.y)
    if groups is not None:
        return _draw_groups(ax, scatter.dots, groups, 18)
    ax.scatter(scatter.dots.x, scatter.dots.y, s=18, c=_REGIME, alpha=0.7, lw=0.3, edgecolors="white", zorder=3)
    return {}


def _draw_histogram(ax: Axes, errors: Histogram) -> None:
    _set_axes(ax, errors.x, errors.y)
    ax.stairs(errors.counts, errors.edges, fill=True, color=_REGIME, alpha=0.75, zorder=2)
    ax.axvline(0, color=_INK, lw=0.9, ls="--", zorder=3)
    ax.set_title("Error distribution")
    text = f"mean {errors.mean:.2g}\ns.d. {errors.deviation:.2g}".replace("-", "−")
    if errors.outside:
        text += f"\n{errors.outside:,} of {errors.outside + int(errors.counts.sum()):,} runs beyond"
    ax.text(
        0.97, 0.97, text, transform=ax.transAxes, ha="right", va="top", fontsize=8.5, color=_INK, path_effects=_HALO
    )


def _set_axes(ax: Axes, x: Axis, y: Axis) -> None:
    ax.set_box_aspect(1)
    ax.grid(True, color=_FAINT, lw=0.5, zorder=0)
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


def _write_note(figure: Figure, note: str) -> None:
    if note:
        figure.text(0.995, 0.01, note, ha="right", va="bottom", fontsize=8, color="#666666")


def _model(name: str, law: Law, point: Polyline, compute: Compute, intervals: FrontierIntervals | None) -> str:
    """Describe a model to train and the loss predicted for it, with its interval if there is one."""
    N, D = float(point.x[0]), float(point.y[0])
    loss, within = float(law.loss(N, D)), ""
    if intervals is not None:
        within = f" ({', '.join(_within(N, D, intervals))}; {percent(LEVEL)})"
    C = f"$C$ = {compute.text} = {scientific(float(compute.C(N, D)))} FLOPs"
    return (
        f"{name}: {C}, $N$ = {compact(N)}, $D$ = {compact(D)}, "
        f"$D/N$ = {plain(D / N)}, predicted loss {loss:.4g}{within}"
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
