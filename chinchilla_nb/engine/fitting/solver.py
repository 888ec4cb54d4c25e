"""From starts to the optimum: optimise each start, keep distinct optima, reduce the smoothing, and finish exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.blas_threads import one_blas_thread
from chinchilla_nb.engine.fitting.certificate import EXACT, certify
from chinchilla_nb.engine.fitting.interpolation import interpolate, nearly_exact
from chinchilla_nb.engine.fitting.kinks import descend_along_kinks, on_kinks
from chinchilla_nb.engine.fitting.losses import ResidualLoss
from chinchilla_nb.engine.fitting.newton import Minimum, newton, newton_from_each
from chinchilla_nb.engine.fitting.objective import Objective
from chinchilla_nb.engine.laws.family import Coordinates

__all__ = ["Exact", "Finish", "certified", "distinct", "lowest", "optimise"]

Array = NDArray[Any]

BLOCK = 1 << 17
"""Losses predicted at once for starts that are optimised together; their derivatives then fit into the cache."""

SETTLED = 1e-15
"""Relative decrease at which the minimisation of a smooth loss ends before the best minimum is polished."""


class Finish(Protocol):
    """Finds the exact optimum of a loss near a minimum of the smoothed loss."""

    def settle(self, theta: Array, width: float) -> Minimum:
        """Find the optimum near a minimum of the loss smoothed over a narrow width."""

    def hold(self, theta: Array, active: Array) -> Minimum:
        """Find the optimum near theta at which some residuals are expected to be at their kinks."""

    def interpolate(self, theta: Array) -> Minimum | None:
        """Return the law near theta that the runs follow exactly; None if there is none."""

    def descend(self, minimum: Minimum) -> Minimum:
        """Continue from a point that could not be proven to be an optimum."""

    def polish(self, minimum: Minimum) -> Minimum:
        """Refine the best minimum."""


@dataclass(frozen=True, eq=False, slots=True)
class Exact:
    """Finishes a loss with exact derivatives.

    Attributes
    ----------
    objective : Objective
    precise : callable
        Returns the same objective in the precision of the result.
    box : Coordinates
    """

    objective: Objective
    precise: Callable[[], Objective]
    box: Coordinates

    def settle(self, theta: Array, width: float) -> Minimum:
        """Find the optimum near a minimum of the loss smoothed over a narrow width."""
        return _settle(self.objective, theta, self.box, width)

    def hold(self, theta: Array, active: Array) -> Minimum:
        """Find an optimum from theta, near which some residuals are expected to be zero."""
        return _settle_on(self.objective, theta, active, self.box)

    def interpolate(self, theta: Array) -> Minimum | None:
        """Return the law near theta that the runs follow exactly; None if there is none."""
        return interpolate(self.precise(), theta, self.box) if nearly_exact(self.objective, theta) else None

    def descend(self, minimum: Minimum) -> Minimum:
        """Continue from a point that could not be proven to be an optimum."""
        return _descend(self.objective, minimum, self.box)

    def polish(self, minimum: Minimum) -> Minimum:
        """Refine the best minimum in the precision of the result."""
        return _settle_on(self.precise(), minimum.theta, minimum.active, self.box)


@one_blas_thread()  # here too, because a map may run it in another process
def optimise(objective: Objective, starts: Array, box: Coordinates, steps: int, tolerance: float) -> list[Minimum]:
    """Minimise a smooth objective from each row of starts."""
    rows = max(1, BLOCK // objective.target.size)
    return [
        minimum
        for first in range(0, len(starts), rows)
        for minimum in newton_from_each(objective, starts[first : first + rows], box, steps, tolerance)
    ]


def distinct(minima: Iterable[Minimum], signature: Callable[[Array], Array], difference: float) -> list[Minimum]:
    """Return one minimum of each group whose signatures differ by no more than `difference`, the lowest first.

    Parameters
    ----------
    signature : callable
        Maps theta to the predictions by which two laws are compared.
    """
    kept: list[Minimum] = []
    signatures: list[Array] = []
    for minimum in sorted((m for m in minima if np.isfinite(float(m.value))), key=lambda m: float(m.value)):
        here = signature(minimum.theta)
        if all(np.abs(here - other).max() > difference for other in signatures):
            kept.append(minimum)
            signatures.append(here)
    return kept


def _settle(objective: Objective, theta: Array, box: Coordinates, width: float) -> Minimum:
    """Find the exact optimum near a minimum of the loss smoothed over a narrow width, if the kinks there are right."""
    if objective.loss.has_kink:
        near = np.flatnonzero(objective.loss.smoothed(width).curvature(objective.residuals(theta)))
        return on_kinks(objective, theta, near, box)
    return _smooth_minimum(objective, theta, box, SETTLED)


def _smooth_minimum(objective: Objective, theta: Array, box: Coordinates, tolerance: float | None = None) -> Minimum:
    """Minimise a smooth objective from theta, and certify the result."""
    return certified(objective, newton(objective, theta, box, tolerance=tolerance), box)


def _settle_on(objective: Objective, theta: Array, active: Array, box: Coordinates) -> Minimum:
    """Find an optimum from theta, near which some residuals are expected to be zero."""
    kinked = objective.loss.has_kink
    found = on_kinks(objective, theta, active, box) if kinked else _smooth_minimum(objective, theta, box)
    # Runs that follow a law to rounding have a vertex among their rounding errors.
    rounding = found.certificate is EXACT and kinked and found.value > 0
    return found if found.converged and not rounding else _descend(objective, found, box)


def _descend(objective: Objective, minimum: Minimum, box: Coordinates) -> Minimum:
    """Continue from a point that could not be proven to be an optimum."""
    if objective.loss.has_kink:
        return descend_along_kinks(objective, minimum, box)
    if objective.loss.is_quadratic:
        return minimum
    assert isinstance(objective.loss, ResidualLoss)  # the width of no other loss is an attribute
    # The quadratic middle may be so narrow that it is nearly a kink: start from the vertex of the kinked loss.
    kinked = replace(objective, loss=replace(objective.loss, width=0.0))
    vertex = descend_along_kinks(kinked, _settle(kinked, minimum.theta, box, objective.loss.width), box)
    return lowest([minimum, _smooth_minimum(objective, vertex.theta, box)])


def lowest(minima: Iterable[Minimum]) -> Minimum:
    """Return the minimum with the lowest value."""
    return min(minima, key=lambda one: float(one.value))


def certified(objective: Objective, minimum: Minimum, box: Coordinates) -> Minimum:
    """Return a minimum without residuals on kinks with its certificate."""
    return replace(minimum, certificate=certify(objective, minimum.theta, minimum.active, box))
