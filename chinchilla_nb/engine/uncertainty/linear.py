"""Intervals of quantities that are linear functions of the law near the fit (delta method)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from chinchilla_nb.engine.fitting.reliability.linearised import Linearised
from chinchilla_nb.engine.uncertainty.quantities import Quantities

__all__ = ["gradients", "linear_limits", "standard_errors"]

Array = NDArray[Any]

STEP = 1e-3
"""Step of a difference quotient, in standard errors of the coordinate."""
SHORTEST = 1e-7
"""Shortest step, relative to the coordinate or to one: runs that follow a law exactly leave no standard errors."""


def linear_limits(near: Linearised, covariance: Array, quantities: Quantities, tail: float) -> tuple[Array, Array]:
    """Return the ends of the interval of each quantity, shape (n,), with Student's t, from a covariance of theta.

    A quantity that the fitted law lacks may have any value.
    """
    value = quantities.of(near.law)
    margin = -float(stdtrit(near.scores.degrees, tail)) * standard_errors(near, covariance, quantities)
    with np.errstate(over="ignore", invalid="ignore"):
        low, high = value * np.exp(-margin), value * np.exp(margin)
    low = np.where(quantities.logarithmic, low, np.maximum(value - margin, 0.0))
    high = np.where(quantities.logarithmic, high, value + margin)
    known = np.isfinite(value) & np.isfinite(margin)
    return np.where(known, low, 0.0), np.where(known, high, np.inf)


def standard_errors(near: Linearised, covariance: Array, quantities: Quantities) -> Array:
    """Return the standard error of each quantity, shape (n,), of its logarithm where errors are relative."""
    gradient = gradients(near, quantities)
    return np.asarray(np.sqrt(np.einsum("np,pq,nq->n", gradient, covariance, gradient)))


def gradients(near: Linearised, quantities: Quantities) -> Array:
    """Return the derivatives of the quantities, or of their logarithms, by theta, shape (n, p)."""
    box, theta, free = near.box, near.theta, np.flatnonzero(near.free)
    found = np.zeros((len(quantities.logarithmic), len(theta)))
    for index, size in zip(free, np.sqrt(np.diag(near.covariance))[free], strict=True):
        step = max(STEP * size, SHORTEST * max(abs(theta[index]), 1.0))
        ends = np.clip(theta[index] + step * np.array([-1.0, 1.0]), box.lower[index], box.upper[index])
        at = [_on_scale(quantities, box.law(_moved(theta, index, end))) for end in ends]
        with np.errstate(invalid="ignore"):  # a term that has vanished has no logarithm
            found[:, index] = (at[1] - at[0]) / (ends[1] - ends[0])
    return found


def _moved(theta: Array, index: Any, value: float) -> Array:
    moved = theta.copy()
    moved[index] = value
    return moved


def _on_scale(quantities: Quantities, law: Any) -> Array:
    values = quantities.of(law)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(quantities.logarithmic, np.log(values), values)
