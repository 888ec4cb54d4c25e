"""Laws minimised along the lines of a lattice of exponents: starts that do not depend on the grid.

Each line fixes one exponent; the minima of these profiles over the other parameters are in every basin that the lattice
can tell apart. As the smoothing becomes narrower, lines on which no law can become the best are given up.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.fitting.lattice import Lattice
from chinchilla_nb.engine.fitting.newton import continued, free_parameters, newton_from_each
from chinchilla_nb.engine.fitting.objective import Objective
from chinchilla_nb.engine.laws.family import Coordinates

__all__ = ["Profiles"]

Array = NDArray[Any]
Flags = NDArray[np.bool_]

STEPS = 15
"""Most Newton steps along a line of the lattice: its minima are starts, and need few digits."""
TOLERANCE = 1e-4
"""Relative decrease at which a minimisation along a line ends."""
LEAST_EXPONENT = 0.01
"""Exponents below this count as equal to it: their terms are flat over any runs."""
NEARBY = 1.0
"""Largest distance, as a logarithm of an exponent, of minima on neighbouring lines that belong together."""
BESIDE = 0.5
"""Largest distance, as a logarithm of an exponent, of two laws with no whole cell of the lattice between them."""
MARGIN = 2.0
"""Ratio to the objective of a known law up to which a law on a line may lead to a lower one beside the line."""


@dataclass(frozen=True, eq=False, slots=True)
class Profiles:
    """Laws that minimise a smoothed objective along lines.

    A line fixes one exponent, or the irreducible loss at its lower bound.

    Attributes
    ----------
    objective, smooth : Objective
        Without smoothing, and with it.
    box : Coordinates
    exponents : tuple of int
        Which parameters are exponents.
    theta : ndarray, shape (n, n_parameters)
    values : ndarray, shape (n,)
        The smoothed objective of each law.
    fixed : ndarray of bool, shape (n, n_parameters)
        The parameters that the line of each law fixes.
    place : ndarray of int, shape (n,)
        Number of the line of each law; those of lines that lie beside each other differ by one.
    """

    objective: Objective
    smooth: Objective
    box: Coordinates
    exponents: tuple[int, ...]
    theta: Array
    values: Array
    fixed: Flags
    place: NDArray[np.int_]

    @classmethod
    def along(
        cls,
        lattice: Lattice,
        objective: Objective,
        width: float,
        box: Coordinates,
        exponents: tuple[int, ...],
        floors: tuple[int, ...],
    ) -> Profiles:
        """Minimise an objective, smoothed over a width, along the lines of a lattice."""
        lines: list[tuple[Array, tuple[int, ...], int]] = [
            (row, (exponent,), 2 * axis * lattice.values.size + at)
            for axis, exponent in enumerate(exponents)
            for at, row in lattice.line_minima(axis)
        ]
        # No two laws without an irreducible loss are beside each other.
        lines += [(row, floors, -2 * at) for at, row in enumerate(lattice.without_floor, 1)]
        rows, fixes, place = zip(*lines, strict=True)
        fixed = np.array([np.isin(np.arange(len(rows[0])), which) for which in fixes])
        smooth = objective.smoothed(width)
        theta, values = _minimised(smooth, np.array(rows), box, fixed)
        return cls(objective, smooth, box, exponents, theta, values, fixed, np.array(place))

    def __len__(self) -> int:
        return len(self.theta)

    def narrowed(self, width: float) -> Profiles:
        """Return the laws that minimise the objective smoothed over a narrower width."""
        smooth = self.objective.smoothed(width)
        theta = continued(self.smooth, smooth, self.theta, self.box, self.fixed)
        theta, values = _minimised(smooth, theta, self.box, self.fixed)
        return replace(self, smooth=smooth, theta=theta, values=values)

    def below(self, known: Array) -> Profiles:
        """Return the profiles on lines that may come below all laws known when the width shrinks.

        Where a smoothed objective that is nowhere above the objective is above the objective of a known law, no law is
        better than that one. Between two lines that fix an exponent, a law may be better than on either.
        """
        if not self.smooth.loss.smoothing_lowers:
            return self
        laws = np.concatenate([known, self.theta])
        values = self.smooth.value(laws)
        best = int(np.argmin(values))
        limit = max(float(self.objective.value(laws[best])), float(values[best]))
        kept = self.values <= limit * np.where(self._fixes_an_exponent(), MARGIN, 1.0)
        parts = {name: getattr(self, name)[kept] for name in ("theta", "values", "fixed", "place")}
        return replace(self, **parts)

    def minima(self, known: Array) -> Array:
        """Return the laws that are minima beside each other, and beside known laws, the lowest first."""
        found = self._is_lowest() & ~self._is_beside_lower(known) & self._keeps_its_floor()
        return np.asarray(self.theta[found][np.argsort(self.values[found], kind="stable")])

    def _fixes_an_exponent(self) -> Flags:
        return np.asarray(self.fixed[:, [*self.exponents]].any(axis=1))

    def _is_lowest(self) -> Flags:
        """Return which laws are not above those nearby on the lines beside them."""
        beside = np.abs(self.place[:, None] - self.place) == 1
        near = _distance(self.theta, self.theta, self.exponents) <= NEARBY
        earlier = np.arange(len(self)) < np.arange(len(self))[:, None]
        lower = (self.values < self.values[:, None]) | ((self.values == self.values[:, None]) & earlier)
        return np.asarray(~(beside & near & lower).any(axis=1))

    def _is_beside_lower(self, known: Array) -> Flags:
        """Return which laws lie beside a known law that is lower, so that they are on the slope of its basin."""
        if not self.smooth.loss.smoothing_lowers:
            return np.zeros(len(self), dtype=bool)  # the lower of two laws may be the higher one without smoothing
        near = _distance(self.theta, known, self.exponents) <= BESIDE
        return np.asarray((near & (self.smooth.value(known) < self.values[:, None])).any(axis=1))

    def _keeps_its_floor(self) -> Flags:
        """Return which laws do not have a fixed irreducible loss of which more would be better."""
        kept = np.ones(len(self), dtype=bool)
        lines = np.flatnonzero(~self._fixes_an_exponent())
        if lines.size:
            theta = self.theta[lines]
            free = free_parameters(theta, self.smooth.derivatives(theta).gradient, self.box)
            kept[lines] = ~(free & self.fixed[lines]).any(axis=1)
        return kept


def _minimised(smooth: Objective, theta: Array, box: Coordinates, fixed: Flags) -> tuple[Array, Array]:
    """Return laws that minimise a smooth objective, without moving what is fixed, and their objectives."""
    minima = newton_from_each(smooth, theta, box, STEPS, TOLERANCE, fixed)
    return np.array([one.theta for one in minima]), np.array([float(one.value) for one in minima])


def _distance(theta: Array, others: Array, exponents: tuple[int, ...]) -> Array:
    """Return how far the exponents of laws are from those of others, as a logarithm, shape (n, n_others)."""
    logs, other_logs = (np.log(np.maximum(rows[:, [*exponents]], LEAST_EXPONENT)) for rows in (theta, others))
    return np.asarray(np.abs(logs[:, None] - other_logs).max(axis=-1))
