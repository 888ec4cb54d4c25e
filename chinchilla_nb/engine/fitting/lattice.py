"""Laws fitted at a lattice of exponents, however far the start grid is from the data.

With its exponents fixed, a law is linear in its other parameters (variable projection, Golub and Pereyra 1973), so that
the whole range of exponents can be searched.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter

from chinchilla_nb.engine.fitting.objective import Objective
from chinchilla_nb.engine.fitting.overflow import may_overflow
from chinchilla_nb.engine.fitting.smoothing import typical_width
from chinchilla_nb.engine.laws.family import Coordinates, Profiling
from chinchilla_nb.engine.laws.parameters import LARGEST_EXPONENT

__all__ = ["Lattice", "fine_lattice_minima", "profiled_lattice", "reweighted"]

Array = NDArray[Any]

ROUNDS = 4
"""Most rounds of reweighting, after which the values of profiled laws hardly change."""
FINE, FINE_ROUNDS, FINE_MINIMA = np.geomspace(0.02, LARGEST_EXPONENT, 28), 12, 24
"""Exponents of the finer lattice, most rounds of reweighting there, and most of its minima that are starts."""
SAME_LAW = 1e-6
"""Largest change of theta in a round after which reweighting has ended."""
SHARPNESS = 0.3
"""Width over which kinks are smoothed while reweighting, relative to that at which a typical residual is on the edge of
the quadratic middle."""
SAME_LOSS = 1e-9
"""Relative distance between a prediction and a measured loss below which they count as equal while reweighting."""
LEAST_WEIGHT = 1e-6
"""Least weight of a run while reweighting, relative to the largest, both without the weights of the objective."""
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

    def lowest(self, most: int) -> Array:
        """Return the lowest laws that are minima among their neighbours, as rows of theta."""
        return np.asarray(self.theta[_lattice_minima(self.values)][:most])

    def line_minima(self, axis: int) -> Iterator[tuple[int, Array]]:
        """Yield the lowest minima along each line that fixes an axis of the lattice, with the position of the line."""
        for at in range(self.values.shape[axis]):
            values, theta = np.take(self.values, at, axis), np.take(self.theta, at, axis)
            for position in sorted(_minima(values), key=lambda index: float(values[index]))[:PER_LINE]:
                yield at, theta[position]


@may_overflow
def profiled_lattice(objective: Objective) -> Lattice | None:
    """Return laws fitted at a lattice of exponents; None if the law cannot be profiled."""
    if not isinstance(objective.predictor, Profiling):
        return None
    theta, predicted, weight = _fitted(objective, objective.predictor, None, ROUNDS)
    values = objective.value_of(predicted)
    floorless, predicted = objective.predictor.profile(objective.measured, weight, least_floor=True)
    lowest = _lattice_minima(objective.value_of(predicted))
    return Lattice(theta, values, floorless[lowest][:FLOORLESS])


@may_overflow
def fine_lattice_minima(objective: Objective, box: Coordinates, exponents: tuple[int, ...]) -> Array:
    """Return the lowest laws that are minima among their neighbours in a finer lattice of exponents, as rows of theta.

    There are none if the law cannot be profiled.
    """
    if not isinstance(objective.predictor, Profiling):
        return np.empty((0, len(box.lower)))
    axes = tuple(np.unique(np.clip(FINE, box.lower[index], box.upper[index])) for index in exponents)
    theta, predicted, _ = _fitted(objective, objective.predictor, axes, FINE_ROUNDS)
    return np.asarray(theta[_lattice_minima(objective.value_of(predicted))][:FINE_MINIMA])


def _fitted(
    objective: Objective, predictor: Profiling, exponents: tuple[Array, ...] | None, rounds: int
) -> tuple[Array, Array, Array]:
    """Return laws fitted at a lattice of exponents, their predictions, and the weights after the last round."""
    loss = objective.measured
    # To first order, an error of the logarithm is an error of the loss divided by the loss.
    weight = objective.weight / loss**2 if objective.loss.logarithmic else objective.weight
    theta, predicted = predictor.profile(loss, weight, exponents)
    if objective.loss.is_quadratic:
        return theta, predicted, weight
    values = objective.value_of(predicted.copy())
    width = SHARPNESS * typical_width(objective, theta[np.unravel_index(np.nanargmin(values), values.shape)])
    for _ in range(rounds):
        before, weight = theta, reweighted(objective, predicted, width)
        theta, predicted = predictor.profile(loss, weight, exponents)
        if np.abs(theta - before).max() <= SAME_LAW:
            break
    return theta, predicted, weight


def _lattice_minima(values: Array) -> tuple[Array, Array]:
    """Return the positions in a lattice whose values are not above those of their neighbours, the lowest first."""
    values = np.where(np.isfinite(values), values, np.inf)
    around = minimum_filter(values, size=3, mode="nearest")
    rows, columns = np.nonzero((values <= around) & np.isfinite(values))
    order = np.argsort(values[rows, columns], kind="stable")
    return rows[order], columns[order]


def _minima(values: Array) -> list[int]:
    """Return where a sequence has minima: the first of equal values."""
    before, after = np.concatenate([[np.inf], values[:-1]]), np.concatenate([values[1:], [np.inf]])
    return [int(at) for at in np.flatnonzero((values < before) & (values <= after))]


def reweighted(objective: Objective, predicted: Array, width: float) -> Array:
    """Return weights with which squared errors have the gradient of the objective, smoothed, at the predictions."""
    loss = objective.measured
    error = predicted - loss
    least = SAME_LOSS * loss
    np.copyto(error, least, where=np.abs(error) < least)
    smooth = objective.loss.smoothed(width)
    if objective.loss.logarithmic:
        predicted = np.maximum(loss + error, least)
        weight = smooth.slope(np.log(predicted / loss))
        error *= predicted
    else:
        weight = smooth.slope(error)
    weight /= error
    largest = weight.max(axis=-1, keepdims=True)
    np.maximum(weight, LEAST_WEIGHT * largest, out=weight)
    # The slope of a loss that is flat, or decreases, says nothing about where to search.
    np.copyto(weight, 1.0, where=~(largest > 0))
    weight *= objective.weight
    return weight
