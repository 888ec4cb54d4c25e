"""Points of the plane of N and D under a compute convention: those of a ratio, and those of the same budget."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.compute.product import ProductCompute

__all__ = ["at_ratio", "in_proportion", "log_C", "other_D"]

Array = NDArray[Any]

LARGEST_LOG = 709.0
"""Largest logarithm of N: exp(709) is just below the largest float64."""
HALVINGS = 64
"""Bisection steps after which a bracket of twice `LARGEST_LOG` is narrower than float64 resolves."""


def in_proportion(compute: Compute) -> bool:
    """Return whether C is in proportion to N and to D, so that isoFLOP lines have slope -1 and closed forms exist."""
    return isinstance(compute, ProductCompute)


def at_ratio(compute: Compute, C: Any, ratio: Any) -> Any:
    """Return N at which a budget of C FLOPs pays for ``ratio`` tokens per parameter; C and ratio broadcast."""
    if isinstance(compute, ProductCompute):
        return (C / (compute.kappa * ratio)) ** 0.5
    log_ratio, C = np.log(ratio), np.asarray(C, dtype=float)
    shape = np.broadcast_shapes(np.shape(log_ratio), C.shape)
    low, high = np.full(shape, -LARGEST_LOG), np.full(shape, LARGEST_LOG)
    with np.errstate(all="ignore"):
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            # D/N falls along an isoFLOP line, from one side to the other.
            is_below = compute.log_D(C, middle) - middle > log_ratio
            low, high = np.where(is_below, middle, low), np.where(is_below, high, middle)
        return np.exp((low + high) / 2)


def other_D(compute: Compute, N: ArrayLike, D: ArrayLike, factor: ArrayLike) -> Array:
    """Return the tokens on which a model of ``factor`` times N parameters spends what N parameters do on D tokens."""
    N, D, factor = (np.asarray(one, dtype=float) for one in (N, D, factor))
    if in_proportion(compute):
        return np.asarray(D / factor)
    return np.asarray(compute.D(compute.C(N, D), factor * N))


def log_C(compute: Compute, log_N: ArrayLike, log_D: ArrayLike) -> Array:
    """Return the logarithm of C from those of N and D, which may lie beyond float64 in proportion to both."""
    log_N, log_D = np.asarray(log_N, dtype=float), np.asarray(log_D, dtype=float)
    if isinstance(compute, ProductCompute):
        return np.asarray(np.log(compute.kappa) + log_N + log_D)
    with np.errstate(all="ignore"):
        return np.asarray(np.log(compute.C(np.exp(log_N), np.exp(log_D))))
