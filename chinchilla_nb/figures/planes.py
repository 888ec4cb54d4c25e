"""The frontier figure: runs, iso-loss curves and the efficient frontier in the planes C-N, C-D and N-D."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.engine.allocation import allocate
from chinchilla_nb.engine.law import ScalingLaw
from chinchilla_nb.engine.runs import Runs, read_only
from chinchilla_nb.engine.seeding import SeedRegime
from chinchilla_nb.figures import curves
from chinchilla_nb.figures.colours import LossScale, loss_scale
from chinchilla_nb.figures.thinning import note, thin
from chinchilla_nb.figures.ticks import Axis, log_axis, round_apart

if TYPE_CHECKING:
    from chinchilla_nb.engine.fit import Fit

__all__ = ["FrontierFigure", "IsoLoss", "Plane", "Polyline", "frontier_figure"]

LEVELS = 10
# What the axes show when there is nothing to show: the models of the literature.
_DEFAULT_RANGES = {"C": (1e18, 1e24), "N": (1e8, 1e12), "D": (1e9, 1e13)}
# A frontier may widen the axes of N and D by this factor beyond the runs; a wild fit shall not squeeze them to a speck.
_REACH = 1e3


@dataclass(frozen=True, eq=False, slots=True)
class Polyline:
    """Points joined by a line, in the units of the axes; empty where there is nothing to draw.

    Attributes
    ----------
    x, y : ndarray, shape (n_points,)
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.x)


_NOTHING = Polyline(read_only(np.empty(0)), read_only(np.empty(0)))


@dataclass(frozen=True, eq=False, slots=True)
class IsoLoss:
    """A piece of the curve on which the law predicts one loss.

    Attributes
    ----------
    level : float
        The loss.
    colour : float
        Place of the level on the figure's loss scale, in [0, 1].
    label : str
        What to write on the curve; empty where there is no room.
    label_at : int
        Vertex of ``line`` to write it at.
    line : Polyline
    """

    level: float
    colour: float
    label: str
    label_at: int
    line: Polyline


@dataclass(frozen=True, eq=False, slots=True)
class Plane:
    """One log-log chart.

    Attributes
    ----------
    x, y : Axis
    dots : Polyline
        The runs that are drawn (as dots, not joined); ``FrontierFigure.shown`` says which they are.
    iso_loss : tuple of IsoLoss
        From the lowest loss to the highest.
    frontier : Polyline
        Compute-optimal allocations; two ends of a straight line, or empty.
    regime : Polyline
        Corners of the seed regime, closed: the first comes again at the end.
    next_point : Polyline
        One point or none.
    isoflop : Polyline
        Allocations that cost the chosen budget.
    """

    x: Axis
    y: Axis
    dots: Polyline
    iso_loss: tuple[IsoLoss, ...]
    frontier: Polyline
    regime: Polyline
    next_point: Polyline
    isoflop: Polyline

    def project(self, N: ArrayLike, D: ArrayLike) -> Polyline:
        """Return where models of N parameters trained on D tokens lie in this plane."""
        return _project(self.x.name, self.y.name, N, D)

    def budget_line(self, C: float) -> Polyline:
        """Return the isoFLOP line of a budget, from side to side of this plane."""
        return _budget_line(self.x, self.y, C)


@dataclass(frozen=True, eq=False, slots=True)
class FrontierFigure:
    """What to draw of runs and the law fitted to them.

    Attributes
    ----------
    planes : tuple of Plane
        C-N, C-D and N-D; axes of the same name are the same in all of them.
    shown : ndarray of int, shape (n_dots,)
        Indices of the runs that are drawn.
    colour : ndarray, shape (n_dots,)
        Place of each dot on the loss scale, in [0, 1].
    loss : LossScale
    note : str
        What a person should know, such as that not all runs are drawn; empty where there is nothing to say.
    """

    planes: tuple[Plane, Plane, Plane]
    shown: NDArray[np.intp]
    colour: NDArray[np.float64]
    loss: LossScale
    note: str


