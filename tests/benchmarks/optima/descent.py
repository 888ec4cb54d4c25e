"""Damped Newton descent of many starts at once, on a smoothed objective with exact derivatives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optima.laws import Model, model_of
from optima.losses import Shape, shape_of
from optima.problems import Case

__all__ = ["Smoothed", "descend"]

Array = NDArray[Any]

FLATTEST = 1e-11
"""Smallest curvature, relative to the scale of a parameter, that a step is divided by."""
LARGEST_DAMPING = 1e10
TINY = 1e-300
DONE = 1e-15
"""Predicted relative decrease at which a descent ends."""


@dataclass(frozen=True, eq=False, slots=True)
class Smoothed:
    """The weighted mean loss of a problem, smoothed over a width, for arrays of theta of shape (..., p)."""

    case: Case
    model: Model
    shape: Shape

    @classmethod
    def of(cls, case: Case) -> Smoothed:
        """Return the objective of a problem."""
        return cls(case, model_of(case), shape_of(case.name, case.options))

    def value(self, theta: Array, width: float = 0.0) -> Array:
        """Return the objective, infinity where it is not finite."""
        with np.errstate(all="ignore"):
            r = self.shape.residuals(self.model.predict(theta), self.case.loss)
            value = self.shape.value(r, width) @ self.case.weight
        return np.where(np.isfinite(value), value, np.inf)

    def derivatives(self, theta: Array, width: float) -> tuple[Array, Array, Array]:
        """Return value, gradient and Hessian."""
        with np.errstate(all="ignore"):
            prediction, jacobian = self.model.jacobian(theta)
            rate, bend = self.shape.rates(prediction, self.case.loss)
            r = self.shape.residuals(prediction, self.case.loss)
            value, slope, curvature = self.shape.derivatives(r, width)
            push = self.case.weight * slope * rate
            stiff = self.case.weight * (curvature * rate**2 + slope * bend)
            gradient = (push[..., None, :] @ jacobian)[..., 0, :]
            hessian = np.swapaxes(jacobian * stiff[..., None], -1, -2) @ jacobian
            hessian = hessian + self.model.curvature(jacobian, theta, push)
        usable = np.isfinite(value @ self.case.weight) & np.isfinite(hessian).all(axis=(-1, -2))
        return np.where(usable, value @ self.case.weight, np.inf), gradient, hessian


def descend(objective: Smoothed, theta: Array, width: float, steps: int) -> Array:
    """Return theta, shape (starts, p), after at most some Newton steps from each start, inside the box."""
    theta = objective.model.clip(theta)
    value, gradient, hessian = objective.derivatives(theta, width)
    damping = np.zeros(len(theta))
    active = np.isfinite(value)
    for _ in range(steps):
        at = np.flatnonzero(active)
        if not at.size:
            break
        trial, predicted = _trial(objective.model, theta[at], gradient[at], hessian[at], damping[at])
        there, slope, bend = objective.derivatives(trial, width)
        gain = value[at] - there
        better = gain > 0
        good = better & (gain > 0.5 * predicted)
        damping[at] = np.where(good, damping[at] / 8, np.where(better, damping[at], np.maximum(damping[at] * 8, 1e-4)))
        damping[at] = np.where(good & (damping[at] < 1e-6), 0, damping[at])
        chosen = at[better]
        theta[chosen], value[chosen] = trial[better], there[better]
        gradient[chosen], hessian[chosen] = slope[better], bend[better]
        active[at] = (predicted > DONE * np.abs(value[at])) & (damping[at] < LARGEST_DAMPING)
    return theta


def _trial(model: Model, theta: Array, gradient: Array, hessian: Array, damping: Array) -> tuple[Array, Array]:
    """Return the damped Newton points and the decrease that the quadratic model predicts."""
    held = ((theta <= model.lower) & (gradient >= 0)) | ((theta >= model.upper) & (gradient <= 0))
    free = ~held
    g = np.where(free, gradient, 0)
    size = np.sqrt(np.maximum(np.abs(np.diagonal(hessian, axis1=-2, axis2=-1)), TINY))
    scaled = hessian / size[:, :, None] / size[:, None, :] * (free[:, :, None] & free[:, None, :])
    scaled[:, range(theta.shape[1]), range(theta.shape[1])] += held
    eigenvalue, basis = np.linalg.eigh(scaled)
    bend = np.maximum(np.abs(eigenvalue), FLATTEST) + damping[:, None]
    along = (np.swapaxes(basis, -1, -2) @ (g / size)[..., None])[..., 0] / bend
    step = -(basis @ along[..., None])[..., 0] / size * free
    predicted = (along**2 * bend).sum(axis=-1) / 2
    return model.clip(theta + np.clip(np.nan_to_num(step), -50, 50)), predicted
