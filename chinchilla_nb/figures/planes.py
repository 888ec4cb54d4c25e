"""The frontier figure: runs, iso-loss curves and the efficient frontier in the planes C-N, C-D and N-D."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.compute.points import at_ratio, log_C
from chinchilla_nb.engine.compute.product import ProductCompute
from chinchilla_nb.engine.fitting.results import Fit
from chinchilla_nb.engine.laws.allocation import optima
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.laws.parameters import axes_of
from chinchilla_nb.engine.planning.seeding import SeedRegime
from chinchilla_nb.engine.runs import Runs, read_only
from chinchilla_nb.figures import curves
from chinchilla_nb.figures.colours import LossScale, loss_scale
from chinchilla_nb.figures.curve_labels import place_labels, readable
from chinchilla_nb.figures.intervals import FrontierIntervals
from chinchilla_nb.figures.levels import even_levels
from chinchilla_nb.figures.polyline import NOTHING, Polyline, joined, polyline
from chinchilla_nb.figures.run_outline import RunOutline, run_outline
from chinchilla_nb.figures.thinning import note
from chinchilla_nb.figures.ticks import Axis, Scale, axis_of, data_title, rounded_outward, within_reach
from chinchilla_nb.quantity import plain

__all__ = ["FrontierFigure", "IsoLoss", "Plane", "frontier_figure"]

SAMPLES = 40
"""Places along the diagonal of N and D at which the law is asked for the losses in view."""
# Ranges of the axes if there is nothing to draw: those of published models.
_DEFAULT_RANGES = {"C": (1e18, 1e24), "N": (1e8, 1e12), "D": (1e9, 1e13)}
# A frontier may widen the axes of N and D by this factor beyond the runs, so that a bad fit does not squeeze the runs.
_REACH = 1e3
# Curves extend beyond zoomed axes by this share of their length, so that no curve ends in view while the axes move.
_MARGIN = 0.4
# Vertices of each side of a seed regime whose isoFLOP lines may bend.
_PER_SIDE = 12
# Distance of a point from the line between the ends of a curve, relative to its length, that cannot be seen.
_BENT = 1e-4


@dataclass(frozen=True, eq=False, slots=True)
class IsoLoss:
    """A piece of the curve on which the law predicts one loss.

    Attributes
    ----------
    level : float
        The loss.
    colour : float
        Position of the level on the loss scale of the figure, in [0, 1].
    label : str
        Text on the curve; empty if there is no room.
    label_at : int
        Vertex of ``line`` at which the label is placed.
    line : Polyline
    """

    level: float
    colour: float
    label: str
    label_at: int
    line: Polyline


@dataclass(frozen=True, eq=False, slots=True)
class Plane:
    """One chart.

    Attributes
    ----------
    x, y : Axis
    dots, excluded : Polyline
        The drawn runs (as dots, not joined), and the drawn excluded runs; ``FrontierFigure.shown`` and
        ``shown_excluded`` hold their indices.
    iso_loss : tuple of IsoLoss
        From the lowest loss to the highest.
    frontier : Polyline
        Compute-optimal allocations: the two ends of a straight line, more points of a bent one, or empty.
    band : Polyline
        Outline of the 95 % band around the frontier.
    regime : Polyline
        Corners of the seed regime; the first is repeated at the end to close the outline.
    next_point, off_frontier : Polyline
        One point or none: the next run, and a run of the same budget off the frontier.
    isoflop : Polyline
        The isoFLOP line of the chosen budget.
    region : Polyline
        The 95 % region of the optimum at that budget, a segment of its isoFLOP line by its ends; or empty.
    compute : Compute
        How C follows from N and D.
    """

    x: Axis
    y: Axis
    dots: Polyline
    excluded: Polyline
    iso_loss: tuple[IsoLoss, ...]
    frontier: Polyline
    band: Polyline
    regime: Polyline
    next_point: Polyline
    off_frontier: Polyline
    isoflop: Polyline
    region: Polyline
    compute: Compute

    def project(self, N: ArrayLike, D: ArrayLike) -> Polyline:
        """Return where models of N parameters trained on D tokens lie in this plane."""
        return _project(self.compute, self.x.name, self.y.name, N, D)

    def budget_line(self, C: float) -> Polyline:
        """Return the isoFLOP line of a budget, from one side of this plane to the other."""
        return _budget_line(self.compute, self.x, self.y, C)

    def readable_labels(self, markers: Polyline) -> list[IsoLoss]:
        """Return the curves whose labels are written and not covered by markers that are drawn over them."""
        labelled = [curve for curve in self.iso_loss if curve.label]
        spots = [(curve.line.x[curve.label_at], curve.line.y[curve.label_at]) for curve in labelled]
        at = _fractions(self, polyline(*np.reshape(spots, (-1, 2)).T))
        clear = readable(at, [curve.label for curve in labelled], _fractions(self, markers))
        return [curve for curve, one in zip(labelled, clear, strict=True) if one]

    def frontier_of(self, law: Law) -> Polyline:
        """Return the efficient frontier of another law, somewhat beyond the axes; empty for a law of compute alone."""
        if axes_of(law.parameters) == ("C",):
            return NOTHING
        box = _box(self.compute, self.x, self.y, _MARGIN)
        return _joined(self.compute, curves.frontier(law, box, self.compute), self.x, self.y)


@dataclass(frozen=True, eq=False, slots=True)
class FrontierFigure:
    """Runs and the law fitted to them, in three planes.

    Attributes
    ----------
    planes : tuple of Plane
        C-N, C-D and N-D; axes of the same name are the same in all of them.
    shown, shown_excluded : ndarray of int
        Indices of the drawn runs, among the included and among the excluded runs.
    colour : ndarray, shape (n_dots,)
        Position of each dot on the loss scale, in [0, 1].
    loss : LossScale
    law : Law or None
        The law whose curves are drawn.
    intervals : FrontierIntervals or None
        How sure its frontier is.
    note : str
        A remark for the reader, such as that not all runs are drawn; empty if there is none.
    """

    planes: tuple[Plane, Plane, Plane]
    shown: NDArray[np.intp]
    shown_excluded: NDArray[np.intp]
    colour: NDArray[np.float64]
    loss: LossScale
    law: Law | None
    intervals: FrontierIntervals | None
    note: str

    def with_intervals(self, intervals: FrontierIntervals | None) -> FrontierFigure:
        """Return this figure with the bands of these intervals."""
        figure = replace(self, intervals=intervals)
        CN, CD, ND = (replace(plane, band=figure.band_in_view(plane.x, plane.y)) for plane in self.planes)
        return replace(figure, planes=(CN, CD, ND))

    def stretches_for(self, N: float, D: float) -> bool:
        """Return whether a model lies beyond the axes, but not so far that axes that show it would squeeze the runs."""
        C = float(self.planes[0].compute.C(N, D))
        places = [*zip(self._axes, (C, N, D), strict=True)]
        beyond = any(not axis.low <= value <= axis.high for axis, value in places)
        return beyond and all(within_reach((axis.low, axis.high), value, log=axis.log).all() for axis, value in places)

    @property
    def _axes(self) -> tuple[Axis, Axis, Axis]:
        """The axes of C, N and D."""
        CN, _, ND = self.planes
        return CN.x, ND.x, ND.y

    def in_view(self, plane: Plane, x: Axis, y: Axis) -> Plane:
        """Return a plane of this figure on other axes, with the curves that are visible there."""
        if (x, y) == (plane.x, plane.y) or self.law is None:
            return replace(plane, x=x, y=y)
        levels, seen = (
            _levels(self.law, _box(plane.compute, x, y), plane.compute),
            replace(plane, x=x, y=y, band=self.band_in_view(x, y)),
        )
        return _with_curves(seen, self.law, levels, self.loss, _MARGIN)

    def band_in_view(self, x: Axis, y: Axis) -> Polyline:
        """Return the outline of the band around the frontier, cut off so far outside these axes that it is not seen."""
        if self.intervals is None:
            return NOTHING
        compute = self.intervals.compute
        return _project(compute, x.name, y.name, *self.intervals.band(_box(compute, x, y, _MARGIN)))


def frontier_figure(
    runs: Runs | RunOutline,
    fit: Fit | Law | None = None,
    *,
    regime: SeedRegime | None = None,
    next_point: tuple[float, float] | None = None,
    off_frontier: tuple[float, float] | None = None,
    budget: float | None = None,
    C_range: tuple[float, float] | None = None,
    excluded: Runs | RunOutline | None = None,
    data_unit: str = "tokens",
    intervals: FrontierIntervals | None = None,
    scale: Scale = "log",
) -> FrontierFigure:
    """Lay out the three planes.

    Parameters
    ----------
    runs : Runs or RunOutline
        The included runs; may be empty. Several figures of the same runs share an outline.
    fit : Fit or Law, optional
        How C follows from N and D is that of its runs, or else of `runs`.
        Without it, no curves and no frontier are drawn.
    regime : SeedRegime, optional
        The ranges that seeds are drawn from.
    next_point, off_frontier : tuple of float, optional
        N and D of a planned run, and of a run off the frontier.
    budget : float, optional
        FLOPs of the isoFLOP line.
    C_range : tuple of float, optional
        FLOPs that the axes cover in addition to those of the runs; moving a budget within this range moves no axis.
    excluded : Runs or RunOutline, optional
        Excluded runs, drawn in another style. They do not affect colours, and stretch an axis at most by its length.
    data_unit : str
        The unit of D.
    intervals : FrontierIntervals, optional
        How sure the frontier is; drawn as bands and, with a budget, as the region of the optimum. No axis changes.
    scale : str
        Whether the axes are logarithmic, as they are except for ``"linear"``.
    """
    outline, apart = run_outline(runs), run_outline(excluded or Runs([], [], []))
    runs, excluded = outline.runs, apart.runs
    law, compute = (fit.law, fit.runs.compute) if isinstance(fit, Fit) else (fit, runs.compute)
    budgets = [C for C in (budget, *(C_range or ())) if C is not None]
    planned = [point for point in (next_point, off_frontier) if point]
    axes = _axes(outline.ends, excluded, law, compute, regime, planned, budgets, data_unit, log=scale != "linear")
    ends = {name: (axis.low, axis.high) for name, axis in axes.items()}
    levels = _levels(law, ends, compute) if law else np.empty(0)
    shown, shown_excluded = outline.drawn, apart.drawn
    # Only the runs determine the colours, so that a new fit recolours no run.
    colours = outline.loss_scale
    if colours.low == colours.high:
        colours = loss_scale(np.append(runs.loss, levels))
    CN, CD, ND = (
        Plane(
            x=axes[x],
            y=axes[y],
            dots=_dots(runs, shown, x, y),
            excluded=_dots(excluded, shown_excluded, x, y),
            iso_loss=(),
            frontier=NOTHING,
            band=NOTHING,
            regime=_project(compute, x, y, *_outline(regime, compute)) if regime else NOTHING,
            next_point=_project(compute, x, y, *next_point) if next_point else NOTHING,
            off_frontier=_project(compute, x, y, *off_frontier) if off_frontier else NOTHING,
            isoflop=_budget_line(compute, axes[x], axes[y], budget) if budget else NOTHING,
            region=_project(compute, x, y, *intervals.region(budget)) if budget and intervals else NOTHING,
            compute=compute,
        )
        for x, y in (("C", "N"), ("C", "D"), ("N", "D"))
    )
    if law:
        CN, CD, ND = (_with_curves(plane, law, levels, colours) for plane in (CN, CD, ND))
    figure = FrontierFigure(
        planes=(CN, CD, ND),
        shown=shown,
        shown_excluded=shown_excluded,
        colour=read_only(colours.normalise(runs.loss[shown])),
        loss=colours,
        law=law,
        intervals=None,
        note=note(len(shown), len(runs), *((axis, getattr(excluded, name)) for name, axis in axes.items())),
    )
    return figure.with_intervals(intervals)


def _axes(
    ends: dict[str, list[float]],
    excluded: Runs,
    law: Law | None,
    compute: Compute,
    regime: SeedRegime | None,
    planned: list[tuple[float, float]],
    budgets: list[float],
    data_unit: str,
    *,
    log: bool,
) -> dict[str, Axis]:
    """Return axes of C, N and D that cover everything drawn; of the runs, the ends are enough."""
    shown = {name: list(values) for name, values in ends.items()}
    models = [*zip(*_outline(regime, compute), strict=True)] if regime else []
    for N, D in [*models, *planned]:
        for name, value in (("N", N), ("D", D), ("C", compute.C(N, D))):
            shown[name].append(float(value))
    shown["C"] += budgets
    for name, drawn in shown.items():
        apart = getattr(excluded, name)
        near = apart[within_reach(drawn, apart, log=log)]
        drawn.extend([float(near.min()), float(near.max())] if len(near) else [])
    titles = {"D": data_title(data_unit)}
    if not shown["C"]:
        return {name: axis_of(name, ends, titles.get(name), log=log) for name, ends in _DEFAULT_RANGES.items()}
    if law and (budgets or not shown["N"]):
        with np.errstate(all="ignore"):
            optimal = optima(law, [min(shown["C"]), max(shown["C"])], compute)
        for name, values in zip(("N", "D"), optimal, strict=True):
            near = np.clip(values, min(shown[name]) / _REACH, max(shown[name]) * _REACH) if shown[name] else values
            near = near[np.isfinite(near) & (near > 0)]
            shown[name] += list(rounded_outward(shown[name], near) if shown[name] else near)
    for name in ("N", "D"):
        # If only budgets are known, the axes are centred on their even split.
        shown[name] = shown[name] or [float(at_ratio(compute, C, 1.0)) for C in shown["C"]]
    return {name: axis_of(name, values, titles.get(name), log=log) for name, values in shown.items()}


def _dots(runs: Runs, shown: NDArray[np.intp], x: str, y: str) -> Polyline:
    return Polyline(read_only(getattr(runs, x)[shown]), read_only(getattr(runs, y)[shown]))


def _box(compute: Compute, x: Axis, y: Axis, margin: float = 0.0) -> curves.Box:
    """Return the ends of C, N and D in a plane; those of the quantity on neither axis follow from the others."""
    wider = {axis.name: (axis.high / axis.low) ** margin for axis in (x, y)}
    box = {axis.name: (axis.low / wider[axis.name], axis.high * wider[axis.name]) for axis in (x, y)}
    if "C" not in box:
        box["C"] = _ends(compute.C(box["N"], box["D"]))
    for name, other in (("N", "D"), ("D", "N")):
        if name not in box:
            box[name] = _ends((compute.N if name == "N" else compute.D)(box["C"], box[other][::-1]))
    return box


def _ends(values: NDArray[np.float64]) -> tuple[float, float]:
    low, high = values.tolist()
    return low, high


def _levels(law: Law, box: curves.Box, compute: Compute) -> NDArray[np.float64]:
    """Return losses in even steps, ascending, over the range predicted along the diagonal of N and D."""
    ends = {name: np.log(box[name]) for name in ("C", "N", "D")}
    start, end = log_C(compute, ends["N"], ends["D"])
    first = max(0.0, (ends["C"][0] - start) / (end - start))
    last = min(1.0, (ends["C"][1] - start) / (end - start))
    if first >= last:
        return np.empty(0)
    along = first + (last - first) * (np.arange(SAMPLES) + 0.5) / SAMPLES
    N, D = (np.exp(low + along * (high - low)) for low, high in (ends["N"], ends["D"]))
    with np.errstate(all="ignore"):
        losses = law.loss(N, D)
    return even_levels(losses[np.isfinite(losses)])


def _with_curves(plane: Plane, law: Law, levels: NDArray[np.float64], scale: LossScale, margin: float = 0.0) -> Plane:
    """Return a plane with the frontier of the law and its curves at all levels, labelled where there is room."""
    compute, x, y = plane.compute, plane.x.name, plane.y.name
    box = _box(compute, plane.x, plane.y, margin)
    with np.errstate(all="ignore"):
        pieces = [
            (float(level), _project(compute, x, y, *np.exp(path)))
            for level in levels
            for path in curves.iso_loss(law, level, box, compute)
        ]
    frontier = _joined(compute, curves.frontier(law, box, compute), plane.x, plane.y)
    texts = [plain(level, 12) for level, _ in pieces]
    places = place_labels(
        [_fractions(plane, line) for _, line in pieces],
        texts,
        np.concatenate([_fractions(plane, plane.dots), _fractions(plane, plane.excluded)]),
        _fractions(plane, frontier),
        _fractions(plane, joined([plane.next_point, plane.off_frontier])),
    )
    iso_loss = tuple(
        IsoLoss(level, float(scale.normalise(level)), "" if at is None else text, at or 0, line)
        for (level, line), text, at in zip(pieces, texts, places, strict=True)
    )
    return replace(plane, iso_loss=iso_loss, frontier=frontier)


def _fractions(plane: Plane, line: Polyline) -> NDArray[np.float64]:
    """Return the positions of points as fractions of the axes, shape (n_points, 2)."""
    return np.column_stack([plane.x.fraction(line.x), plane.y.fraction(line.y)])


def _outline(regime: SeedRegime, compute: Compute) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return N and D along the closed outline of the seed regime: its corners, and points between them if it bends."""
    C = np.array([regime.C[i] for i in (0, 1, 1, 0, 0)])
    ratio = np.array([regime.tokens_per_parameter[i] for i in (0, 0, 1, 1, 0)])
    if isinstance(compute, ProductCompute):
        return np.sqrt(C / (compute.kappa * ratio)), np.sqrt(C * ratio / compute.kappa)
    at, corners = np.linspace(0, 4, 4 * _PER_SIDE + 1), np.arange(5)
    C, ratio = (np.exp(np.interp(at, corners, np.log(values))) for values in (C, ratio))
    N = at_ratio(compute, C, ratio)
    return N, ratio * N


