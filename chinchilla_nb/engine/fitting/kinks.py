"""The exact optimum of a piecewise-linear loss: successive linear programs, then Newton's method on the kinks.

At the optimum some residuals are exactly zero. A linear program in all parameters, inside a box small enough for the
linearisation to hold, finds which ones. With those residuals held at zero, the stationarity conditions are smooth, and
Newton's method solves them to rounding (Fletcher 1987, Practical Methods of Optimization, section 14.2).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linprog

from chinchilla_nb.engine.fitting.certificate import certify
from chinchilla_nb.engine.fitting.newton import Minimum, free_parameters
from chinchilla_nb.engine.fitting.objective import Derivatives, Objective
from chinchilla_nb.engine.laws.family import Coordinates

__all__ = ["descend_to_vertex", "on_kinks"]

Array = NDArray[Any]

SMALLEST_RADIUS, LARGEST_RADIUS = 1e-13, 1.0
"""Limits of the size of the box that a linear program searches, as the change of a prediction per parameter."""
WIDER, NARROWER, MUCH_NARROWER = 3.0, 4.0, 100.0
"""Factors by which the box grows after a step with the predicted decrease, shrinks after a step without it, and shrinks
once a program predicts no decrease."""
GOOD_STEP, BAD_STEP = 0.75, 0.25
"""Shares of the predicted decrease above which a step is good, and below which it is bad."""
RESOLVED = 1e-9
"""Decrease, relative to the box, below which a linear program predicts none: ten times its tolerance."""
PROGRAM_OPTIONS = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
"""The smallest tolerances that HiGHS accepts."""
FIRST_RADIUS = 1e-3
"""Initial size of the box that a linear program searches, as a share of the mean residual."""
TIE = 1e-12
"""Relative increase of the objective that a certified minimum may have because of rounding."""
SMALL_BOX = 1e-8
"""Size of a box in which a program that predicts no decrease ends the search."""
ON_THE_KINK = 1e-9
"""Size of a residual, relative to the box, below which a linear program has brought it to zero."""
LARGEST_STEP = 1.0
"""A longer Newton step leaves the neighbourhood in which the kinks were found."""
MOST_ACTIVE = 50
"""Most residuals that Newton's method holds at zero: more than a few per parameter are zero only if the law passes
through the runs, and then no multipliers are needed."""
MOST_NEAR = 4096
"""Most residuals that a linear program may bring to zero. With this many it takes a tenth of a second, with six times
as many twenty seconds, during which it cannot be cancelled."""
FLATTEST, FLAT = 1e-12, 1e-9
"""Least effect of a parameter on predictions that a linear program, and a Newton step, is scaled by."""
SINGULAR = 1e-14
"""Relative singular value below which a direction of the Newton system counts as undetermined."""
ROUNDING = 4
"""Units in the last place of theta below which a Newton step is rounding."""


def on_kinks(objective: Objective, theta: Array, active: Array, box: Coordinates) -> Minimum:
    """Hold the active residuals at zero, and certify the point that solves the stationarity conditions then.

    Returns the starting point without certificate if that point is higher.
    """
    theta = theta.astype(objective.dtype)
    value, refined = objective.value(theta), _newton_on_kinks(objective, theta, active, box)
    there = objective.value(refined)
    if there > value + TIE * abs(value) + np.finfo(float).eps * objective.loss.steepest:
        return Minimum(theta, value, None, active)
    return Minimum(refined, there, certify(objective, refined, active, box), active)


def descend_to_vertex(objective: Objective, start: Minimum, box: Coordinates, steps: int = 100) -> Minimum:
    """Minimise a kinked objective by successive linear programs, as far as they promise and bring a decrease."""
    best, at = start, objective.derivatives(start.theta)
    radius = max(FIRST_RADIUS * float(at.value) / _steepest(objective), SMALLEST_RADIUS)
    for _ in range(steps):
        radius = min(radius, _largest_solvable_radius(at, objective.loss.from_kink(at.residuals)))
        program = _linear_program(objective, best.theta, at, box, radius)
        if program is None:
            return best
        step, active, predicted = program
        if predicted <= RESOLVED * radius * _steepest(objective):
            refined = on_kinks(objective, best.theta, active, box)
            if refined.converged or radius <= SMALL_BOX:
                return refined
            radius /= MUCH_NARROWER
            best, at = refined, objective.derivatives(refined.theta)
            continue
        trial = np.clip(best.theta + step, box.lower, box.upper)
        restored = _back_onto_kinks(objective, trial, active, box)
        refined_theta = _newton_on_kinks(objective, restored, active, box)
        points = (Minimum(point, objective.value(point), None, active) for point in (trial, restored, refined_theta))
        there = min(points, key=lambda minimum: float(minimum.value))
        gain = best.value - there.value
        if gain > 0:
            best, at = there, objective.derivatives(there.theta)
        if gain > GOOD_STEP * predicted:
            radius = min(WIDER * radius, LARGEST_RADIUS)
        elif gain < BAD_STEP * predicted:
            radius /= NARROWER
        if radius < SMALLEST_RADIUS:
            break
    return best


def _linear_program(
    objective: Objective, theta: Array, at: Derivatives, box: Coordinates, radius: float
) -> tuple[Array, Array, float] | None:
    """Minimise the linearised objective in a box.

    Returns the step, the indices of the residuals it brings to zero, and the predicted decrease; None if the program
    cannot be solved.
    """
    J, r = at.jacobian.astype(float), objective.loss.from_kink(at.residuals).astype(float)
    reach = radius / _sizes(J)
    low = np.maximum(-reach, (box.lower - theta).astype(float)) / reach
    high = np.minimum(reach, (box.upper - theta).astype(float)) / reach
    J = J * reach
    # A residual that is at its kink nowhere in the box stays on one side: it adds a constant slope.
    near = np.flatnonzero(np.abs(r) <= np.abs(J).sum(axis=1))
    far = np.ones(len(r), dtype=bool)
    far[near] = False
    weight = objective.weight.astype(float)
    slope = (weight * objective.loss.slope(at.residuals).astype(float))[far] @ J[far]
    lower, upper = (weight[near] * branch.astype(float) for branch in objective.loss.branches(at.residuals, near))
    eye = sparse.identity(len(near))  # eye_array is younger than the oldest SciPy supported
    size = _steepest(objective) * radius
    solution = linprog(
        np.concatenate([slope, upper * radius, -lower * radius]) / size,
        A_eq=sparse.hstack([J[near] / radius, -eye, eye], format="csc"),
        b_eq=-r[near] / radius,
        bounds=[*zip(low, high, strict=True), *[(0, None)] * (2 * len(near))],
        method="highs-ds",
        options=PROGRAM_OPTIONS,
    )
    if solution.x is None:
        return None
    step, above, below = np.split(solution.x, [J.shape[1], J.shape[1] + len(near)])
    left = np.abs(above - below)
    before = np.sum(np.where(r[near] > 0, upper, lower) * r[near]) / size
    return step * reach, near[left <= ON_THE_KINK], float((before - solution.fun) * size)


def _largest_solvable_radius(at: Derivatives, from_kink: Array) -> float:
    """Return the size of a box in which at most `MOST_NEAR` residuals can be brought to zero."""
    if len(at.residuals) <= MOST_NEAR:
        return LARGEST_RADIUS
    J = at.jacobian.astype(float)
    needed = np.abs(from_kink.astype(float)) / np.sum(np.abs(J) / _sizes(J), axis=1)
    return max(float(np.partition(needed, MOST_NEAR)[MOST_NEAR]), SMALLEST_RADIUS)


def _sizes(jacobian: Array) -> Array:
    """Return the typical change of a prediction per unit of each parameter."""
    return np.asarray(np.maximum(np.sqrt(np.mean(jacobian**2, axis=0)), FLATTEST))


def _back_onto_kinks(objective: Objective, theta: Array, active: Array, box: Coordinates, steps: int = 3) -> Array:
    """Return the nearby point where the active residuals are zero again.

    The kinks are curved: a step that keeps the residuals at zero to first order leaves them. Without this correction
    the box shrinks until the curvature is negligible, and a long valley takes thousands of steps (Fletcher 1987,
    section 14.4).
    """
    size = np.maximum(np.sqrt(np.mean(objective.derivatives(theta).jacobian.astype(float) ** 2, axis=0)), FLAT)
    for _ in range(steps if active.size else 0):
        at = objective.derivatives(theta)
        J = at.jacobian[active].astype(float) / size
        r = objective.loss.from_kink(at.residuals)[active].astype(float)
        if not (np.isfinite(J).all() and np.isfinite(r).all()):
            break  # the step left the range in which predictions are numbers; its value rejects it
        correction = np.linalg.lstsq(J, -r, rcond=None)[0]  # NumPy before 2.0 warns without it
        theta = np.clip(theta + correction / size, box.lower, box.upper)
    return theta


def _newton_on_kinks(objective: Objective, theta: Array, active: Array, box: Coordinates, steps: int = 8) -> Array:
    """Solve the stationarity conditions with the active residuals held at zero."""
    if not 0 < active.size <= MOST_ACTIVE:
        return theta
    precision = float(np.finfo(theta.dtype).eps)
    multiplier: Array | None = None
    for _ in range(steps):
        at = objective.derivatives(theta)
        if not (np.isfinite(at.jacobian).all() and np.isfinite(at.residuals).all()):
            return theta
        _, slope, curvature = objective.loss.derivatives(at.residuals)
        push, bend = objective.weight * slope, objective.weight * curvature
        push[active], bend[active] = 0, 0
        pull = push @ at.jacobian
        constraint = at.jacobian[active]
        free = np.flatnonzero(free_parameters(theta, pull, box) | (theta > box.lower) & (theta < box.upper))
        K = constraint[:, free].astype(float)
        if multiplier is None:
            multiplier = np.linalg.lstsq(K.T, -pull[free].astype(float), rcond=None)[0]
        push[active] = multiplier
        curved = objective.residual_hessian(theta, push, at.jacobian) + (at.jacobian.T * bend) @ at.jacobian
        hessian = curved[np.ix_(free, free)].astype(float)
        size = np.maximum(np.sqrt(np.mean(at.jacobian[:, free].astype(float) ** 2, axis=0)), FLAT)
        system = np.block([[hessian / np.outer(size, size), (K / size).T], [K / size, np.zeros((len(K), len(K)))]])
        right = np.concatenate([-pull[free].astype(float) / size, -objective.loss.from_kink(at.residuals)[active].astype(float)])
        solved = np.linalg.lstsq(system, right, rcond=SINGULAR)[0]
        multiplier = solved[len(free) :]
        step = np.zeros_like(theta)
        step[free] = solved[: len(free)] / size
        if not np.isfinite(step).all() or np.abs(step).max() > LARGEST_STEP:
            return theta
        theta = np.clip(theta + step, box.lower, box.upper)
        if np.abs(step).max() <= ROUNDING * precision:
            break
    return theta


def _steepest(objective: Objective) -> float:
    return objective.loss.steepest
