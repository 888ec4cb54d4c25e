"""The lines of laws that are drawn beside the fit: frontiers in the planes, and lowest losses by compute."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.laws.named import NamedLaw
from chinchilla_nb.figures.planes import Plane
from chinchilla_nb.figures.polyline import NOTHING, Polyline, polyline
from chinchilla_nb.figures.residuals import LossFigure
from chinchilla_nb.figures.ticks import Axis

__all__ = ["SMALL_CHART", "LawLine", "covers_a_label", "loss_lines", "plane_lines"]

Points = NDArray[np.float64]

SMALL_CHART = WIDTH, HEIGHT = 230.0, 240.0
"""Size of a small chart in pixels; on a larger one labels cover a smaller part."""
CHARACTER, LINE = 6.6, 13.0
"""Width of a character and height of a line of a label, in pixels."""
OFFSETS = (9.0, -9.0, 20.0, -20.0, 31.0, -31.0)
"""How far above its line the middle of a label is tried, in pixels."""
PLACES = 72
"""Places along a line at which its label is tried, as far as they are in view, and which labels of others avoid."""
OVER_LABEL, OVER_RUN, OVER_LINE, FAR = 10.0, 3.0, 1.0, 0.2
"""What it costs to cover a point of another label or of a marker, a run, and a point of a line, and each pixel between
the middle of a label and its line."""
MARGIN = np.array([9.0 / WIDTH, 9.0 / HEIGHT])
"""Half the size of a marker, such as the diamond of the next run, or of a loss beside an iso-loss curve."""


@dataclass(frozen=True, eq=False, slots=True)
class LawLine:
    """The line of a law, with its label.

    Attributes
    ----------
    law : NamedLaw
    line : Polyline
        Empty where the law has no frontier.
    label : Polyline
        Where the middle of its label is, close to the line: one point, or none if no part of the line is in view.
    """

    law: NamedLaw
    line: Polyline
    label: Polyline


def plane_lines(
    plane: Plane, laws: Sequence[NamedLaw], known: Sequence[LawLine] = (), markers: Polyline = NOTHING
) -> tuple[LawLine, ...]:
    """Return the efficient frontiers of laws in a plane, on its axes.

    ``known`` are those drawn there so far, and ``markers`` are drawn over labels, which keep away from them and from
    the losses beside the iso-loss curves.
    """
    lines = _lines(laws, plane.frontier_of, known)
    named = [(curve.line.x[curve.label_at], curve.line.y[curve.label_at]) for curve in plane.iso_loss if curve.label]
    x, y = np.concatenate([np.column_stack([markers.x, markers.y]), np.reshape(named, (-1, 2))]).T
    return _labelled(laws, lines, plane.frontier, plane.x, plane.y, polyline(x, y), plane.dots)


def loss_lines(
    figure: LossFigure,
    x: Axis,
    y: Axis,
    laws: Sequence[NamedLaw],
    known: Sequence[LawLine] = (),
    markers: Polyline = NOTHING,
) -> tuple[LawLine, ...]:
    """Return the lowest losses that laws predict by compute, on other axes of the chart; see `plane_lines`."""
    lines = _lines(laws, lambda law: figure.frontier_of(law, x), known)
    return _labelled(laws, lines, figure.frontier_in_view(x), x, y, markers, figure.scatter.dots)


def _lines(laws: Sequence[NamedLaw], line_of: Callable[[Law], Polyline], known: Sequence[LawLine]) -> list[Polyline]:
    """Return the line of each law, computed anew only for laws that are not drawn yet."""
    drawn = {one.law: one.line for one in known}
    return [drawn[law] if law in drawn else line_of(law.law) for law in laws]


def _labelled(
    laws: Sequence[NamedLaw],
    lines: Sequence[Polyline],
    fitted: Polyline,
    x: Axis,
    y: Axis,
    markers: Polyline,
    runs: Polyline,
) -> tuple[LawLine, ...]:
    """Return lines with labels that cover each other, markers, runs and lines as little as possible."""
    paths = [_along(line, x, y) for line in lines]
    every_line = np.concatenate([_along(fitted, x, y), *paths])
    taken, marked, dots = np.empty((0, 2)), _fractions(markers, x, y), _fractions(runs, x, y)
    drawn = []
    for law, line, path in zip(laws, lines, paths, strict=True):
        half = _half_size(law)
        near = (OVER_LABEL, taken, 2 * half), (OVER_LABEL, marked, half + MARGIN)
        place = _place(path, half, [*near, (OVER_RUN, dots, half), (OVER_LINE, every_line, half)])
        label = NOTHING
        if place is not None:
            taken = np.concatenate([taken, _inside_box(place, half)])
            label = polyline(x.values(place[:1]), y.values(place[1:]))
        drawn.append(LawLine(law, line, label))
    return tuple(drawn)


def covers_a_label(markers: Polyline, drawn: Sequence[LawLine], x: Axis, y: Axis) -> bool:
    """Return whether a marker is drawn over the label of a law."""
    marked = _fractions(markers, x, y)
    return any(_covered(_fractions(one.label, x, y), marked, _half_size(one.law) + MARGIN).any() for one in drawn)


def _half_size(law: NamedLaw) -> Points:
    """Return half the width and half the height of a label, in fractions of the chart."""
    return np.array([CHARACTER * (len(law.name) + 1) / WIDTH, LINE / HEIGHT]) / 2


def _fractions(points: Polyline, x: Axis, y: Axis) -> Points:
    """Return points in fractions of the chart."""
    return np.column_stack([x.fraction(points.x), y.fraction(points.y)])


def _along(line: Polyline, x: Axis, y: Axis) -> Points:
    """Return points along the part of a line that is in view, in fractions of the chart."""
    if len(line) < 2:
        return np.empty((0, 2))
    corners = _fractions(line, x, y)
    distance = np.append(0.0, np.cumsum(np.hypot(*np.diff(corners, axis=0).T)))
    steps = np.linspace(0, distance[-1], PLACES)
    points = np.column_stack([np.interp(steps, distance, part) for part in corners.T])
    return points[((points >= 0) & (points <= 1)).all(axis=1)]


def _place(path: Points, half: Points, costs: Sequence[tuple[float, Points, Points]]) -> Points | None:
    """Return the middle of the label of a line, from its high end; None if no part of it is in view.

    ``costs`` are what it costs to have a point nearer than half a size, the points, and that size.
    """
    if not len(path):
        return None
    above = np.array([[0.0, offset / HEIGHT] for offset in OFFSETS])
    middles = np.clip(np.concatenate(path[::-1] + above[:, None]), half, 1 - half)
    apart = np.hypot(*np.moveaxis((middles[:, None] - path) * SMALL_CHART, -1, 0)).min(axis=1)
    cost = FAR * apart + sum(each * _covered(middles, points, size) for each, points, size in costs)
    return np.asarray(middles[np.argmin(cost)])


def _covered(middles: Points, points: Points, half: Points) -> NDArray[np.float64]:
    """Return how many points each box covers."""
    if not len(points):
        return np.zeros(len(middles))
    return np.asarray((np.abs(middles[:, None] - points) < half).all(axis=2).sum(axis=1), dtype=float)


def _inside_box(middle: Points, half: Points) -> Points:
    """Return points of a label that others must not cover."""
    return middle + half * np.column_stack([np.linspace(-1, 1, 9), np.zeros(9)])
