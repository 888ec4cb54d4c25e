"""The exact minimum of a loss with a kink: linear programs in a shrinking region, with second-order corrections."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linprog

from optima.descent import Smoothed

__all__ = ["to_vertex"]

Array = NDArray[Any]

RESOLVED, NEARLY = 1e-14, 1e-11
"""Relative decrease that is rounding, and one that no longer matters."""
MOST_FLAT = 3
"""Number of successive programs without a decrease after which the search ends."""
SMALLEST = 1e-15
"""Size of the region, relative to the mean loss, at which the search ends."""
ACTIVE = 1e-7
"""Size of a residual, relative to the region, below which a program has brought it to zero."""
FLATTEST = 1e-10
"""Smallest singular value, relative to the largest, that a direction is scaled by."""
OPTIONS = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}


def to_vertex(objective: Smoothed, theta: Array, radius: float, programs: int) -> Array:
    """Return a local minimum near theta, or what so many linear programs reach.

    Parameters
    ----------
    radius : float
        Size of the first region, as a change of residuals.
    """
    value, flat = float(objective.value(theta)), 0
    for _ in range(programs):
        step, active, predicted = _program(objective, theta, radius)
        if predicted <= RESOLVED * value:
            # The linearised loss is convex, so a smaller region has no lower point either; it is only resolved better.
            flat += 1
            radius *= 1e-3
        else:
            trial = objective.model.clip(theta + step)
            candidates = [trial]
            with suppress(np.linalg.LinAlgError):  # far outside of the runs, nothing is finite any more
                candidates += _corrected(objective, trial, active)
            values = [float(objective.value(candidate)) for candidate in candidates]
            best = int(np.argmin(values))
            gain = value - values[best]
            flat = flat + 1 if gain <= RESOLVED * value and predicted <= NEARLY * value else 0
            if gain > 0:
                theta, value = candidates[best], values[best]
            radius *= 3 if gain > 0.7 * predicted else 1 if gain > 0.3 * predicted else 0.2
        if flat == MOST_FLAT or radius < SMALLEST * _unit(objective) or value == 0:
            break
    return theta


def _unit(objective: Smoothed) -> float:
    return float(objective.case.loss.mean()) if objective.shape.residual == "difference" else 1.0


def _linearise(objective: Smoothed, theta: Array) -> tuple[Array, Array, Array]:
    """Return the residuals, their Jacobian, and columns of steps of theta that each change residuals by about one."""
    prediction, jacobian = objective.model.jacobian(theta)
    r = objective.shape.residuals(prediction, objective.case.loss)
    J = jacobian * objective.shape.rates(prediction, objective.case.loss)[0][:, None]
    return r, J, _basis(J)


def _basis(J: Array) -> Array:
    """Return columns of steps of theta, orthogonal in their effect, that each change residuals by about one."""
    J = np.where(np.isfinite(J), J, 0)  # a step too far has no usable Jacobian, and is rejected by its value
    size = np.maximum(np.abs(J).max(axis=0, initial=0.0), 1e-12)
    _, singular, directions = np.linalg.svd(J / size / np.sqrt(len(J)))
    scale = np.full(len(size), FLATTEST)
    scale[: len(singular)] = np.maximum(singular, FLATTEST * max(singular[0], 1e-300))
    return np.asarray(directions.T / scale / size[:, None])


def _reach(J: Array, basis: Array, radius: float, unit: float) -> Array:
    """Return how far a step may go along each direction.

    Moving a parameter so far that residuals would change by t, were it alone, bends them by about t^2 / unit. Along a
    flat direction that is far more than the change itself, so t is kept below the root of radius x unit.
    """
    alone = np.linalg.norm(basis * np.abs(J).max(axis=0)[:, None], axis=0)
    return np.asarray(np.minimum(radius, np.sqrt(radius * unit) / alone))


def _program(objective: Smoothed, theta: Array, radius: float) -> tuple[Array, Array, float]:
    """Minimise the linearised objective in a region; return the step, the residuals at zero and the decrease."""
    shape, weight = objective.shape, objective.case.weight
    r, J, basis = _linearise(objective, theta)
    T = basis * _reach(J, basis, radius, _unit(objective))
    slopes = J @ T
    near = np.flatnonzero((np.abs(r) <= np.abs(slopes).sum(axis=1)) & (weight > 0))
    far = np.setdiff1d(np.arange(len(r)), near)
    cost = (weight[far] * np.where(r[far] > 0, shape.above, -shape.below)) @ slopes[far]
    if shape.rest is not None:
        cost = cost + (weight * shape.rest(r, 0.0)[1]) @ slopes
    unit = radius * max(shape.above, shape.below)
    above, below = weight[near] * shape.above * radius / unit, weight[near] * shape.below * radius / unit
    eye = sparse.identity(len(near))
    box = _box(objective, theta, T)
    solution = linprog(
        np.concatenate([cost / unit, above, below]),
        A_eq=sparse.hstack([slopes[near] / radius, -eye, eye], format="csc") if near.size else None,
        b_eq=-r[near] / radius if near.size else None,
        A_ub=None if box is None else np.hstack([box[0], np.zeros((len(box[0]), 2 * len(near)))]),
        b_ub=None if box is None else box[1],
        bounds=[(-1, 1)] * T.shape[1] + [(0, None)] * (2 * len(near)),
        method="highs-ds",
        options=OPTIONS,
    )
    if solution.x is None:
        return np.zeros_like(theta), near[:0], 0.0
    z, over, under = np.split(solution.x, [T.shape[1], T.shape[1] + len(near)])
    before = float(np.where(r[near] > 0, above, -below) @ r[near]) / radius
    active = near[np.abs(over - under) <= ACTIVE]
    return T @ z, active, (before - float(solution.fun)) * unit


def _box(objective: Smoothed, theta: Array, T: Array) -> tuple[Array, Array] | None:
    """Return rows and right-hand sides that keep the step inside the box, only for the ends within reach."""
    model = objective.model
    gone = theta < model.lower
    reach = np.abs(T).sum(axis=1)
    rows, sides = [], []
    for sign, room in (
        (-1, np.where(gone, np.inf, theta - model.lower)),
        (1, np.where(gone, np.inf, model.upper - theta)),
    ):
        for index in np.flatnonzero(room < reach):
            size = max(reach[index], 1e-300)
            rows.append(sign * T[index] / size)
            sides.append(max(room[index], 0) / size)
    return (np.array(rows), np.array(sides)) if rows else None


def _corrected(objective: Smoothed, theta: Array, active: Array) -> list[Array]:
    """Return points near theta where the active residuals are zero: the nearest, and the stationary one."""
    if not active.size or active.size > 3 * len(theta):
        return []
    nearest, model = theta, objective.model
    for _ in range(3):
        r, J, _ = _linearise(objective, nearest)
        free = (nearest > model.lower) & (nearest < model.upper)
        if not (np.isfinite(J).all() and free.any()):
            return []
        basis = _basis(J[:, free])
        moved = nearest.copy()
        moved[free] += basis @ np.linalg.lstsq(J[active][:, free] @ basis, -r[active], rcond=1e-12)[0]
        nearest = model.clip(moved)
    return [nearest, *_stationary(objective, nearest, active)]


def _stationary(objective: Smoothed, theta: Array, active: Array) -> list[Array]:
    """Return the result of Newton's method on the optimality conditions with the active residuals at zero."""
    model, shape, case = objective.model, objective.shape, objective.case
    multiplier: Array | None = None
    for _ in range(6):
        r, J, _ = _linearise(objective, theta)
        if not np.isfinite(J).all():
            return []
        prediction, jacobian = model.jacobian(theta)
        rate, bend = shape.rates(prediction, case.loss)
        push = case.weight * np.where(r > 0, shape.above, -shape.below)
        stiff = np.zeros_like(r)
        if shape.rest is not None:
            _, slope, curvature = shape.rest(r, 0.0)
            push, stiff = push + case.weight * slope, case.weight * curvature
        push[active] = 0
        pull = push @ J
        free = ~(((theta <= model.lower) & (pull >= 0)) | ((theta >= model.upper) & (pull <= 0)))
        if not free.any():
            return [theta]
        T = np.zeros((len(theta), int(free.sum())))
        T[free] = _basis(J[:, free])
        K = J[active] @ T
        if multiplier is None:
            multiplier = np.linalg.lstsq(K.T, -pull @ T, rcond=1e-12)[0]
        push[active] = multiplier
        hessian = jacobian.T @ (jacobian * (stiff * rate**2 + push * bend)[:, None])
        hessian = T.T @ (hessian + model.curvature(jacobian, theta, push * rate)) @ T
        system = np.block([[hessian, K.T], [K, np.zeros((len(K), len(K)))]])
        solved = np.linalg.lstsq(system, np.concatenate([-pull @ T, -r[active]]), rcond=1e-14)[0]
        multiplier = solved[T.shape[1] :]
        step = T @ solved[: T.shape[1]]
        if not np.isfinite(step).all() or np.abs(step).max() > 1:
            return []
        theta = model.clip(theta + step)
    return [theta]
