"""Damped Newton descent of many starts at once, on a smoothed objective with exact derivatives."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optima.laws import Model, model_of
from optima.losses import Shape, shape_of
from optima.problems import Case

__all__ = ["Smoothed", "descend", "gauss_newton"]

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

    def squared(self) -> Smoothed:
        """Return the squared error of the same residuals, which has the same minimum where a law passes through all."""
        return replace(self, shape=replace(shape_of("mse", {}), residual=self.shape.residual))

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


def descend(objective: Smoothed, theta: Array, width: float, steps: int, fixed: Array | bool = False) -> Array:
    """Return theta, shape (starts, p), after at most some Newton steps from each start, inside the box.

    Parameters of a start that are fixed, an array of the shape of theta, stay as they are.
    """
    theta = objective.model.clip(theta)
    fixed = np.broadcast_to(fixed, theta.shape)
    value, gradient, hessian = objective.derivatives(theta, width)
    damping = np.zeros(len(theta))
    active = np.isfinite(value)
    for _ in range(steps):
        at = np.flatnonzero(active)
        if not at.size:
            break
        trial, predicted = _trial(objective.model, theta[at], gradient[at], hessian[at], damping[at], fixed[at])
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


def _trial(
    model: Model, theta: Array, gradient: Array, hessian: Array, damping: Array, fixed: Array
) -> tuple[Array, Array]:
    """Return the damped Newton points and the decrease that the quadratic model predicts."""
    held = fixed | ((theta <= model.lower) & (gradient >= 0)) | ((theta >= model.upper) & (gradient <= 0))
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


def gauss_newton(objective: Smoothed, theta: Array, steps: int = 30) -> Array:
    """Return theta after reweighted Gauss-Newton steps, which resolve flat directions that a Hessian loses to rounding.

    Each step solves least squares in the Jacobian itself, so the condition number is not squared.
    """
    model, shape, case = objective.model, objective.shape, objective.case
    value = float(objective.value(theta))
    for _ in range(steps):
        prediction, jacobian = model.jacobian(theta)
        r = shape.residuals(prediction, case.loss)
        slope, curvature = shape.derivatives(r, 0.0)[1:]
        with np.errstate(divide="ignore", invalid="ignore"):
            stiff = np.where(r == 0, curvature, slope / r)
        root = np.sqrt(case.weight * np.maximum(stiff, 0))
        J = jacobian * (shape.rates(prediction, case.loss)[0] * root)[:, None]
        pull = (root * r) @ J
        free = ~(((theta <= model.lower) & (pull >= 0)) | ((theta >= model.upper) & (pull <= 0)))
        size = np.maximum(np.abs(J[:, free]).max(axis=0, initial=0.0), TINY)
        step = np.zeros_like(theta)
        if not (np.isfinite(J).all() and np.isfinite(root * r).all()):
            break
        step[free] = np.linalg.lstsq(J[:, free] / size, -root * r, rcond=1e-14)[0] / size
        trials = [model.clip(theta + share * np.clip(step, -50, 50)) for share in (1.0, 0.3, 0.1, 0.01)]
        values = [float(objective.value(trial)) for trial in trials]
        best = int(np.argmin(values))
        if not values[best] < value:
            break
        theta, value = trials[best], values[best]
    return theta
