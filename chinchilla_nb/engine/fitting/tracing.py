"""Laws traced from an optimum: single parameters are moved and held while the others follow."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.fitting.certificate import lagrangian, principal_directions
from chinchilla_nb.engine.fitting.lattice import reweighted
from chinchilla_nb.engine.fitting.newton import Minimum, newton_from_each
from chinchilla_nb.engine.fitting.objective import Objective
from chinchilla_nb.engine.fitting.overflow import may_overflow
from chinchilla_nb.engine.laws.family import Coordinates, Profiling

__all__ = ["Reach", "effective_runs", "entering", "exchanged", "nonlinearity", "traced"]

Array = NDArray[Any]
Reach: TypeAlias = Literal["vicinity", "valley", "range"]

REACH = 3.0
"""Standard errors of a parameter combination at which nonlinearity is measured."""
ENTERING = np.geomspace(0.02, 10.0, 60)
"""Exponents of terms that may enter."""
ENTERING_SIZES = (1.0, 0.1, 0.01)
"""Sizes of a term that enters, at the run where it is largest, relative to the mean residual."""
UNSEEN = 1e-9
"""Largest effect of a parameter on predictions at which its term has vanished."""
NEARBY = (0.9, 0.94, 0.98, 0.99, 0.995, 1.005, 1.01, 1.02, 1.06, 1.1)
"""Factors by which an exponent is moved a little."""
RATIOS = (0.0, 0.3, 0.6, 0.8, 0.9, 0.95, 1.05, 1.1, 1.25, 1.6, 3.0)
"""Factors by which a parameter is moved."""
WHOLE_RANGE = np.geomspace(0.03, 10.0, 12)
"""Values that an exponent is moved to wherever it is."""
LEAST = 0.05
"""An irreducible loss below this share of the mean loss is moved as if it were this large."""
TRACED_WIDTHS = (1.0, 0.2, 0.04)
"""Widths of smoothing over which the other parameters follow, relative to that for a typical residual."""
STEPS, TOLERANCE = 40, 1e-8
"""Most Newton steps of the other parameters at each width, and the relative decrease at which they end."""
EXCHANGED_STEPS = 80
"""Most Newton steps of a law with exchanged exponents."""
NORMAL_MEDIAN = 1.4826
"""Ratio of the standard deviation to the median absolute value, for normal errors."""


def effective_runs(objective: Objective) -> float:
    """Return how many runs of equal weight would average out noise as well (Kish 1965, Survey Sampling)."""
    return float(1 / np.sum(objective.weight**2))


@may_overflow
def nonlinearity(objective: Objective, minimum: Minimum, exponents: tuple[int, ...], box: Coordinates) -> float:
    """Return how far predictions bend away from straight lines within a few standard errors, relative to the way.

    This is the relative curvature of Bates and Watts (1980, Relative Curvature Measures of Nonlinearity), along the
    principal directions; a law determined well by its runs is well below one. It is infinite if a term has vanished or
    an exponent is at an end of its range: nothing nearby shows whether another one would be better.
    """
    theta = minimum.theta.astype(float)
    at = objective.derivatives(theta)
    free = (theta > box.lower) & (theta < box.upper)
    T = principal_directions(objective, at, free)
    seen = np.sqrt(objective.weight @ at.jacobian**2)
    at_an_end = [index for index in exponents if not free[index] and box.lower[index] < box.upper[index]]
    if at_an_end or np.any(seen[free] < UNSEEN):
        return np.inf
    # Residuals at kinks are zero whatever the noise.
    others = np.delete(at.residuals, minimum.active)
    spread = NORMAL_MEDIAN * np.median(np.abs(others - np.median(others))) if others.size else 0.0
    reach = REACH * float(spread) / np.sqrt(effective_runs(objective))
    if not (reach > 0 and T.size):
        return 0.0
    steps = np.zeros((2 * T.shape[1], len(theta)))
    steps[:, free] = reach * np.concatenate([T.T, -T.T])
    bent = objective.residuals(theta + steps) - at.residuals - steps @ at.jacobian.T
    bends = np.sqrt(bent**2 @ objective.weight) / reach
    return float(np.nan_to_num(bends, nan=np.inf).max())


@may_overflow
def traced(
    objective: Objective,
    minimum: Minimum,
    floors: tuple[int, ...],
    exponents: tuple[int, ...],
    width: float,
    box: Coordinates,
    reach: Reach,
) -> Array:
    """Return laws in which one parameter was moved and held while the others followed, as rows of theta.

    Parameters
    ----------
    floors, exponents : tuple of int
        The parameters to move.
    width : float
        Smoothing width for a typical residual.
    reach : str
        How far exponents are moved: a little (nothing else is moved then), along the valley, or over their whole range.
    """
    theta = minimum.theta.astype(float)
    rows, moved = [], []
    for index in exponents:
        values = _values(theta, index, exponents, reach)
        values = np.unique(np.clip(values, box.lower[index], box.upper[index]))
        rows.append(_profiled(objective, theta, theta, index, exponents, values, width))
        moved += [index] * len(rows[-1])
    for index in floors if reach == "valley" else ():
        values = np.unique(np.clip(np.multiply(RATIOS, max(theta[index], LEAST)), box.lower[index], box.upper[index]))
        rows.append(np.where(np.arange(len(theta)) == index, values[:, None], theta))
        moved += [index] * len(values)
    found = np.concatenate(rows)
    held = np.arange(len(theta)) == np.array(moved)[:, None]
    for share in TRACED_WIDTHS[-1:] if reach == "vicinity" else TRACED_WIDTHS:
        smooth = objective.smoothed(share * width)
        found = np.array([one.theta for one in newton_from_each(smooth, found, box, STEPS, TOLERANCE, held)])
    return found


@may_overflow
def exchanged(objective: Objective, best: Minimum, exponents: tuple[int, ...], width: float, box: Coordinates) -> Array:
    """Return the minimum near theta with its exponents exchanged, over the last width of tracing.

    For runs along a line, either term can stand for the other.
    """
    theta = best.theta.astype(float)
    turned = theta.copy()
    turned[[*exponents]] = theta[[*exponents[::-1]]]
    turned = np.clip(turned, box.lower, box.upper)
    found = _profiled(objective, theta, turned, exponents[0], exponents, turned[[exponents[0]]], width)
    smooth = objective.smoothed(TRACED_WIDTHS[-1] * width)
    (minimum,) = newton_from_each(smooth, found, box, EXCHANGED_STEPS, TOLERANCE)
    return minimum.theta


@may_overflow
def entering(
    objective: Objective,
    minimum: Minimum,
    floors: tuple[int, ...],
    factors: tuple[int, ...],
    exponents: tuple[int, ...],
    box: Coordinates,
) -> Array:
    """Return laws to which a small term was added that decreases the objective, as rows of theta.

    A term that has vanished or is constant has no slope by which it could return. The slope by the size of a term with
    any other exponent follows from the multipliers at the optimum.
    """
    theta = minimum.theta.astype(float)
    at = objective.derivatives(theta)
    push = objective.weight * objective.loss.slope(at.residuals)
    push[minimum.active] = lagrangian(objective, theta, at, minimum.active, box).multiplier
    rows = [np.empty((0, len(theta)))]
    for factor, exponent in zip(factors, exponents, strict=True):
        found = np.tile(theta, (len(ENTERING), 1))
        found[:, factor], found[:, exponent] = 0.0, np.clip(ENTERING, box.lower[exponent], box.upper[exponent])
        column = objective.derivatives(found).jacobian[..., factor]
        slope = column @ push / np.sqrt(column**2 @ objective.weight)
        steepest = int(np.argmin(slope))
        if slope[steepest] < 0:
            size = np.multiply(ENTERING_SIZES, np.abs(at.residuals) @ objective.weight) / column[steepest].max()
            entered = np.tile(found[steepest], (len(size), 1))
            entered[:, factor] = np.log(size)
            # A constant term is an irreducible loss under another name, and stays one.
            entered[:, [*floors]] += objective.weight @ at.jacobian[:, factor]
            rows.append(np.clip(entered, box.lower, box.upper))
    return np.concatenate(rows)


def _values(theta: Array, index: int, exponents: tuple[int, ...], reach: Reach) -> Array:
    """Return the values that an exponent is moved to; those of the others too, because two terms may be exchanged."""
    if reach == "range":
        return WHOLE_RANGE
    near: Array = np.asarray(NEARBY) * theta[index]
    if reach == "vicinity":
        return near
    return np.concatenate([near, np.multiply(RATIOS, theta[index]), WHOLE_RANGE, theta[[*exponents]]])


def _profiled(
    objective: Objective,
    now: Array,
    theta: Array,
    index: int,
    exponents: tuple[int, ...],
    values: Array,
    width: float,
) -> Array:
    """Return laws with one exponent moved, and the linear parameters fitted with the weights of the residuals now."""
    if not isinstance(objective.predictor, Profiling):
        return np.asarray(np.where(np.arange(len(theta)) == index, values[:, None], theta))
    predicted = objective.predictor.at(now).value
    axes = tuple(values if other == index else theta[[other]] for other in exponents)
    weight = reweighted(objective, predicted, width)
    found, _ = objective.predictor.profile(objective.measured, weight, axes)
    return np.asarray(found.reshape(-1, len(theta)))