def _budget_line(compute: Compute, x: Axis, y: Axis, C: float) -> Polyline:
    return _joined(compute, curves.isoflop(C, _box(compute, x, y), compute), x, y)


def _joined(compute: Compute, pieces: list[curves.Path], x: Axis, y: Axis) -> Polyline:
    """Return a curve, by its two ends if it is a straight line on logarithmic axes."""
    if not pieces:
        return NOTHING
    log_N, log_D = (np.concatenate(logs) for logs in zip(*pieces, strict=True))
    if x.log and y.log and _is_straight(log_N, log_D):
        log_N, log_D = log_N[[0, -1]], log_D[[0, -1]]
    return _project(compute, x.name, y.name, np.exp(log_N), np.exp(log_D))


def _is_straight(x: NDArray[np.float64], y: NDArray[np.float64]) -> bool:
    """Return whether points lie on the line from the first to the last, within what can be seen."""
    (length, height) = x[-1] - x[0], y[-1] - y[0]
    off = (x - x[0]) * height - (y - y[0]) * length
    return bool(np.all(np.abs(off) <= _BENT * (length**2 + height**2)))


def _project(compute: Compute, x: str, y: str, N: ArrayLike, D: ArrayLike) -> Polyline:
    N, D = np.atleast_1d(np.asarray(N, dtype=float)), np.atleast_1d(np.asarray(D, dtype=float))
    values = {"C": compute.C(N, D), "N": N, "D": D}
    return polyline(values[x], values[y])
