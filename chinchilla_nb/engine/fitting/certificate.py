"""The proof that a fit ended at a local optimum: conditions of first and second order, computed at the law itself.

At an optimum of a kinked loss some residuals are zero. There the loss has no derivative, but any slope between those
of its two branches is a multiplier. The point is optimal if multipliers within these slopes balance the slopes of all
other residuals, and if the Lagrangian curves upwards in the directions that keep the zero residuals at zero (Fletcher
1987, Practical Methods of Optimization, theorems 14.2.1 to 14.2.3). A smooth loss has no such residuals: its gradient
vanishes and its Hessian has no negative eigenvalue.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import lsq_linear

from chinchilla_nb.engine.fitting.objective import Derivatives, Objective, gram
from chinchilla_nb.engine.fitting.overflow import may_overflow
from chinchilla_nb.engine.laws.family import Coordinates

__all__ = ["Certificate", "Lagrangian", "certify", "lagrangian", "principal_directions"]

Array = NDArray[Any]

LARGEST_DECREASE = 1e-10
"""Relative decrease of the objective up to which a point is an optimum."""
NEGATIVE = 1e-6
"""Size of a negative curvature, relative to a typical one, that is rounding."""
FLAT = 1e-12
"""Least curvature, relative to a typical one, that a slope is divided by."""
OUTSIDE = 1e-6
"""Share of a slope by which rounding may take a multiplier beyond it."""
ROUNDING = 64
"""Units of float64 rounding up to which a mean residual means that the runs follow a law exactly."""
TINY = 1e-300
"""Keeps a scale of zero from dividing."""
UNDETERMINED = 1e-15
"""Relative singular value below which a direction changes no prediction."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was computed at the end of a fit to show that it is a local optimum.

    Attributes
    ----------
    decrease : float
        Decrease of the objective that a model of second order still promises, relative to the objective.
    curvature : float
        Least curvature in the directions that remain, relative to a typical one; infinity if none remain.
    multiplier : float
        Largest distance of the multiplier of a residual at a kink from the middle between the slopes of both branches,
        relative to half their difference; 0 without such residuals.
    holds : bool
        Whether these show a local optimum: hardly any decrease, no negative curvature, multipliers up to one.
    """

    decrease: float
    curvature: float
    multiplier: float

    @property
    def holds(self) -> bool:
        """Whether these show a local optimum."""
        return self.decrease <= LARGEST_DECREASE and self.curvature >= -NEGATIVE and self.multiplier <= 1 + OUTSIDE


EXACT = Certificate(0.0, np.inf, 0.0)
"""The law passes through the runs up to rounding: no objective is lower."""
NOTHING = Certificate(np.inf, -np.inf, 0.0)
"""Nothing can be shown where predictions are not numbers."""


@dataclass(frozen=True, eq=False, slots=True)
class Lagrangian:
    """The Lagrangian of a kinked loss at a point, in coordinates in which predictions change by one on average.

    Attributes
    ----------
    free : ndarray of bool, shape (n_parameters,)
        The parameters that can decrease it by moving.
    directions : ndarray, shape (n_free, n)
        The coordinates.
    slope : ndarray, shape (n,)
    hessian : ndarray, shape (n, n)
    null : ndarray, shape (n, m)
        Basis of the directions in which the residuals `inside` stay zero.
    inside : ndarray of int
        The residuals that are zero and whose multipliers lie within the slopes of the loss.
    multiplier : ndarray, shape (n_active,)
    side : ndarray, shape (n_active,)
        Difference of each multiplier from the middle between the slopes below and above the kink.
    share : ndarray, shape (n_active,)
        Size of that difference, relative to half the difference of the slopes.
    size : float
        Size of the objective.
    typical : float
        A typical curvature.
    """

    free: NDArray[np.bool_]
    directions: Array
    slope: Array
    hessian: Array
    null: Array
    inside: Array
    multiplier: Array
    side: Array
    share: Array
    size: float
    typical: float


def lagrangian(
    objective: Objective,
    theta: Array,
    at: Derivatives,
    active: Array,
    box: Coordinates,
    blocked: NDArray[np.bool_] | None = None,
) -> Lagrangian:
    """Return the Lagrangian with the multipliers that balance the slope best; `blocked` parameters are not free."""
    push = objective.weight * objective.loss.slope(at.residuals)
    push[active] = 0
    low, high = (objective.weight[active] * slope for slope in objective.loss.branches(at.residuals, active))
    branches = low.astype(float), high.astype(float)
    free = (theta > box.lower) & (theta < box.upper)
    for _ in range(len(theta) + 1):
        T = principal_directions(objective, at, free)
        along = at.jacobian[:, free] @ T
        others = push @ along - push[active] @ along[active]
        push[active] = multiplier = _multipliers(branches, along[active], others)
        # A parameter at a bound is free if the Lagrangian decreases towards the inside.
        total = push @ at.jacobian
        inwards = ((theta <= box.lower) & (total < 0)) | ((theta >= box.upper) & (total > 0))
        inwards &= box.lower < box.upper
        if blocked is not None:
            inwards &= ~blocked
        if not (inwards & ~free).any():
            break
        free = free | inwards
    steepness = float(np.sum(np.abs(push)))
    # No more of the objective is known than the rounding of predictions lets through.
    size = max(abs(float(at.value)), np.finfo(float).eps * steepness, TINY)
    share = _share(branches, multiplier)
    inside = active[share < 1 - OUTSIDE]
    return Lagrangian(
        free,
        T,
        (push @ along).astype(float),
        _curvature(objective, theta, at, push, free, T, along),
        _null_space(along[inside].astype(float)),
        inside,
        multiplier,
        multiplier - (branches[0] + branches[1]) / 2,
        share,
        size,
        max(steepness * (steepness / size), TINY),  # in this order because a square may overflow
    )


@may_overflow
def certify(objective: Objective, theta: Array, active: Array, box: Coordinates) -> Certificate:
    """Return the conditions of optimality at theta, with the residuals `active` counted as zero."""
    at = objective.derivatives(theta)
    if np.abs(at.residuals) @ objective.weight <= ROUNDING * np.finfo(float).eps:
        return EXACT
    if not (np.isfinite(at.value) and np.isfinite(at.jacobian).all()):
        return NOTHING
    model = lagrangian(objective, theta, at, active, box)
    eigenvalue, basis = np.linalg.eigh(model.null.T @ model.hessian @ model.null)
    slope = basis.T @ (model.null.T @ model.slope)
    promised = np.sum(slope**2 / (2 * np.maximum(np.abs(eigenvalue), FLAT * model.typical)))
    # A residual that is not at its kink has a loss above the line whose slope is its multiplier.
    from_kink = objective.loss.from_kink(at.residuals)[active]
    lower, upper = objective.loss.branches(at.residuals, active)
    losses = objective.weight[active] * np.where(from_kink > 0, upper, lower) * from_kink
    promised += np.sum(np.maximum(losses - model.multiplier * from_kink, 0))
    return Certificate(
        decrease=float(promised / model.size),
        curvature=float(eigenvalue.min() / model.typical) if len(eigenvalue) else np.inf,
        multiplier=float(np.max(model.share, initial=0.0)),
    )


def _multipliers(branches: tuple[Array, Array], jacobian: Array, slope: Array) -> Array:
    """Return multipliers of the active residuals that balance a slope best, shape (n_active,).

    Parameters
    ----------
    branches : (ndarray, ndarray), shape (n_active,)
        Slopes of the weighted loss on both sides of the kinks.
    jacobian : ndarray, shape (n_active, n_free)
        Derivatives of the active residuals.
    slope : ndarray, shape (n_free,)
        Slope of the objective without the active residuals.
    """
    if not jacobian.size:
        return np.zeros(len(jacobian))
    jacobian, slope = jacobian.astype(float), slope.astype(float)
    found = np.linalg.lstsq(jacobian.T, -slope, rcond=None)[0]
    if _share(branches, found).max() <= 1:
        return np.asarray(found)
    # The multipliers within the slopes that come nearest; what remains is the direction of steepest descent.
    return np.asarray(lsq_linear(jacobian.T, -slope, bounds=branches, tol=1e-14).x)


def principal_directions(objective: Objective, at: Derivatives, free: NDArray[np.bool_]) -> Array:
    """Return directions of the free parameters, shape (n_free, n), along which predictions change by one on average.

    A direction that changes no prediction is left out.
    """
    jacobian = at.jacobian[:, free].astype(float) * np.sqrt(objective.weight.astype(float))[:, None]
    if not np.isfinite(jacobian).all():
        return np.zeros((jacobian.shape[1], 0))
    size = np.linalg.norm(jacobian, axis=0)
    seen = size > 0
    scaled = jacobian[:, seen] / size[seen]
    _, singular, directions = np.linalg.svd(scaled, full_matrices=False)
    kept = singular > UNDETERMINED * singular.max(initial=0.0)
    T = np.zeros((len(size), int(kept.sum())))
    T[seen] = (directions[kept] / singular[kept, None]).T / size[seen, None]
    return T


def _null_space(constraint: Array) -> Array:
    """Return an orthonormal basis of the directions in which constraints, shape (m, n), do not change."""
    if not constraint.size:
        return np.eye(constraint.shape[1])
    _, singular, directions = np.linalg.svd(constraint)
    rank = int(np.sum(singular > 1e-9 * singular.max()))
    return np.asarray(directions[rank:].T)


def _curvature(
    objective: Objective,
    theta: Array,
    at: Derivatives,
    push: Array,
    free: NDArray[np.bool_],
    T: Array,
    along: Array,
) -> Array:
    """Return the Hessian of the Lagrangian in the directions T, along which the residuals change by `along`."""
    curved = objective.residual_hessian(theta, push, at.jacobian)[np.ix_(free, free)]
    gauss_newton = gram(along, objective.weight * objective.loss.curvature(at.residuals))
    return np.asarray(gauss_newton + T.T @ curved @ T).astype(float)


def _share(branches: tuple[Array, Array], multiplier: Array) -> Array:
    """Return the distance of each multiplier from the middle between both slopes, relative to that of the slopes."""
    low, high = branches
    return np.asarray(np.abs(multiplier - (low + high) / 2) / np.maximum((high - low) / 2, TINY))
