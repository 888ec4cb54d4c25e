"""Newton's method in a box, for the last digits of the minimum of a smooth objective with few parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.fitting.objective import Objective
from chinchilla_nb.engine.laws.family import Coordinates

__all__ = ["Minimum", "newton"]

Array = NDArray[Any]

ROUNDING = 4
"""Units in the last place of theta below which a step is rounding; the objective scatters by twice as many."""
NEGLIGIBLE = 1e-6
"""Share of the rounding of the objective below which a predicted decrease is negligible."""
GOOD_STEP = 0.5
"""Share of the predicted decrease above which damping is reduced."""
LESS_DAMPED, MORE_DAMPED = 16.0, 8.0
"""Factors by which damping decreases after a good step and increases after a bad one."""
LEAST_DAMPING, FIRST_DAMPING, LARGEST_DAMPING = 1e-9, 1e-4, 1e12
"""Damping below the least is set to zero, and the first follows zero; beyond the largest there is no descent step."""
FLATTEST = 1e-14
"""Least curvature of a direction, in units in which the curvature along each parameter is one."""
TINY = 1e-300
"""Keeps a scale of zero from dividing."""


@dataclass(frozen=True, eq=False, slots=True)
class Minimum:
    """The end of a minimisation: theta, the objective there, and whether it has converged."""

    theta: Array
    value: Any
    converged: bool


def newton(objective: Objective, theta: Array, box: Coordinates, steps: int = 400) -> Minimum:
    """Minimise with exact Hessians, damped as Levenberg and Marquardt do, in the precision of the objective.

    As in iterative refinement, the step is computed in float64 but the gradient is evaluated in the precision of the
    objective, so that the result is accurate to that precision.
    """
    theta = theta.astype(objective.dtype)
    precision = float(np.finfo(theta.dtype).eps)
    damping, at = 0.0, objective.derivatives(theta)
    for _ in range(steps):
        free = free_parameters(theta, at.gradient, box)
        if not free.any():
            return Minimum(theta, at.value, True)
        trial, predicted = _try_step(theta, at.gradient, at.hessian, free, damping, box)
        if (
            np.abs(trial - theta).max() <= ROUNDING * precision
            or predicted <= precision * abs(float(at.value)) * NEGLIGIBLE
        ):
            return Minimum(theta, at.value, True)
        with np.errstate(over="ignore", invalid="ignore"):
            there = objective.derivatives(trial)
        # Near the optimum, values are equal up to rounding; then a smaller gradient is progress.
        gain = at.value - there.value
        tie = abs(gain) <= 2 * ROUNDING * precision * abs(at.value)
        if (gain > 0 and not tie) or (tie and _norm(there.gradient, free) < _norm(at.gradient, free)):
            theta, at = trial, there
            if gain > GOOD_STEP * predicted:
                damping = 0.0 if damping < LEAST_DAMPING else damping / LESS_DAMPED
        elif tie:
            return Minimum(theta, at.value, True)
        elif damping > LARGEST_DAMPING:
            return Minimum(theta, at.value, False)
        else:
            damping = max(damping * MORE_DAMPED, FIRST_DAMPING)
    return Minimum(theta, at.value, False)


def free_parameters(theta: Array, gradient: Array, box: Coordinates) -> NDArray[np.bool_]:
    """Return which parameters are free: not at a bound with the objective decreasing outwards."""
    return ~(((theta <= box.lower) & (gradient >= 0)) | ((theta >= box.upper) & (gradient <= 0)))


def _try_step(
    theta: Array, gradient: Array, hessian: Array, free: NDArray[np.bool_], damping: float, box: Coordinates
) -> tuple[Array, float]:
    """Return the damped Newton point inside the box, and the decrease that the quadratic model predicts."""
    index = np.flatnonzero(free)
    H = hessian[np.ix_(index, index)].astype(float)
    g = gradient[index].astype(float)
    size = np.sqrt(np.maximum(np.abs(np.diag(H)), TINY))
    eigenvalue, basis = np.linalg.eigh(H / np.outer(size, size))
    # Directions of negative curvature are followed downhill; steps along flat ones are limited.
    curvature = np.maximum(np.abs(eigenvalue), FLATTEST) + damping
    along = basis.T @ (g / size) / curvature
    step = np.zeros_like(theta)
    with np.errstate(over="ignore", invalid="ignore"):
        step[index] = -(basis @ along) / size
        predicted = float(np.sum(along**2 * curvature) / 2)
    # The step along a flat direction may overflow; it ends at the box.
    trial = np.clip(theta + np.nan_to_num(step), box.lower, box.upper)
    return trial, predicted


def _norm(gradient: Array, free: NDArray[np.bool_]) -> Any:
    return np.abs(gradient[free]).max()
