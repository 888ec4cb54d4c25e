"""Newton's method in a box, for the last digits of a smooth objective of few parameters."""

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
"""Units in the last place of theta below which a step is none; the objective scatters by twice as many."""
NEGLIGIBLE = 1e-6
"""Share of the objective's rounding below which a promised decrease is none."""
GOOD_STEP = 0.5
"""Share of the promised decrease from which on a step is trusted more."""
LESS_DAMPED, MORE_DAMPED = 16.0, 8.0
"""Factors by which damping falls after a good step and rises after a bad one."""
LEAST_DAMPING, FIRST_DAMPING, LARGEST_DAMPING = 1e-9, 1e-4, 1e12
"""Damping below the least is none; it begins with the first; beyond the largest, no step downhill is left."""
FLATTEST = 1e-14
"""Curvature, relative to the steepest parameters', that a flat direction counts as having."""
TINY = 1e-300
"""Keeps a scale of zero from dividing."""


@dataclass(frozen=True, eq=False, slots=True)
class Minimum:
    """Where a minimisation ended: theta, the objective there, and whether it can go no lower."""

    theta: Array
    value: Any
    converged: bool


def newton(objective: Objective, theta: Array, box: Coordinates, steps: int = 400) -> Minimum:
    """Minimise with exact Hessians, damped as Levenberg and Marquardt do, in the precision of the objective.

    The search direction comes from float64; the gradient it corrects is evaluated in the objective's own precision,
    as in iterative refinement, so that the answer is as exact as that precision.
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
        # Near the optimum values tie in rounding; then a smaller gradient is progress.
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
    """Which parameters are not held at a bound that the objective pushes against."""
    return ~(((theta <= box.lower) & (gradient >= 0)) | ((theta >= box.upper) & (gradient <= 0)))


def _try_step(
    theta: Array, gradient: Array, hessian: Array, free: NDArray[np.bool_], damping: float, box: Coordinates
) -> tuple[Array, float]:
    """Return the damped Newton point inside the box and the decrease the quadratic model promises."""
    index = np.flatnonzero(free)
    H = hessian[np.ix_(index, index)].astype(float)
    g = gradient[index].astype(float)
    size = np.sqrt(np.maximum(np.abs(np.diag(H)), TINY))
    eigenvalue, basis = np.linalg.eigh(H / np.outer(size, size))
    # Directions of negative curvature are followed downhill; flat ones are kept from running away.
    curvature = np.maximum(np.abs(eigenvalue), FLATTEST) + damping
    along = basis.T @ (g / size) / curvature
    step = np.zeros_like(theta)
    with np.errstate(over="ignore", invalid="ignore"):
        step[index] = -(basis @ along) / size
        predicted = float(np.sum(along**2 * curvature) / 2)
    # A flat direction may promise a step beyond any number; it ends at the box.
    trial = np.clip(theta + np.nan_to_num(step), box.lower, box.upper)
    return trial, predicted


def _norm(gradient: Array, free: NDArray[np.bool_]) -> Any:
    return np.abs(gradient[free]).max()
