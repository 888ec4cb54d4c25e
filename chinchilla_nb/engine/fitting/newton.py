"""Newton's method in a box, from many points at once, for smooth objectives with few parameters."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.fitting.certificate import Certificate
from chinchilla_nb.engine.fitting.objective import Derivatives, Objective
from chinchilla_nb.engine.fitting.overflow import may_overflow
from chinchilla_nb.engine.laws.family import Coordinates

__all__ = ["Minimum", "continued", "free_parameters", "newton", "newton_from_each", "promised_decrease"]

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
AT_A_BOUND = 1e-10
"""Distance from a bound, relative to its size, up to which a parameter counts as being at it."""
LARGEST_CORRECTION = 0.75
"""Largest length of a correction for curvature, relative to the step."""
WIDER = 1e-3
"""Relative step in the width of smoothing over which slopes are differentiated."""
TINY = 1e-300
"""Keeps a scale of zero from dividing."""
PARTS = tuple(field.name for field in fields(Derivatives))
NearBounds = tuple[NDArray[np.bool_], NDArray[np.bool_]]


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


def newton(
    objective: Objective, theta: Array, box: Coordinates, steps: int = 400, tolerance: float | None = None
) -> Minimum:
    """Minimise from one point; see `newton_from_each`."""
    (minimum,) = newton_from_each(objective, theta[None], box, steps, tolerance)
    return minimum


@may_overflow
def newton_from_each(
    objective: Objective,
    theta: Array,
    box: Coordinates,
    steps: int = 400,
    tolerance: float | None = None,
    fixed: NDArray[np.bool_] | None = None,
) -> list[Minimum]:
    """Minimise from each row of theta with exact Hessians, damped as Levenberg and Marquardt do.

    As in iterative refinement, the step is computed in float64 but the gradient is evaluated in the precision of the
    objective, so that the result is accurate to that precision.

    Parameters
    ----------
    tolerance : float, optional
        Predicted decrease, relative to the objective, at which a minimisation ends; by default a negligible share of
        rounding.
    fixed : ndarray of bool, shape of theta, optional
        Parameters that do not move.
    """
    theta = theta.astype(objective.dtype)
    precision = float(np.finfo(theta.dtype).eps)
    tolerance = precision * NEGLIGIBLE if tolerance is None else tolerance
    at = objective.derivatives(theta)
    damping = np.zeros(len(theta))
    members, ends, values = np.arange(len(theta)), theta.copy(), at.value.copy()
    held = np.zeros(theta.shape, dtype=bool) if fixed is None else fixed
    moving = np.isfinite(at.value)
    for _ in range(steps):
        if not moving.all():
            theta, at, damping, members, held = _take(moving, theta, at, damping, members, held)
            objective = objective.members(moving)
        if not members.size:
            break
        near_bounds = _near_bounds(theta, box)
        free = _free(at.gradient, near_bounds) & ~held
        model = _Model.of(objective, at, free, damping)
        step, predicted = model.step(at.gradient)
        trial = _onto_bounds((theta + step).clip(box.lower, box.upper), near_bounds, free | held, box)
        moving = np.abs(trial - theta).max(axis=1) > ROUNDING * precision
        moving &= predicted > tolerance * np.abs(at.value).astype(float)
        if not moving.any():
            break
        struggling = np.flatnonzero(moving & (damping > 0))
        if struggling.size:
            trial[struggling] = _along_the_valley(objective, theta, trial, at, model, struggling, box)
        there = objective.derivatives(trial)
        # Near the optimum, values are equal up to rounding; then a smaller gradient is progress.
        gain = at.value - there.value
        tie = np.abs(gain) <= 2 * ROUNDING * precision * np.abs(at.value)
        better = (gain > 0) & ~tie
        if tie.any():
            better |= tie & (_norm(there.gradient, free) < _norm(at.gradient, free))
        better &= moving
        moving &= better | (~tie & (damping <= LARGEST_DAMPING))
        damping = _damped(damping, better & (gain > GOOD_STEP * predicted), ~better & ~tie)
        if better.all():
            theta, at = trial, there
        else:
            theta[better] = trial[better]
            for name in PARTS:
                getattr(at, name)[better] = getattr(there, name)[better]
        ends[members[better]], values[members[better]] = theta[better], at.value[better]
    return [Minimum(*end) for end in zip(ends, values, strict=True)]


@may_overflow
def continued(
    wide: Objective, narrow: Objective, theta: Array, box: Coordinates, fixed: NDArray[np.bool_] | None = None
) -> Array:
    """Return minima of a smoothed objective, moved to first order to those over a narrower width, where that is lower.

    Residuals in the quadratic middle of a loss shrink with its width (path following: Allgower and Georg 1990,
    Numerical Continuation Methods). Where a minimum stays behind, they are on the linear branches of the narrower
    loss, whose curvature is zero, and Newton's method needs many steps.

    Parameters
    ----------
    wide, narrow : Objective
        The same objective, smoothed over a width and a narrower one.
    theta : ndarray, shape (n, n_parameters)
        Minima of `wide`.
    fixed : ndarray of bool, shape of theta, optional
        Parameters that do not move.
    """
    at = wide.derivatives(theta)
    free = free_parameters(theta, at.gradient, box)
    if fixed is not None:
        free &= ~fixed
    wider = wide.loss.smoothed(wide.loss.width * (1 + WIDER))
    by_width = wide.weight * (wide.loss.slope(at.residuals) - wider.slope(at.residuals)) / WIDER
    push = by_width * (1 - narrow.loss.width / wide.loss.width)
    step, _ = _Model.of(wide, at, free, np.zeros(len(theta))).step((push[..., None, :] @ at.jacobian)[..., 0, :])
    moved = (theta + step).clip(box.lower, box.upper)
    lower = narrow.value(moved) < narrow.value(theta)
    return np.where(lower[:, None], moved, theta)


@may_overflow
def promised_decrease(objective: Objective, theta: Array, box: Coordinates) -> Array:
    """Return the decrease of the objective that a model of second order promises at each row of theta, shape (m,)."""
    at = objective.derivatives(theta)
    free = free_parameters(theta, at.gradient, box)
    _, promised = _Model.of(objective, at, free, np.zeros(len(theta))).step(at.gradient)
    return promised


def _take(moving: NDArray[np.bool_], theta: Array, at: Derivatives, *others: Array) -> tuple[Any, ...]:
    """Return what belongs to the points that still move."""
    return theta[moving], Derivatives(*(getattr(at, name)[moving] for name in PARTS)), *(one[moving] for one in others)


def _damped(damping: Array, good: NDArray[np.bool_], bad: NDArray[np.bool_]) -> Array:
    """Return less damping after good steps, and more after bad ones."""
    less = np.where(damping < LEAST_DAMPING, 0.0, damping / LESS_DAMPED)
    return np.where(good, less, np.where(bad, np.maximum(damping * MORE_DAMPED, FIRST_DAMPING), damping))


def _along_the_valley(
    objective: Objective,
    theta: Array,
    trial: Array,
    at: Derivatives,
    model: _Model,
    which: Array,
    box: Coordinates,
) -> Array:
    """Return trial points corrected for the curvature of predictions along the step.

    A narrow valley is curved: a long step leaves it, although a second step, back to the predictions that the first one
    aimed at, would return to it (geodesic acceleration, Transtrum and Sethna 2012, arXiv:1201.5885).
    """
    step, residuals, jacobian = (trial - theta)[which], at.residuals[which], at.jacobian[which]
    objective = objective.members(which)
    aimed = residuals + (jacobian @ step[..., None])[..., 0]
    missed = objective.residuals(trial[which]) - aimed
    push = objective.weight * objective.loss.curvature(residuals) * missed
    back, _ = model.step((push[..., None, :] @ jacobian)[..., 0, :], which)
    size = model.size[which]
    longest = LARGEST_CORRECTION * np.linalg.norm(step.astype(float) * size, axis=1)
    short = np.linalg.norm(back * size, axis=1) <= longest
    return np.asarray(np.clip(trial[which] + np.where(short[:, None], back, 0.0), box.lower, box.upper))


def free_parameters(theta: Array, gradient: Array, box: Coordinates) -> NDArray[np.bool_]:
    """Return which parameters are free: not at a bound, or just before it, with the objective decreasing outwards.

    A parameter just before a bound would shorten every step to the distance that is left (Bertsekas 1982, Projected
    Newton methods).
    """
    return _free(gradient, _near_bounds(theta, box))


def _free(gradient: Array, near_bounds: NearBounds) -> NDArray[np.bool_]:
    near_lower, near_upper = near_bounds
    return ~((near_lower & (gradient >= 0)) | (near_upper & (gradient <= 0)))


def _near_bounds(theta: Array, box: Coordinates) -> NearBounds:
    """Return which parameters are at their lower and upper bounds, or just before them."""
    near_lower = theta <= box.lower + AT_A_BOUND * (1 + np.abs(box.lower))
    near_upper = theta >= box.upper - AT_A_BOUND * (1 + np.abs(box.upper))
    return near_lower, near_upper


def _onto_bounds(trial: Array, near_bounds: NearBounds, stays: NDArray[np.bool_], box: Coordinates) -> Array:
    """Return trial points whose other parameters, which are not free because they are near a bound, are on it."""
    if stays.all():
        return trial
    for near, bound in zip(near_bounds, (box.lower, box.upper), strict=True):
        trial = np.where(near & ~stays, bound, trial).astype(trial.dtype)
    return trial


@dataclass(frozen=True, eq=False, slots=True)
class _Model:
    """Damped quadratic models: the size of each parameter, and the curvature along each principal direction."""

    free: NDArray[np.bool_]
    size: Array
    basis: Array
    curvature: Array

    @classmethod
    def of(cls, objective: Objective, at: Derivatives, free: NDArray[np.bool_], damping: Array) -> _Model:
        """Return the models at some points; a parameter that is not free has a curvature of its own."""
        H = at.hessian.astype(float)
        least = LEAST_SCALE / objective.loss.width * (objective.weight[..., None, :] @ at.jacobian**2)[..., 0, :] + TINY
        size = np.where(free, np.sqrt(np.maximum(np.abs(np.diagonal(H, axis1=1, axis2=2)), least)), 1.0).astype(float)
        both = free[:, :, None] & free[:, None, :]
        H = np.where(both, H / (size[:, :, None] * size[:, None, :]), np.eye(H.shape[1]))
        eigenvalue, basis = np.linalg.eigh(_finite(H))
        # Directions of negative curvature are followed downhill; steps along flat ones are limited.
        return cls(free, size, basis, np.maximum(np.abs(eigenvalue), FLATTEST) + damping[:, None])

    def step(self, gradient: Array, which: Any = slice(None)) -> tuple[Array, Array]:
        """Return the steps to the minima of the models, and the decreases they predict."""
        g = np.where(self.free[which], gradient, 0.0).astype(float) / self.size[which]
        basis, curvature = self.basis[which], self.curvature[which]
        along = (np.swapaxes(basis, 1, 2) @ g[..., None])[..., 0] / curvature
        step = -(basis @ along[..., None])[..., 0] / self.size[which]
        # A step along a flat direction may overflow; it ends at the box.
        return _finite(step), (along**2 * curvature).sum(axis=1) / 2


def _finite(x: Array) -> Array:
    """Return an array without the infinities and NaN of an overflow."""
    return x if np.isfinite(x).all() else np.nan_to_num(x)


def _norm(gradient: Array, free: NDArray[np.bool_]) -> Any:
    return np.where(free, np.abs(gradient), 0).max(axis=1)
