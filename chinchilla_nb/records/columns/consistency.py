"""Compute against 6ND: the check that tells one reading of N, D and C from another."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.quantity import rounded

__all__ = ["EXACT", "Agreement", "agreement"]

EXACT = 1.05
"""Factor within which C = 6ND counts as computed from N and D: it covers numbers that were rounded to two digits."""
POSSIBLE = 10.0
"""Factor within which a measured C can differ from 6ND: attention and recomputation add up to a few times 6ND, N
without embeddings is several times smaller in models of a few million parameters."""
STEADY = 4.0
"""Ratio of the largest to the smallest C/6ND among runs of one study."""


class Agreement(NamedTuple):
    """C/6ND among the rows that have all three: its median, smallest and largest."""

    median: float
    least: float
    largest: float

    @property
    def exact(self) -> bool:
        """Whether C is 6ND."""
        return 1 / EXACT <= self.least and self.largest <= EXACT

    @property
    def possible(self) -> bool:
        """Whether C can be compute that was measured or counted in another way."""
        return 1 / POSSIBLE <= self.median <= POSSIBLE and self.largest <= STEADY * self.least

    def __str__(self) -> str:
        if self.exact:
            return "C/6ND is 1" if max(1 / self.least, self.largest) < 1.002 else "C/6ND is 1 within 5 %"
        return f"C/6ND is {rounded(self.median)} ({rounded(self.least)} to {rounded(self.largest)})"


def agreement(N: NDArray[np.float64], D: NDArray[np.float64], C: NDArray[np.float64]) -> Agreement | None:
    """Return how C compares with 6ND; None if no row has all three."""
    with np.errstate(all="ignore"):
        ratio = C / (6 * N * D)
    ratio = ratio[np.isfinite(ratio) & (ratio > 0)]
    return Agreement(float(np.median(ratio)), float(ratio.min()), float(ratio.max())) if ratio.size else None
