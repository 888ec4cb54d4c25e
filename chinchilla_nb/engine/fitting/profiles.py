"""Starts that do not depend on the grid: laws at a lattice of exponents, followed to the minima of their profiles.

With its exponents fixed, a law is linear in its other parameters (variable projection, Golub and Pereyra 1973), so that
the whole range of exponents can be searched. Each line of the lattice is then minimised over all parameters except the
exponent that it fixes; the minima of these profiles are in every basin that the lattice can tell apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter

from chinchilla_nb.engine.fitting.newton import newton_from_each
from chinchilla_nb.engine.fitting.objective import Objective
from chinchilla_nb.engine.fitting.overflow import may_overflow
from chinchilla_nb.engine.fitting.smoothing import typical_width
from chinchilla_nb.engine.laws.family import Coordinates, Profiling

__all__ = ["Lattice", "Profiles", "profiled_lattice", "reweighted"]

Array = NDArray[Any]

ROUNDS = 4
"""Rounds of reweighting, after which the values of profiled laws hardly change."""
SHARPNESS = 0.3
"""Width over which kinks are smoothed while reweighting, relative to that at which a typical residual is on the edge of
the quadratic middle."""
SAME_LOSS = 1e-9
"""Relative distance between a prediction and a measured loss below which they count as equal while reweighting."""
LEAST_WEIGHT = 1e-6
"""Least weight of a run while reweighting, relative to the largest, both without the weights of the objective."""
STEPS = 15
"""Most Newton steps along a line of the lattice: its minima are starts, and need few digits."""
TOLERANCE = 1e-6
"""Relative decrease at which a minimisation along a line ends."""
LEAST_EXPONENT = 0.01
"""Exponents below this count as equal to it: their terms are flat over any runs."""
NEARBY = 1.0
"""Largest distance, as a logarithm of an exponent, of minima on neighbouring lines that belong together."""
FLOORLESS = 4
"""Most starts whose irreducible loss is at its lower bound."""
PER_LINE = 2
"""Most minima that are followed from one line of the lattice."""


class Lattice:
    """Laws fitted at a lattice of exponents: rows of theta, shape (n_1, n_2, n_parameters), and objectives.

    ``without_floor`` are the best such laws whose irreducible loss is at its lower bound.
    """

    __slots__ = ("theta", "values", "without_floor")

    def __init__(self, theta: Array, values: Array, without_floor: Array) -> None:
        self.theta, self.values = theta, np.where(np.isfinite(values), values, np.inf)
        self.without_floor = without_floor

    @property
    def best(self) -> Array:
        """The law with the lowest objective."""
        return np.asarray(self.theta[np.unravel_index(self.values.argmin(), self.values.shape)])


@may_overflow
def profiled_lattice(objective: Objective) -> Lattice | None:
    """Return laws fitted at a lattice of exponents; None if the law cannot be profiled."""
    if not isinstance(objective.predictor, Profiling):
        return None
    loss = objective.measured
    # To first order, an error of the logarithm is an error of the loss divided by the loss.
    weight = objective.weight / loss**2 if objective.loss.logarithmic else objective.weight
    theta, predicted = objective.predictor.profile(loss, weight)
    if not objective.loss.is_quadratic:
        values = objective.value_of(predicted.copy())
        width = SHARPNESS * typical_width(objective, theta[np.unravel_index(np.nanargmin(values), values.shape)])
        for _ in range(ROUNDS):
            weight = reweighted(objective, predicted, width)
            theta, predicted = objective.predictor.profile(loss, weight)
    values = objective.value_of(predicted)
    floorless, predicted = objective.predictor.profile(loss, weight, least_floor=True)
    lowest = _lattice_minima(objective.value_of(predicted))
    return Lattice(theta, values, floorless[lowest][:FLOORLESS])


def _lattice_minima(values: Array) -> tuple[Array, Array]:
    """Return the positions in a lattice whose values are not above those of their neighbours, the lowest first."""
    values = np.where(np.isfinite(values), values, np.inf)
    around = minimum_filter(values, size=3, mode="nearest")
    rows, columns = np.nonzero((values <= around) & np.isfinite(values))
    order = np.argsort(values[rows, columns], kind="stable")
    return rows[order], columns[order]


@dataclass(frozen=True, eq=False, slots=True)
class Profiles:
    """Profiles over the exponents: laws with one exponent fixed, minimised over the other parameters.

    Attributes
    ----------
    theta : ndarray, shape (n, n_parameters)
    values : ndarray, shape (n,)
        Their objectives.
    lines : list of (int, int)
        Which axis of the lattice, and which position along it, each of them fixes.
    exponents : tuple of int
        The parameters that the axes fix.
    """

    theta: Array
    values: Array
    lines: list[tuple[int, int]]
    exponents: tuple[int, ...]

    @classmethod
    def along(cls, lattice: Lattice, exponents: tuple[int, ...]) -> Profiles:
        """Return the lowest laws on each line of a lattice."""
        found = [(axis, at, row) for axis in range(len(exponents)) for at, row in _line_minima(lattice, axis)]
        theta = np.array([row for *_, row in found])
        return cls(theta, np.full(len(theta), np.inf), [(axis, at) for axis, at, _ in found], exponents)

    def minimised(self, objective: Objective, box: Coordinates) -> Profiles:
        """Return the profiles of a smooth objective."""
        fixed = np.zeros(self.theta.shape, dtype=bool)
        for member, (axis, _) in enumerate(self.lines):
            fixed[member, self.exponents[axis]] = True
        minima = newton_from_each(objective, self.theta, box, STEPS, TOLERANCE, fixed)
        values = np.array([float(minimum.value) for minimum in minima])
        return replace(self, theta=np.array([minimum.theta for minimum in minima]), values=values)

    def minima(self) -> Array:
        """Return the laws that are not above those nearby on the lines beside them, the lowest first."""
        order = np.argsort(self.values, kind="stable")
        exponents = self.theta[:, [*self.exponents]]
        return self.theta[[index for index in order if _is_lowest(index, self.lines, exponents, self.values)]]


def _is_lowest(index: int, lines: list[tuple[int, int]], exponents: Array, values: Array) -> bool:
    """Return whether a minimum on a line is not above those nearby on the lines beside it."""
    axis, at = lines[index]
    for other, (other_axis, other_at) in enumerate(lines):
        if other_axis == axis and abs(other_at - at) == 1:
            others = np.maximum(exponents[[other, index], 1 - axis], LEAST_EXPONENT)
            distance = abs(float(np.log(others[0] / others[1])))
            if distance <= NEARBY and (
                values[other] < values[index] or (values[other] == values[index] and other_at < at)
            ):
                return False
    return True


def _line_minima(lattice: Lattice, axis: int) -> Iterator[tuple[int, Array]]:
    """Yield the lowest minima along each line that fixes an axis of the lattice, with the position of the line."""
    for at in range(lattice.values.shape[axis]):
        values, theta = np.take(lattice.values, at, axis), np.take(lattice.theta, at, axis)
        for position in sorted(_minima(values), key=lambda index: float(values[index]))[:PER_LINE]:
            yield at, theta[position]


def _minima(values: Array) -> list[int]:
    """Return where a sequence has minima: the first of equal values."""
    before, after = np.concatenate([[np.inf], values[:-1]]), np.concatenate([values[1:], [np.inf]])
    return [int(at) for at in np.flatnonzero((values < before) & (values <= after))]


def reweighted(objective: Objective, predicted: Array, width: float) -> Array:
    """Return weights with which squared errors have the gradient of the objective, smoothed, at the predictions."""
    loss = objective.measured
    error = predicted - loss
    error = np.where(np.abs(error) < SAME_LOSS * loss, SAME_LOSS * loss, error)
    predicted = np.maximum(loss + error, SAME_LOSS * loss)
    residual = np.log(predicted / loss) if objective.loss.logarithmic else error
    slope = objective.weight * objective.loss.smoothed(width).slope(residual)
    weight = slope / (error * (predicted if objective.loss.logarithmic else 1.0))
    # The slope of a loss that is flat, or decreases, says nothing about where to search.
    largest = (weight / objective.weight).max(axis=-1, keepdims=True)
    return np.where(largest > 0, np.maximum(weight, LEAST_WEIGHT * largest * objective.weight), objective.weight)
