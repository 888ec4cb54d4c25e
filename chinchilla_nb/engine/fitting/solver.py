"""From starts to the optimum: optimise each start, keep distinct optima, reduce the smoothing, and finish exactly."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from chinchilla_nb.engine.blas_threads import one_blas_thread
from chinchilla_nb.engine.fitting.kinks import descend_to_vertex
from chinchilla_nb.engine.fitting.losses import SQUARE
from chinchilla_nb.engine.fitting.newton import Minimum, newton
from chinchilla_nb.engine.fitting.objective import Objective
from chinchilla_nb.engine.laws.family import Coordinates

__all__ = ["distinct", "finish", "first_width", "optimise", "polish", "tighten"]

Array = NDArray[Any]

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


@one_blas_thread()  # here too, because a map may run it in another process
def optimise(objective: Objective, start: Array, box: Coordinates) -> Minimum:
    """Minimise a smooth objective from one start: SciPy's L-BFGS-B, then Newton's method for the last digits."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        unit = float(objective.value(start))
        if not (np.isfinite(unit) and unit > 0):
            return Minimum(start, unit, unit == 0)

        def scaled(theta: Array) -> tuple[float, Array]:
            value, gradient = objective.value_and_gradient(theta)
            return value / unit, gradient / unit

        found = minimize(
            scaled,
            start,
            jac=True,
            method="L-BFGS-B",
            bounds=np.stack([box.lower, box.upper], axis=1),
            options=LBFGSB_OPTIONS,
        )
        return newton(objective, np.clip(found.x, box.lower, box.upper), box)


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


def tighten(objective: Objective, theta: Array, box: Coordinates, width: float) -> tuple[Array, float]:
    """Follow the minimum while the smoothing width shrinks, down to the loss itself or as near as a kink allows."""
    narrowest = max(objective.loss.width, width * NARROWEST)
    while width * TIGHTEN > narrowest:
        width *= TIGHTEN
        theta = newton(objective.smoothed(width), theta, box).theta
    return theta, width


def finish(objective: Objective, theta: Array, box: Coordinates, radius: float) -> Minimum:
    """Find the exact optimum of the unsmoothed loss from a point within about `radius` of it in prediction."""
    if objective.loss.has_kink:
        return descend_to_vertex(objective, theta, box, radius)
    found = newton(objective, theta, box)
    if found.converged or not np.isfinite(objective.loss.upper):
        return found
    # The quadratic middle is so narrow that it is nearly a kink: find the vertex of the kinked loss and start there.
    kinked = replace(objective, loss=replace(objective.loss, width=0.0))
    vertex = descend_to_vertex(kinked, found.theta, box, radius)
    return min(found, newton(objective, vertex.theta, box), key=lambda minimum: float(minimum.value))


def polish(objective: Objective, theta: Array, box: Coordinates) -> Minimum:
    """Refine a finished minimum to the precision of the objective."""
    polished = finish(objective, theta, box, radius=POLISHED_RADIUS)
    # Runs that follow a law exactly have the same optimum under every loss; least squares finds it most accurately.
    square = replace(SQUARE, logarithmic=objective.loss.logarithmic)
    exact = newton(replace(objective, loss=square), polished.theta, box)
    interpolating = Minimum(exact.theta, objective.value(exact.theta), exact.converged)
    return min(polished, interpolating, key=lambda minimum: minimum.value)
