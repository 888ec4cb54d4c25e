"""From starts to the optimum: optimise each start, keep distinct optima, reduce the smoothing, and finish exactly."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.fitting.certificate import certify, principal_directions
from chinchilla_nb.engine.fitting.kinks import descend_to_vertex
from chinchilla_nb.engine.fitting.losses import ResidualLoss
from chinchilla_nb.engine.fitting.newton import Minimum, free_parameters, newton, newton_from_each
from chinchilla_nb.engine.fitting.objective import Objective
from chinchilla_nb.engine.laws.family import Coordinates

__all__ = ["distinct", "finish", "optimise", "polish"]

Array = NDArray[Any]

BLOCK = 1 << 17
"""Losses predicted at once for starts that are optimised together; their derivatives then fit into the cache."""
SAME_LOSSES = 1e-5
"""Largest difference of predictions, in units of the loss, between two minima that count as one."""
INTERPOLATED = 1e-7
"""Mean residual, in units of the loss, below which runs may follow a law exactly."""
SHORTER_STEPS = (1, 4, 16)
"""Divisors of a Gauss-Newton step that are tried."""


def optimise(objective: Objective, starts: Array, box: Coordinates, steps: int = 400) -> list[Minimum]:
    """Minimise a smooth objective from each row of starts."""
    rows = max(1, BLOCK // objective.target.size)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        return [
            minimum
            for first in range(0, len(starts), rows)
            for minimum in newton_from_each(objective, starts[first : first + rows], box, steps)
        ]


def distinct(objective: Objective, minima: Iterable[Minimum], difference: float = SAME_LOSSES) -> list[Minimum]:
    """Return one minimum of each group whose predictions differ by no more than `difference`, best first."""
    kept: list[Minimum] = []
    residuals: list[Array] = []
    for minimum in sorted((m for m in minima if np.isfinite(float(m.value))), key=lambda m: float(m.value)):
        here = objective.residuals(minimum.theta)
        if all(np.abs(here - other).max() > difference for other in residuals):
            kept.append(minimum)
            residuals.append(here)
    return kept


def finish(objective: Objective, box: Coordinates, theta: Array, width: float) -> Minimum:
    """Find the exact optimum of the unsmoothed loss from a minimum of the loss smoothed over a narrow width."""
    if objective.loss.has_kink:
        return descend_to_vertex(objective, theta, near_kinks(objective, theta, width), box)
    found = certified(objective, newton(objective, theta, box), box)
    if found.converged or objective.loss.is_quadratic:
        return found
    # The quadratic middle is so narrow that it is nearly a kink: find the vertex of the kinked loss and start there.
    assert isinstance(objective.loss, ResidualLoss)
    kinked = replace(objective, loss=replace(objective.loss, width=0.0))
    vertex = descend_to_vertex(kinked, found.theta, near_kinks(kinked, found.theta, width), box)
    other = certified(objective, newton(objective, vertex.theta, box), box)
    return min(found, other, key=lambda minimum: float(minimum.value))


def polish(objective: Objective, minimum: Minimum, box: Coordinates) -> Minimum:
    """Refine a finished minimum to the precision of the objective."""
    if objective.loss.has_kink:
        polished = descend_to_vertex(objective, minimum.theta, minimum.active, box)
    else:
        polished = certified(objective, newton(objective, minimum.theta, box), box)
    interpolating = interpolate(objective, polished.theta, box)
    return min(polished, interpolating, key=lambda one: float(one.value))


def interpolate(objective: Objective, theta: Array, box: Coordinates, steps: int = 50) -> Minimum:
    """Continue with Gauss and Newton's method if the runs follow a law nearly exactly.

    Then every loss has the same optimum, and no products of derivatives are needed, whose rounding would limit the
    accuracy.
    """
    at = objective.derivatives(theta)
    if objective.weight @ np.abs(at.residuals) > INTERPOLATED:
        return Minimum(theta, at.value)
    for _ in range(steps):
        free = free_parameters(theta, at.gradient, box)
        T = principal_directions(objective, at, free)
        step = np.zeros_like(theta)
        step[free] = -T @ ((at.residuals * objective.weight) @ (at.jacobian[:, free] @ T))
        trials = [np.clip(theta + step / shorter, box.lower, box.upper) for shorter in SHORTER_STEPS]
        trial = min(trials, key=lambda one: objective.weight @ objective.residuals(one) ** 2)
        there = objective.derivatives(trial)
        if not objective.weight @ there.residuals**2 < objective.weight @ at.residuals**2:
            break
        theta, at = trial, there
    return certified(objective, Minimum(theta, at.value), box)


def near_kinks(objective: Objective, theta: Array, width: float) -> Array:
    """Return which residuals are in the quadratic middle of the loss smoothed over a width."""
    return np.flatnonzero(objective.loss.smoothed(width).curvature(objective.residuals(theta)))


def certified(objective: Objective, minimum: Minimum, box: Coordinates) -> Minimum:
    """Return a minimum without residuals on kinks with its certificate."""
    return replace(minimum, certificate=certify(objective, minimum.theta, minimum.active, box))
