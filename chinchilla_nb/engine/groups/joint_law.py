"""Laws of several groups that share parameters, as the solver sees them: coordinates and predictions.

Each group has the coordinates of one law; a joint theta holds those that are shared once, and the others once for each
group.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.laws.family import Coordinates, Prediction, Predictor
from chinchilla_nb.engine.laws.stack import LawStack
from chinchilla_nb.engine.runs import Runs

__all__ = ["JointCoordinates", "JointPrediction", "JointPredictor"]

Array = NDArray[Any]
Integers = NDArray[np.intp]


@dataclass(frozen=True, eq=False, slots=True)
class JointCoordinates:
    """The coordinates of all groups.

    Attributes
    ----------
    each : Coordinates
        Those of the law of one group.
    places : ndarray of int, shape (n_groups, p)
        Where the coordinates of each group are in a joint theta.
    number : ndarray of int, shape (n_runs,)
        The number of the group of each run, from 0.
    """

    each: Coordinates
    places: Integers
    number: Integers

    @classmethod
    def of(cls, each: Coordinates, differs: Sequence[bool], number: Integers) -> JointCoordinates:
        """Return the coordinates of runs, given which parameters of the law differ between their groups."""
        groups = int(number.max()) + 1
        sizes = [groups if one else 1 for one in differs]
        first = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        own = np.where(differs, np.arange(groups)[:, None], 0)
        return cls(each, (first + own).astype(np.intp), number)

    @property
    def unit(self) -> float:
        """The loss that equals one in these coordinates."""
        return self.each.unit

    @property
    def lower(self) -> Array:
        """Lower bounds of theta, shape (n_parameters,)."""
        return self._spread(self.each.lower)

    @property
    def upper(self) -> Array:
        """Upper bounds of theta, shape (n_parameters,)."""
        return self._spread(self.each.upper)

    def law(self, theta: Array) -> LawStack:
        """Return the law of each group."""
        return LawStack([self.each.law(theta[places]) for places in self.places])

    def theta(self, points: Array) -> Array:
        """Convert rows of `StartGrid.points` to rows of theta inside the box, with the same law for each group."""
        return self.joined(np.repeat(self.each.theta(points)[..., None, :], len(self.places), axis=-2))

    def joined(self, thetas: Array) -> Array:
        """Return a joint theta from those of each group, shape (..., n_groups, p); what is shared is their mean."""
        size = int(self.places.max()) + 1
        total, count = np.zeros((*thetas.shape[:-2], size)), np.zeros(size)
        for group, places in enumerate(self.places):
            total[..., places] += thetas[..., group, :]
            count[places] += 1
        return total / count

    def predictor(self, runs: Runs, dtype: type[np.floating[Any]] = np.float64) -> JointPredictor:
        """Return the predictor of the losses of the runs, in a precision."""
        return JointPredictor(self.each.predictor(runs, dtype), self.number, self.places)

    def _spread(self, values: Array) -> Array:
        """Return values of the coordinates of a law as those of a joint theta."""
        spread = np.empty(int(self.places.max()) + 1)
        spread[self.places] = values
        return spread


@dataclass(frozen=True, eq=False, slots=True)
class JointPredictor:
    """Predicts the losses of runs, each by the law of its group.

    Attributes
    ----------
    each : Predictor
        Predicts all runs by the law of one group.
    number : ndarray of int, shape (n_runs,)
        The number of the group of each run.
    places : ndarray of int, shape (n_groups, p)
        Where the coordinates of each group are in a joint theta.
    """

    each: Predictor
    number: Integers
    places: Integers

    def at(self, theta: Array) -> JointPrediction:
        """Predict at theta, shape (..., n_parameters)."""
        parts = []
        for group, places in enumerate(self.places):
            members = np.flatnonzero(self.number == group)
            if members.size:
                parts.append(_Part(members, places, self.each.take(members).at(theta[..., places])))
        return JointPrediction(parts, theta)

    def take(self, which: Array) -> JointPredictor:
        """Return the predictor for some of the runs."""
        return replace(self, each=self.each.take(which), number=self.number[which])


@dataclass(frozen=True, eq=False, slots=True)
class _Part:
    """The prediction of one group: its runs, where its coordinates are, and what its law predicts."""

    members: Integers
    places: Integers
    prediction: Prediction


class JointPrediction:
    """The prediction at a joint theta; derivatives are those of the groups, put where their coordinates are."""

    __slots__ = ("_parts", "_size", "value")

    def __init__(self, parts: Sequence[_Part], theta: Array) -> None:
        self._parts, self._size = parts, theta.shape[-1]
        n_runs = sum(len(part.members) for part in parts)
        self.value: Array = np.empty((*theta.shape[:-1], n_runs), dtype=theta.dtype)
        for part in parts:
            self.value[..., part.members] = part.prediction.value

    def jacobian(self) -> Array:
        """Return the derivatives of each loss by theta, shape (..., n_runs, n_parameters)."""
        found = np.zeros((*self.value.shape, self._size), dtype=self.value.dtype)
        for part in self._parts:
            found[..., part.members[:, None], part.places] = part.prediction.jacobian()
        return found

    def pull(self, push: Array) -> Array:
        """Return the vector-Jacobian product, shape (..., n_parameters)."""
        found = np.zeros((*push.shape[:-1], self._size), dtype=self.value.dtype)
        for part in self._parts:
            found[..., part.places] += part.prediction.pull(push[..., part.members])
        return found

    def curvature(self, push: Array) -> Array:
        """Return the sum over runs of push x second derivatives, shape (..., n_parameters, n_parameters)."""
        found = np.zeros((*push.shape[:-1], self._size, self._size), dtype=self.value.dtype)
        for part in self._parts:
            found[..., part.places[:, None], part.places] += part.prediction.curvature(push[..., part.members])
        return found