def frontier_figure(
    runs: Runs,
    fit: Fit | ScalingLaw | None = None,
    *,
    regime: SeedRegime | None = None,
    next_point: tuple[float, float] | None = None,
    budget: float | None = None,
    C_range: tuple[float, float] | None = None,
) -> FrontierFigure:
    """Lay out the three planes.

    Parameters
    ----------
    runs : Runs
        May be empty.
    fit : Fit or ScalingLaw, optional
        Without it, no curves and no frontier.
    regime : SeedRegime, optional
        Where seeds are drawn from.
    next_point : tuple of float, optional
        N and D of a run to come.
    budget : float, optional
        FLOPs whose isoFLOP line to draw.
    C_range : tuple of float, optional
        FLOPs that the axes cover besides the runs', so that a budget moved within it moves no axis.
    """
    law = fit if fit is None or isinstance(fit, ScalingLaw) else fit.law
    axes = _axes(runs, law, regime, next_point, [C for C in (budget, *(C_range or ())) if C is not None])
    levels = _levels(law, axes) if law else np.empty(0)
    shown = thin(runs.C, runs.N, runs.D, runs.loss)
    # The runs alone make the colours, so that a new fit recolours no run.
    scale = loss_scale(runs.loss if len(np.unique(runs.loss)) > 1 else np.append(runs.loss, levels))
    dots = {"C": runs.C[shown], "N": runs.N[shown], "D": runs.D[shown]}
    CN, CD, ND = (
        Plane(
            x=axes[x],
            y=axes[y],
            dots=Polyline(read_only(dots[x].copy()), read_only(dots[y].copy())),
            iso_loss=_iso_loss(law, levels, scale, axes[x], axes[y]) if law else (),
            frontier=_joined(curves.frontier(law, _box(axes[x], axes[y])), x, y) if law else _NOTHING,
            regime=_project(x, y, *_corners(regime)) if regime else _NOTHING,
            next_point=_project(x, y, *next_point) if next_point else _NOTHING,
            isoflop=_budget_line(axes[x], axes[y], budget) if budget else _NOTHING,
        )
        for x, y in (("C", "N"), ("C", "D"), ("N", "D"))
    )
    labelled = (_with_labels(CN), _with_labels(CD), _with_labels(ND))
    colour = read_only(scale.normalise(runs.loss[shown]))
    return FrontierFigure(labelled, read_only(shown), colour, scale, note(len(shown), len(runs)))


def _axes(
    runs: Runs,
    law: ScalingLaw | None,
    regime: SeedRegime | None,
    next_point: tuple[float, float] | None,
    budgets: list[float],
) -> dict[str, Axis]:
    """Axes of C, N and D that cover whatever is drawn."""
    shown = {"C": list(runs.C), "N": list(runs.N), "D": list(runs.D)}
    models = [*zip(*_corners(regime), strict=True)] if regime else []
    for N, D in [*models, *([next_point] if next_point else [])]:
        for name, value in (("N", N), ("D", D), ("C", 6 * N * D)):
            shown[name].append(float(value))
    shown["C"] += budgets
    if not shown["C"]:
        return {name: log_axis(name, ends) for name, ends in _DEFAULT_RANGES.items()}
    if law and curves.has_frontier(law) and (budgets or not shown["N"]):
        with np.errstate(all="ignore"):
            optimal = allocate(law, [min(shown["C"]), max(shown["C"])])
        for name, values in zip(("N", "D"), optimal, strict=True):
            near = np.clip(values, min(shown[name]) / _REACH, max(shown[name]) * _REACH) if shown[name] else values
            shown[name] += list(near[np.isfinite(near) & (near > 0)])
    for name in ("N", "D"):
        # Only a budget is known: a square around its even split.
        shown[name] = shown[name] or [float((C / 6) ** 0.5) for C in shown["C"]]
    return {name: log_axis(name, values) for name, values in shown.items()}


def _box(x: Axis, y: Axis) -> curves.Box:
    """Ends of C, N and D that a plane shows; those of the quantity on neither axis follow from 6ND = C."""
    box = {axis.name: (axis.low, axis.high) for axis in (x, y)}
    if "C" not in box:
        box["C"] = (6 * box["N"][0] * box["D"][0], 6 * box["N"][1] * box["D"][1])
    for name, other in (("N", "D"), ("D", "N")):
        if name not in box:
            box[name] = (box["C"][0] / (6 * box[other][1]), box["C"][1] / (6 * box[other][0]))
    return box


def _levels(law: ScalingLaw, axes: Mapping[str, Axis]) -> NDArray[np.float64]:
    """Round losses, ascending, that the law predicts at even steps along the diagonal of N and D."""
    ends = {name: np.log([axes[name].low, axes[name].high]) for name in ("C", "N", "D")}
    start, end = np.log(6) + ends["N"] + ends["D"]
    first = max(0.0, (ends["C"][0] - start) / (end - start))
    last = min(1.0, (ends["C"][1] - start) / (end - start))
    if first >= last:
        return np.empty(0)
    along = first + (last - first) * (np.arange(LEVELS) + 0.5) / LEVELS
    N, D = (np.exp(low + along * (high - low)) for low, high in (ends["N"], ends["D"]))
    with np.errstate(all="ignore"):
        losses = law.loss(N, D)
    levels = round_apart(losses[np.isfinite(losses)])
    return levels if len(levels) > 1 else np.empty(0)


