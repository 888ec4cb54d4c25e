"""Many small least-squares problems in boxes at once, for laws that are linear in some of their parameters."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["box_least_squares"]

Array = NDArray[Any]

RIDGE = 1e-13
"""Added to normal equations whose diagonal is one, so that those of collinear columns can be solved."""
TINY = 1e-300
"""Keeps a column of zeros from dividing."""
LOW, FREE, HIGH = 1, 0, -1
"""Where a variable is: on its lower bound, between its bounds, on its upper bound; the sign that its slope then has."""


def box_least_squares(normal: Array, right: Array, low: Array, high: Array) -> Array:
    """Minimise z^T normal z / 2 - right^T z subject to low <= z <= high, for each problem of a batch.

    Every choice of variables that lie on a bound is tried, because there are few variables, until one satisfies the
    conditions of optimality; rounding may hide them, and then the best choice is taken.

    Parameters
    ----------
    normal : ndarray, shape (..., n, n)
        Positive semidefinite.
    right : ndarray, shape (..., n)
    low, high : ndarray, shape (..., n)
        Bounds; the upper ones may be infinite.

    Returns
    -------
    ndarray, shape (..., n)
    """
    n = normal.shape[-1]
    size = np.sqrt(np.maximum(np.diagonal(normal, axis1=-2, axis2=-1), TINY))
    G = (normal / (size[..., :, None] * size[..., None, :])).reshape(-1, n, n) + RIDGE * np.eye(n)
    c = (right / size).reshape(-1, n)
    low, high = (np.broadcast_to(end * size, right.shape).reshape(-1, n) for end in (low, high))
    best, lowest, left = low.copy(), np.full(len(c), np.inf), np.arange(len(c))
    ends = (FREE, LOW, *([HIGH] if np.isfinite(high).any() else []))
    # In most problems, few variables are on a bound, and hardly any on an upper one.
    choices = sorted(itertools.product(ends, repeat=n), key=lambda one: (one.count(HIGH), one.count(LOW)))
    for picked in choices:
        if not left.size:
            break
        z, value, optimal = _with_ends(np.array(picked), G[left], c[left], low[left], high[left])
        better = optimal | (value < lowest[left])
        best[left[better]], lowest[left[better]] = z[better], value[better]
        left = left[~optimal]
    return np.asarray(best.reshape(right.shape) / size)


def _with_ends(picked: Array, G: Array, c: Array, low: Array, high: Array) -> tuple[Array, Array, Array]:
    """Return minima with the picked variables on a bound, the others clipped, their values, and which are optimal."""
    free = np.flatnonzero(picked == FREE)
    z = np.where(picked == LOW, low, np.where(picked == HIGH, high, 0.0))
    with np.errstate(invalid="ignore", over="ignore"):
        if free.size:
            rest = (c - (G @ z[..., None])[..., 0])[:, free]
            z[:, free] = np.linalg.solve(G[:, free[:, None], free], rest[..., None])[..., 0]
        inside = ((z >= low) & (z <= high)).all(axis=-1)
        z = np.clip(z, low, high)
        slope = (G @ z[..., None])[..., 0] - c
        value = np.sum(z * (slope - c), axis=-1) / 2
        # On a bound, the objective must not decrease towards the inside.
        optimal = inside & ((picked * slope >= 0) | (low == high)).all(axis=-1, where=picked != FREE)
    return z, value, optimal
