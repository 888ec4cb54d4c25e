"""The law that runs follow exactly, to rounding: every loss has the same optimum, and least squares finds it best."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.fitting.certificate import certify, principal_directions
from chinchilla_nb.engine.fitting.newton import Minimum, free_parameters
from chinchilla_nb.engine.fitting.objective import Objective
from chinchilla_nb.engine.fitting.overflow import may_overflow
from chinchilla_nb.engine.laws.family import Coordinates

__all__ = ["interpolate", "nearly_exact"]

Array = NDArray[Any]

NEARLY_EXACT = 1e-4
"""Mean residual, in units of the loss, below which runs may follow a law exactly."""
SHARES = (1.0, 0.5, 0.2, 0.05, 0.01)
"""Shares of the step along the flattest direction that are tried."""
RETURNS = 4
"""Gauss-Newton steps by which a trial returns to the floor of the valley."""
LEAST_GAIN = 1e-6
"""Relative decrease of squared errors below which the search ends."""


def nearly_exact(objective: Objective, theta: Array) -> bool:
    """Return whether the runs may follow a law near theta exactly."""
    return bool(objective.weight @ np.abs(objective.residuals(theta)) <= NEARLY_EXACT)


@may_overflow
def interpolate(objective: Objective, theta: Array, box: Coordinates, steps: int = 60) -> Minimum:
    """Minimise squared errors by Gauss and Newton's method, in the precision of the objective.

    Steps are computed along the principal directions of the Jacobian, because the products of derivatives in normal
    equations would lose half of the digits. Runs that hardly determine a law leave a narrow, curved valley along the
    flattest direction: a step along it is followed by steps in the other directions, back to the floor of the valley.
    """
    theta = theta.astype(objective.dtype)
    squares = objective.weight @ objective.residuals(theta) ** 2
    for _ in range(steps):
        trials = [_valley_step(objective, theta, share, box) for share in SHARES]
        values = [objective.weight @ objective.residuals(trial) ** 2 for trial in trials]
        best = int(np.argmin(values))
        if not values[best] < squares:
            break
        theta, gained = trials[best], 1 - values[best] / squares
        squares = values[best]
        if gained < LEAST_GAIN:
            break
    return Minimum(theta, objective.value(theta), certify(objective, theta, np.array([], dtype=int), box))


def _valley_step(objective: Objective, theta: Array, share: float, box: Coordinates) -> Array:
    """Return the point on the floor of the valley, after a share of the Gauss-Newton step along it."""
    theta = _gauss_newton(objective, theta, share, box)
    for _ in range(RETURNS):
        theta = _gauss_newton(objective, theta, 0.0, box)
    return theta


def _gauss_newton(objective: Objective, theta: Array, flattest: float, box: Coordinates) -> Array:
    """Return the point after a Gauss-Newton step, of which only a share is taken along the flattest direction."""
    at = objective.derivatives(theta)
    free = free_parameters(theta, (objective.weight * at.residuals) @ at.jacobian, box)
    T = principal_directions(objective, at, free)
    along = (objective.weight * at.residuals) @ (at.jacobian[:, free] @ T)
    if along.size:
        along[np.argmax(np.linalg.norm(T, axis=0))] *= flattest
    step = np.zeros_like(theta)
    step[free] = -T @ along
    return np.asarray(np.clip(theta + step, box.lower, box.upper))
