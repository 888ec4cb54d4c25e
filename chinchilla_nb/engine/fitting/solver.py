"""From starts to the optimum: optimise each start, keep distinct optima, reduce the smoothing, and finish exactly."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.fitting.certificate import EXACT, certify
from chinchilla_nb.engine.fitting.kinks import descend_to_vertex
from chinchilla_nb.engine.fitting.losses import SQUARE
from chinchilla_nb.engine.fitting.newton import Minimum, newton, newton_from_each
from chinchilla_nb.engine.fitting.objective import Objective
from chinchilla_nb.engine.laws.family import Coordinates

__all__ = ["distinct", "finish", "first_width", "optimise", "polish", "tighten"]

Array = NDArray[Any]

BLOCK = 1 << 17
"""Losses predicted at once for starts that are optimised together; their derivatives then fit into the cache."""
TIGHTEN = 0.2
"""Factor from one width of smoothing to the next."""
NARROWEST = 1e-6
"""Share of the first width at which smoothing ends; the remaining smoothing is negligible for typical residuals."""
NO_RESIDUAL = 1e-9
"""Smallest typical residual, in units of the loss: used for runs that follow a law exactly."""
SAME_LOSSES = 1e-5
"""Largest difference of predictions, in units of the loss, between two minima that count as one."""
LBFGSB_OPTIONS = {"maxiter": 100, "maxcor": 10, "ftol": 1e-6, "gtol": 1e-9}
"""Where L-BFGS-B stops: near enough to the minimum for Newton's method to take over."""
POLISHED_RADIUS = 1e-9
"""Largest distance, in prediction, of a minimum finished in float64 from the exact optimum."""


def first_width(objective: Objective, starts: Array) -> float:
    """Return the smoothing width at which a typical residual of the best start lies in the quadratic middle."""
    if not np.isfinite(objective.loss.upper):
        return objective.loss.width
    best = min(starts, key=objective.value)
    typical = max(float(np.median(np.abs(objective.residuals(best)))), NO_RESIDUAL)
    return max(typical / min(objective.loss.lower, objective.loss.upper), objective.loss.width)


def optimise(objective: Objective, starts: Array, box: Coordinates) -> list[Minimum]:
    """Minimise a smooth objective from each row of starts."""
    rows = max(1, BLOCK // objective.target.size)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        return [
            minimum
            for first in range(0, len(starts), rows)
            for minimum in newton_from_each(objective, starts[first : first + rows], box)
        ]


def distinct(objective: Objective, minima: Iterable[Minimum]) -> list[Minimum]:
    """Return one minimum of each group that predicts the same losses, best first."""
    kept: list[Minimum] = []
    residuals: list[Array] = []
    for minimum in sorted((m for m in minima if np.isfinite(float(m.value))), key=lambda m: float(m.value)):
        here = objective.residuals(minimum.theta)
        if all(np.abs(here - other).max() > SAME_LOSSES for other in residuals):
            kept.append(minimum)
            residuals.append(here)
    return kept


def tighten(objective: Objective, minima: list[Minimum], box: Coordinates, width: float) -> tuple[list[Minimum], float]:
    """Follow minima while the smoothing width shrinks, down to the loss itself or as near as a kink allows.

    Returns the minima of the loss smoothed over the last width, and that width.
    """
    narrowest = max(objective.loss.width, width * NARROWEST)
    while width * TIGHTEN > narrowest:
        width *= TIGHTEN
        minima = optimise(objective.smoothed(width), np.array([minimum.theta for minimum in minima]), box)
    return minima, width


def finish(objective: Objective, theta: Array, box: Coordinates, width: float) -> Minimum:
    """Find the exact optimum of the unsmoothed loss from a minimum of the loss smoothed over a narrow width."""
    if objective.loss.has_kink:
        return descend_to_vertex(objective, theta, box, width)
    found = certified(objective, newton(objective, theta, box), box)
    if found.converged or not np.isfinite(objective.loss.upper):
        return found
    # The quadratic middle is so narrow that it is nearly a kink: find the vertex of the kinked loss and start there.
    kinked = replace(objective, loss=replace(objective.loss, width=0.0))
    vertex = descend_to_vertex(kinked, found.theta, box, width)
    other = certified(objective, newton(objective, vertex.theta, box), box)
    return min(found, other, key=lambda minimum: float(minimum.value))


def certified(objective: Objective, minimum: Minimum, box: Coordinates) -> Minimum:
    """Return a minimum of a smooth objective with its certificate."""
    none = np.array([], dtype=int)
    return replace(minimum, certificate=certify(objective, minimum.theta, none, box))


def polish(objective: Objective, theta: Array, box: Coordinates, width: float) -> Minimum:
    """Refine a finished minimum to the precision of the objective."""
    polished = finish(objective, theta, box, width)
    # Runs that follow a law exactly have the same optimum under every loss; least squares finds it most accurately.
    square = replace(SQUARE, logarithmic=objective.loss.logarithmic)
    exact = newton(replace(objective, loss=square), polished.theta, box)
    value = objective.value(exact.theta)
    return Minimum(exact.theta, value, EXACT) if value < polished.value else polished
