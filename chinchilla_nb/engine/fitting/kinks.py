"""The exact optimum of a kinked loss: descent along its kinks, then Newton's method on them.

At the optimum some residuals are exactly zero. An active-set method finds which ones: residuals that are zero stay zero
as long as their multipliers lie within the slopes of the loss, the step in the remaining directions is Newton's, and it
ends where the loss stops decreasing, often at the kink of another residual. With the right residuals held at zero, the
stationarity conditions are smooth, and Newton's method solves them to rounding (Fletcher 1987, Practical Methods of
Optimization, section 14.2; Bartels, Conn and Sinclair 1978, for linear predictions).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.fitting.certificate import Lagrangian, certify, lagrangian
from chinchilla_nb.engine.fitting.newton import Minimum
from chinchilla_nb.engine.fitting.objective import Derivatives, Objective, gram
from chinchilla_nb.engine.fitting.overflow import may_overflow
from chinchilla_nb.engine.laws.family import Coordinates

__all__ = ["descend_along_kinks", "on_kinks"]

Array = NDArray[Any]

SHORTER, LONGER = 4.0, 2.0
"""Factors by which the longest step shrinks after one without the predicted decrease, and grows after one with it."""
GOOD_STEP, BAD_STEP = 0.5, 0.1
"""Shares of the predicted decrease above which a step is good, and below which it is not taken."""
SHORTEST = 1e-11
"""Longest step, as the change of a prediction relative to the mean residual, at which the descent ends."""
ON_THE_KINK = 1e-10
"""Size of a residual, relative to the mean, up to which it counts as zero."""
FLATTEST = 1e-9
"""Least curvature, relative to a typical one, that a Newton step divides by."""
TIE = 1e-12
"""Relative increase of the objective that a certified minimum may have because of rounding."""
WRONG_WAY = 1e-9
"""Share of the movement of a residual in the wrong direction that is rounding."""
LARGEST_STEP = 1.0
"""A longer Newton step leaves the neighbourhood in which the kinks were found."""
MOST_ACTIVE = 50
"""Most residuals that Newton's method holds at zero: more than a few per parameter are zero only if the law passes
through the runs, and then no multipliers are needed."""
FLAT = 1e-9
"""Least effect of a parameter on predictions that a Newton step is scaled by."""
SINGULAR = 1e-14
"""Relative singular value below which a direction of the Newton system counts as undetermined."""
ROUNDING = 4
"""Units in the last place of theta below which a Newton step is rounding."""


@may_overflow
def on_kinks(objective: Objective, theta: Array, active: Array, box: Coordinates) -> Minimum:
    """Solve the stationarity conditions with the active residuals at zero, and certify the result."""
    theta = theta.astype(objective.dtype)
    value, refined = objective.value(theta), _newton_on_kinks(objective, theta, active, box)
    there = objective.value(refined)
    if not there <= value + TIE * abs(value) + np.finfo(objective.dtype).eps * objective.loss.steepness:
        refined, there = theta, value
    return Minimum(refined, there, certify(objective, refined, active, box), active)


@may_overflow
def descend_along_kinks(objective: Objective, start: Minimum, box: Coordinates, steps: int = 200) -> Minimum:
    """Minimise a kinked objective from a point near an optimum, and certify the end."""
    at = objective.derivatives(start.theta)
    mean = longest = float(np.abs(at.residuals) @ objective.weight)
    best, active = start, start.active[_off(objective, at, start.active) <= ON_THE_KINK * mean]
    for _ in range(steps):
        direction = _direction(objective, best.theta, at, active, box)
        if direction is None:
            break
        length, kink, predicted = _line_search(objective, best.theta, at, direction, active, longest, box)
        held = direction.held if kink is None else np.append(direction.held, kink)
        trial = np.clip(best.theta + length * direction.step, box.lower, box.upper)
        trial = _back_onto_kinks(objective, trial, held, direction.free, box)
        there = objective.derivatives(trial)
        gain = float(at.value - there.value)
        if gain > BAD_STEP * predicted:
            best, at, active = Minimum(trial, there.value, None, held), there, held
            longest = longest * LONGER if gain > GOOD_STEP * predicted else longest
        else:
            longest = min(longest, length * direction.size) / SHORTER
        if longest < SHORTEST * mean or predicted <= np.finfo(at.value.dtype).eps * abs(float(at.value)):
            break
    return on_kinks(objective, best.theta, active, box)


def _off(objective: Objective, at: Derivatives, which: Array) -> Array:
    """Return the distance of some residuals from their kinks."""
    return np.asarray(np.abs(objective.loss.from_kink(at.residuals)[which]))


@dataclass(frozen=True, eq=False, slots=True)
class _Direction:
    """A direction of descent.

    Attributes
    ----------
    step : ndarray, shape (n_parameters,)
    free : ndarray of bool, shape (n_parameters,)
        The parameters that can move.
    size : float
        Length of the step, as a change of predictions.
    held : ndarray of int
        The residuals that stay zero.
    slope, curvature : float
        Derivatives of the Lagrangian along the step.
    """

    step: Array
    free: NDArray[np.bool_]
    size: float
    held: Array
    slope: float
    curvature: float


def _direction(
    objective: Objective, theta: Array, at: Derivatives, active: Array, box: Coordinates
) -> _Direction | None:
    """Return the Newton direction in which the residuals with multipliers inside the slopes stay zero."""
    blocked = np.zeros(len(theta), dtype=bool)
    for _ in range(len(theta)):
        model = lagrangian(objective, theta, at, active, box, blocked)
        if not model.null.size:
            return None
        along = _along(model, at, active)
        step = np.zeros(len(theta))
        step[model.free] = model.directions @ along
        if not np.isfinite(step).all() or not step.any():
            return None
        outwards = ((theta <= box.lower) & (step < 0)) | ((theta >= box.upper) & (step > 0))
        if not outwards.any():
            break
        blocked |= outwards
    size, curvature = float(np.linalg.norm(along)), float(along @ model.hessian @ along)
    return _Direction(step, model.free, size, model.inside, float(model.slope @ along), curvature)


def _along(model: Lagrangian, at: Derivatives, active: Array) -> Array:
    """Return the Newton step of the Lagrangian, or that of steepest descent, in its coordinates."""
    eigenvalue, basis = np.linalg.eigh(model.null.T @ model.hessian @ model.null)
    slope = basis.T @ (model.null.T @ model.slope)
    newton = model.null @ (basis @ (-slope / np.maximum(np.abs(eigenvalue), FLATTEST * model.typical)))
    # A residual that is released must move to the side whose slope is its multiplier; steepest descent does so.
    leaves = (at.jacobian[np.ix_(active, model.free)] @ model.directions).astype(float)
    back = (leaves @ newton) * model.side < -WRONG_WAY * (np.abs(leaves) @ np.abs(newton)) * np.abs(model.side)
    return np.asarray(model.null @ (basis @ -slope) / model.typical if back.any() else newton)


def _line_search(
    objective: Objective,
    theta: Array,
    at: Derivatives,
    direction: _Direction,
    active: Array,
    longest: float,
    box: Coordinates,
) -> tuple[float, int | None, float]:
    """Minimise the model along a direction: residuals are linear, and the rest of the Lagrangian is quadratic.

    Returns the length, the residual whose kink ends the step, and the predicted decrease.
    """
    rate = (at.jacobian @ direction.step).astype(float)
    r, weight = objective.loss.from_kink(at.residuals).astype(float), objective.weight.astype(float)
    crossing = -r / rate
    room = np.where(direction.step > 0, box.upper - theta, box.lower - theta) / direction.step
    # Residuals that are zero now are part of the Lagrangian: their slopes do not change along the step.
    crossing[active] = np.inf
    end = min(longest / max(direction.size, 1e-300), float(np.min(room[direction.step != 0], initial=np.inf)))
    end = min(end, -direction.slope / direction.curvature) if direction.curvature > 0 else end
    ahead = np.flatnonzero((crossing > 0) & (crossing < end))
    ahead = ahead[np.argsort(crossing[ahead], kind="stable")]
    below, above = objective.loss.branches(at.residuals, ahead)
    jump = weight[ahead] * (above - below).astype(float) * np.abs(rate[ahead])
    # The slope of the model just after each kink.
    after = direction.slope + np.cumsum(jump) + direction.curvature * crossing[ahead]
    stops = np.flatnonzero(after >= 0)
    if not stops.size:
        passed, length, kink = len(ahead), end, None
    else:
        first = int(stops[0])
        before = after[first] - jump[first]
        passed, length, kink = first, float(crossing[ahead[first]]), int(ahead[first])
        if before > 0 and direction.curvature > 0:
            # The slope vanishes between two kinks.
            length, kink = length - before / direction.curvature, None
    decrease = -(direction.slope * length + direction.curvature * length * length / 2)
    decrease -= float(np.sum(jump[:passed] * (length - crossing[ahead[:passed]])))
    return length, kink, decrease


def _back_onto_kinks(
    objective: Objective, theta: Array, active: Array, free: NDArray[np.bool_], box: Coordinates, steps: int = 3
) -> Array:
    """Return the nearby point where the active residuals are zero again.

    The kinks are curved: a step that keeps the residuals at zero to first order leaves them (Fletcher 1987, section
    14.4).
    """
    if not active.size:
        return theta
    free = free & (theta > box.lower) & (theta < box.upper)
    for _ in range(steps):
        at = objective.derivatives(theta)
        size = np.maximum(np.sqrt(np.mean(at.jacobian[:, free].astype(float) ** 2, axis=0)), FLAT)
        J = at.jacobian[np.ix_(active, free)].astype(float) / size
        r = objective.loss.from_kink(at.residuals)[active].astype(float)
        if not (np.isfinite(J).all() and np.isfinite(r).all()):
            break  # the step left the range in which predictions are numbers; its value rejects it
        correction = np.zeros(len(theta))
        correction[free] = np.linalg.lstsq(J, -r, rcond=None)[0] / size  # NumPy before 2.0 warns without it
        theta = np.clip(theta + correction, box.lower, box.upper)
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
        if multiplier is None:
            model = lagrangian(objective, theta, at, active, box)
            multiplier, free = model.multiplier, np.flatnonzero(model.free)
        _, slope, curvature = objective.loss.derivatives(at.residuals)
        push, bend = objective.weight * slope, objective.weight * curvature
        push[active], bend[active] = multiplier, 0
        pull = (push @ at.jacobian)[free].astype(float)
        K = at.jacobian[np.ix_(active, free)].astype(float)
        curved = objective.residual_hessian(theta, push, at.jacobian) + gram(at.jacobian, bend)
        hessian = curved[np.ix_(free, free)].astype(float)
        size = np.maximum(np.sqrt(np.mean(at.jacobian[:, free].astype(float) ** 2, axis=0)), FLAT)
        system = np.block([[hessian / np.outer(size, size), (K / size).T], [K / size, np.zeros((len(K), len(K)))]])
        right = np.concatenate([-pull / size, -objective.loss.from_kink(at.residuals)[active].astype(float)])
        solved = np.linalg.lstsq(system, right, rcond=SINGULAR)[0]
        multiplier = multiplier + solved[len(free) :]
        step = np.zeros_like(theta)
        step[free] = solved[: len(free)] / size
        if not np.isfinite(step).all() or np.abs(step).max() > LARGEST_STEP:
            return theta
        theta = np.clip(theta + step, box.lower, box.upper)
        if np.abs(step).max() <= ROUNDING * precision:
            break
    return theta
