"""Losses of iso-loss curves, in steps that a reader can count."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["even_levels"]

MOST = 11
"""Most curves of a chart: more hide its dots."""
LONG_TAIL = 4.0
"""Ratio of the highest loss to the lowest from which steps are even in logarithms: even steps of the loss itself would
leave out nearly all of the chart, because losses fall slowly where they are low."""
PREFERRED = (1.0, 1.25, 1.6, 2.0, 2.5, 3.15, 4.0, 5.0, 6.3, 8.0)
"""Numbers in steps of about a tenth of a decade: the series R10 of ISO 3."""


def even_levels(losses: ArrayLike) -> NDArray[np.float64]:
    """Return up to `MOST` round losses within the range of these, ascending and in even steps; none if all are alike.

    Steps are 1, 2 or 5 times a power of ten, or even in logarithms if the losses have a long tail.
    """
    losses = np.asarray(losses, dtype=float)
    losses = losses[losses > 0]
    if not losses.size:
        return np.empty(0)
    low, high = float(losses.min()), float(losses.max())
    # The axes end at losses that differ only by rounding where the law is constant.
    if high - low <= 1e-9 * high:
        return np.empty(0)
    return _even_ratios(low, high) if high > LONG_TAIL * low else _even_steps(low, high)


def _even_steps(low: float, high: float) -> NDArray[np.float64]:
    exponent = int(np.floor(np.log10((high - low) / MOST)))
    for power in (exponent, exponent + 1):
        for mantissa in (1, 2, 5):
            step = float(f"{mantissa}e{power}")
            first, last = np.ceil(low / step), np.floor(high / step)
            if last - first < MOST:
                # From text, because 3 * 0.1 is not 0.3, which a label would show.
                return np.array([float(f"{k * step:.12g}") for k in np.arange(first, last + 1)])
    return np.empty(0)


def _even_ratios(low: float, high: float) -> NDArray[np.float64]:
    decades = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    numbers = np.array([float(f"{mantissa}e{decade}") for decade in decades for mantissa in PREFERRED])
    for stride in range(1, len(numbers) + 1):
        levels = numbers[::stride]
        levels = levels[(levels >= low) & (levels <= high)]
        if len(levels) <= MOST:
            return levels
    return np.empty(0)
