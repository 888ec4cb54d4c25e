"""Newton's method in a box, from many points at once, for smooth objectives with few parameters."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.fitting.certificate import Certificate
from chinchilla_nb.engine.fitting.objective import Objective
from chinchilla_nb.engine.laws.family import Coordinates

__all__ = ["Minimum", "free_parameters", "newton", "newton_from_each"]

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
LEAST_SCALE = 1e-4
"""Least curvature that damping is scaled by, as a share of that with all residuals in the quadratic middle: far from it
the loss is linear, and curvature alone gives no scale."""
TINY = 1e-300
"""Keeps a scale of zero from dividing."""


@dataclass(frozen=True, eq=False, slots=True)
class Minimum:
    """The end of a minimisation: theta, the objective there, and the proof that it is a local optimum, if there is one.

    ``active`` are the residuals that are zero, at the kink of the loss.
    """

    theta: Array
    value: Any
    certificate: Certificate | None = None
    active: Array = field(default_factory=lambda: np.array([], dtype=int))

    @property
    def converged(self) -> bool:
        """Whether it is proven to be a local optimum."""
        return self.certificate is not None and self.certificate.holds


def newton(objective: Objective, theta: Array, box: Coordinates, steps: int = 400) -> Minimum:
    """Minimise from one point; see `newton_from_each`."""
    (minimum,) = newton_from_each(objective, theta[None], box, steps)
    return minimum


def newton_from_each(
    objective: Objective, theta: Array, box: Coordinates, steps: int = 400, fixed: NDArray[np.bool_] | None = None
) -> list[Minimum]:
    """Minimise from each row of theta with exact Hessians, damped as Levenberg and Marquardt do.

    Parameters
    ----------
    fixed : ndarray of bool, shape of theta, optional
        Parameters that do not move.

    As in iterative refinement, the step is computed in float64 but the gradient is evaluated in the precision of the
    objective, so that the result is accurate to that precision.
    """
    theta = theta.astype(objective.dtype)
    precision = float(np.finfo(theta.dtype).eps)
    at = objective.derivatives(theta)
    value, gradient, hessian = at.value.copy(), at.gradient.copy(), at.hessian.astype(float)
    scale = _scale(objective, at.jacobian)
    damping = np.zeros(len(theta))
    moving = np.isfinite(value)
    for _ in range(steps):
        free = free_parameters(theta, gradient, box)
        if fixed is not None:
            free &= ~fixed
        trial, predicted = _try_steps(theta, gradient, hessian, scale, free, damping, box)
        small = np.abs(trial - theta).max(axis=1) <= ROUNDING * precision
        small |= predicted <= precision * np.abs(value).astype(float) * NEGLIGIBLE
        moving &= ~small
        index = np.flatnonzero(moving)
        if not index.size:
            break
        with np.errstate(over="ignore", invalid="ignore"):
            there = objective.derivatives(trial[index])
        # Near the optimum, values are equal up to rounding; then a smaller gradient is progress.
        gain = value[index] - there.value
        tie = np.abs(gain) <= 2 * ROUNDING * precision * np.abs(value[index])
        flatter = _norm(there.gradient, free[index]) < _norm(gradient[index], free[index])
        better = ((gain > 0) & ~tie) | (tie & flatter)
        good = better & (gain > GOOD_STEP * predicted[index])
        taken, bad = index[better], index[~better & ~tie]
        theta[taken], value[taken] = trial[taken], there.value[better]
        gradient[taken], hessian[taken] = there.gradient[better], there.hessian[better].astype(float)
        scale[taken] = _scale(objective, there.jacobian[better])
        eased = index[good]
        damping[eased] = np.where(damping[eased] < LEAST_DAMPING, 0.0, damping[eased] / LESS_DAMPED)
        moving[index[tie & ~better]] = False
        moving[bad[damping[bad] > LARGEST_DAMPING]] = False
        damping[bad] = np.maximum(damping[bad] * MORE_DAMPED, FIRST_DAMPING)
    return [Minimum(*row) for row in zip(theta, value, strict=True)]


def free_parameters(theta: Array, gradient: Array, box: Coordinates) -> NDArray[np.bool_]:
    """Return which parameters are free: not at a bound with the objective decreasing outwards."""
    return ~(((theta <= box.lower) & (gradient >= 0)) | ((theta >= box.upper) & (gradient <= 0)))


def _scale(objective: Objective, jacobian: Array) -> Array:
    """Return the least curvature along each parameter that damping is scaled by, shape (k, p)."""
    return np.asarray(LEAST_SCALE / objective.loss.width * (objective.weight @ jacobian**2)).astype(float)


def _try_steps(
    theta: Array,
    gradient: Array,
    hessian: Array,
    scale: Array,
    free: NDArray[np.bool_],
    damping: Array,
    box: Coordinates,
) -> tuple[Array, Array]:
    """Return the damped Newton points inside the box, and the decreases that the quadratic models predict."""
    # A parameter that is not free has no slope, and a curvature of its own.
    H = np.where(free[:, :, None] & free[:, None, :], hessian, 0.0)
    g = np.where(free, gradient, 0.0).astype(float)
    size = np.where(free, np.sqrt(np.maximum(np.abs(np.diagonal(H, axis1=1, axis2=2)), scale + TINY)), 1.0)
    H = np.nan_to_num(H / (size[:, :, None] * size[:, None, :]))
    eigenvalue, basis = np.linalg.eigh(H + np.eye(H.shape[1]) * ~free[:, None, :])
    # Directions of negative curvature are followed downhill; steps along flat ones are limited.
    curvature = np.maximum(np.abs(eigenvalue), FLATTEST) + damping[:, None]
    with np.errstate(over="ignore", invalid="ignore"):
        along = (np.swapaxes(basis, 1, 2) @ (g / size)[..., None])[..., 0] / curvature
        step = -(basis @ along[..., None])[..., 0] / size
        predicted = np.sum(along**2 * curvature, axis=1) / 2
    # The step along a flat direction may overflow; it ends at the box.
    trial = np.clip(theta + np.nan_to_num(step), box.lower, box.upper)
    return trial, predicted


def _norm(gradient: Array, free: NDArray[np.bool_]) -> Any:
    return np.where(free, np.abs(gradient), 0).max(axis=1)
