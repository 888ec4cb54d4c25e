"""Where increasing functions cross zero, for all elements of an array at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["rising_zero"]

Array = NDArray[Any]

MOST_STEPS = 200
"""More than bisection alone needs for the widest bracket of float64; interpolation takes about ten."""
RESOLUTION = 2 * np.finfo(float).eps
"""Relative width of a bracket that float64 hardly divides any further."""


def rising_zero(function: Callable[[Array], Array], low: Array, high: Array) -> Array:
    """Return where an increasing function crosses zero between two ends, for each element; NaN where it does not.

    The method of Chandrupatla (1997, Advances in Engineering Software 28, 145): inverse quadratic interpolation where
    three points allow it, and bisection elsewhere. Between the ends, a function that is NaN counts as positive.
    """
    last, other = np.asarray(high, dtype=float), np.asarray(low, dtype=float)
    at_last, at_other = function(last), function(other)
    crosses = (at_other <= 0) & (at_last >= 0)
    # The low end is below the zero even where it is the zero.
    below, share = np.array(False), np.array(0.5)
    for _ in range(MOST_STEPS):
        new = last + share * (other - last)
        at_new = np.nan_to_num(function(new), nan=1.0)
        same_side = (at_new < 0) == below
        third, at_third = np.where(same_side, last, other), np.where(same_side, at_last, at_other)
        other, at_other = np.where(same_side, other, last), np.where(same_side, at_other, at_last)
        last, at_last, below = new, at_new, at_new < 0
        with np.errstate(all="ignore"):
            least = RESOLUTION * np.maximum(np.abs(last), np.abs(other)) / np.abs(other - last)
            if np.all((least > 0.5) | (at_last == 0) | ~crosses):
                break
            share = _share(last, other, third, at_last, at_other, at_third)
            share = np.clip(share, np.minimum(least, 0.5), 1 - np.minimum(least, 0.5))
    return np.where(crosses, np.where(np.abs(at_last) <= np.abs(at_other), last, other), np.nan)


def _share(a: Array, b: Array, c: Array, at_a: Array, at_b: Array, at_c: Array) -> Array:
    """Return where between a and b to look next, from 0 to 1: the zero of the inverse parabola, or the middle."""
    x, y = (a - b) / (c - b), (at_a - at_b) / (at_c - at_b)
    parabola = (y**2 < x) & ((1 - y) ** 2 < 1 - x)
    zero = at_a / (at_b - at_a) * at_c / (at_b - at_c)
    zero += (c - a) / (b - a) * at_a / (at_c - at_a) * at_b / (at_c - at_b)
    return np.where(parabola & np.isfinite(zero), zero, 0.5)