def _iso_loss(law: ScalingLaw, levels: NDArray[np.float64], scale: LossScale, x: Axis, y: Axis) -> tuple[IsoLoss, ...]:
    """Curves of all levels within a plane, not labelled yet."""
    box = _box(x, y)
    with np.errstate(all="ignore"):
        return tuple(
            IsoLoss(float(level), float(scale.normalise(level)), "", 0, _project(x.name, y.name, *np.exp(path)))
            for level in levels
            for path in curves.iso_loss(law, level, box)
        )


def _with_labels(plane: Plane) -> Plane:
    """Label each level once, where the label covers as little as possible; not at all where there is no room."""
    places = _label_places(plane)
    best: dict[float, int] = {}
    for index, curve in enumerate(plane.iso_loss):
        if curve.level not in best or places[index][1] > places[best[curve.level]][1]:
            best[curve.level] = index
    labelled = tuple(
        replace(curve, label=f"{curve.level:.12g}" if best[curve.level] == index and room > 0 else "", label_at=at)
        for index, (curve, (at, room)) in enumerate(zip(plane.iso_loss, places, strict=True))
    )
    return replace(plane, iso_loss=labelled)


def _label_places(plane: Plane) -> list[tuple[int, float]]:
    """Choose for each curve the vertex with most room for a label; return it and its room, 0 for none.

    Room is the least of the distances to the chart's sides, to runs and frontier, to other curves and to labels placed
    before, each in units of the distance that suffices.
    """
    spots = [_fractions(plane, curve.line) for curve in plane.iso_loss]
    # Three hundred runs say where the others are too.
    dots = _fractions(plane, plane.dots)[:: max(1, len(plane.dots) // 300)]
    obstacles = np.concatenate([dots, _along(_fractions(plane, plane.frontier))])
    # The next point is as large as a label.
    labels = _fractions(plane, plane.next_point)
    places = []
    for index, spot in enumerate(spots):
        others = np.concatenate([np.empty((0, 2)), *(s[::4] for i, s in enumerate(spots) if i != index)])
        sides = np.minimum(spot, 1 - spot).min(axis=1)
        room = np.min(
            [
                np.minimum((sides - 0.03) / 0.03, 1),
                0.3 + 0.7 * np.minimum(_distance(spot, obstacles) / 0.05, 1),
                np.minimum(_distance(spot, others) / 0.03, 1),
                np.minimum((_distance(spot, labels) - 0.06) / 0.06, 1),
            ],
            axis=0,
        )
        at = int(np.argmax(room))
        places.append((at, float(max(room[at], 0))))
        if room[at] > 0:
            labels = np.append(labels, spot[at : at + 1], axis=0)
    return places


def _along(ends: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points along the straight line between two ends; none where there is no line."""
    return ends[:1] + np.linspace(0, 1, 60)[:, None] * (ends[-1:] - ends[:1]) if len(ends) else ends


def _fractions(plane: Plane, line: Polyline) -> NDArray[np.float64]:
    """Where points lie in the plane, from (0, 0) to (1, 1); shape (n_points, 2)."""
    return np.column_stack([plane.x.fraction(line.x), plane.y.fraction(line.y)])


def _distance(points: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance of each point to the nearest of the others; infinite where there are none."""
    if not len(others):
        return np.full(len(points), np.inf)
    return np.asarray(np.hypot(*(points[:, None, :] - others[None, :, :]).transpose(2, 0, 1)).min(axis=1))


def _corners(regime: SeedRegime) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """N and D at the corners of the seed regime, closed."""
    C = np.array([regime.C[i] for i in (0, 1, 1, 0, 0)])
    ratio = np.array([regime.tokens_per_parameter[i] for i in (0, 0, 1, 1, 0)])
    return np.sqrt(C / (6 * ratio)), np.sqrt(C * ratio / 6)


def _budget_line(x: Axis, y: Axis, C: float) -> Polyline:
    return _joined(curves.isoflop(C, _box(x, y)), x.name, y.name)


def _joined(pieces: list[curves.Path], x: str, y: str) -> Polyline:
    """The two ends of a curve that is a straight line in logarithms."""
    if not pieces:
        return _NOTHING
    log_N, log_D = (np.concatenate(logs)[[0, -1]] for logs in zip(*pieces, strict=True))
    return _project(x, y, np.exp(log_N), np.exp(log_D))


def _project(x: str, y: str, N: ArrayLike, D: ArrayLike) -> Polyline:
    N, D = np.atleast_1d(np.asarray(N, dtype=float)), np.atleast_1d(np.asarray(D, dtype=float))
    values = {"C": 6 * N * D, "N": N, "D": D}
    return Polyline(read_only(values[x].copy()), read_only(values[y].copy()))
