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


def box_least_squares(normal: Array, right: Array, low: Array, high: Array) -> Array:
    """Minimise z^T normal z / 2 - right^T z subject to low <= z <= high, for each problem of a batch.

    Every choice of variables that lie on a bound is tried, because there are few variables.

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
    G = normal / (size[..., :, None] * size[..., None, :]) + RIDGE * np.eye(n)
    c = right / size
    low, high = np.broadcast_to(low * size, c.shape), np.broadcast_to(high * size, c.shape)
    best, lowest = low, np.full(c.shape[:-1], np.inf)
    ends = [None, low, *([high] if np.isfinite(high).any() else [])]
    for picked in itertools.product(ends, repeat=n):
        free = [i for i in range(n) if picked[i] is None]
        z = np.stack([np.zeros(c.shape[:-1]) if end is None else end[..., i] for i, end in enumerate(picked)], axis=-1)
        with np.errstate(invalid="ignore", over="ignore"):
            if free:
                rest = (c - (G @ z[..., None])[..., 0])[..., free]
                z[..., free] = np.linalg.solve(G[..., free, :][..., free], rest[..., None])[..., 0]
            z = np.clip(z, low, high)
            value = np.sum(z * ((G @ z[..., None])[..., 0] / 2 - c), axis=-1)
        better = value < lowest
        best, lowest = np.where(better[..., None], z, best), np.where(better, value, lowest)
    return np.asarray(best / size)
