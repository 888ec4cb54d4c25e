"""The parabola of an isoFLOP slice: loss against the logarithm of N, near its minimum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.engine.approaches.slices import Slice
from chinchilla_nb.engine.runs import Runs, read_only
from chinchilla_nb.quantity import compact, percent

__all__ = ["FEWEST_SIZES", "NEAR", "Parabola", "Refusal", "Vertices", "fit_parabola", "vertices"]

Array = NDArray[Any]

FEWEST_SIZES = 4
"""Distinct sizes from which on a parabola does not pass through all runs, so that their noise shows."""
FARTHEST = 0.5
"""Relative difference of C up to which the runs of one value of a column are a slice: C counted in another way than the
budgets were, e.g. without embeddings, differs by less, and a column that does not name budgets by far more."""
NEAR = 0.1
"""Relative excess over the lowest loss of a slice up to which runs count as near the minimum. Models that are far too
large for their budget are hardly trained, and their losses leave every parabola: on the sweep of Porian et al. 2024,
whose slices reach losses of twice the lowest, parabolas of all runs give a = 0.514, and of the runs within any limit
from 3 % to 15 % a = 0.495 to 0.501."""
SAME_LOSS = 1e-9
"""Relative difference up to which two losses are equal: on either side of an optimum they differ in rounding only."""


@dataclass(frozen=True, eq=False, slots=True)
class Refusal:
    """A slice without a minimum, and why."""

    slice: Slice
    reason: str

    def __str__(self) -> str:
        return f"{self.slice.name}: {self.reason}"


@dataclass(frozen=True, eq=False, slots=True)
class Vertices:
    """The minima of parabolas, loss + curvature (log N - log_N)^2, shape (m,).

    log_N and loss are NaN where a parabola has no minimum between its sizes.
    """

    log_N: Array
    loss: Array
    curvature: Array


@dataclass(frozen=True, eq=False, slots=True)
class Parabola:
    """The parabola of a slice.

    Attributes
    ----------
    slice : Slice
    runs : ndarray of int, shape (n,)
        Indices of the runs near the minimum, which determine it.
    vertex : Vertices
        Its minimum, m = 1.
    """

    slice: Slice
    runs: NDArray[np.intp]
    vertex: Vertices

    @property
    def N(self) -> float:
        """The size with the lowest loss."""
        return float(np.exp(self.vertex.log_N[0]))

    @property
    def loss(self) -> float:
        """The lowest loss."""
        return float(self.vertex.loss[0])

    def at(self, N: ArrayLike) -> Array:
        """Return the loss of the parabola at sizes."""
        distance = np.log(N) - self.vertex.log_N[0]
        return np.asarray(self.vertex.loss[0] + self.vertex.curvature[0] * distance**2)


def fit_parabola(runs: Runs, one: Slice) -> Parabola | Refusal:
    """Fit the parabola of a slice to its runs near the lowest loss, or return why it has none.

    Near are the runs whose loss is at most 10 % above the lowest, and at least those of the four lowest sizes.
    """
    N = runs.N[one.runs]
    if one.spread > FARTHEST:
        return Refusal(one, f"its C differ by {percent(one.spread)}, and a slice has one budget")
    sizes = len(np.unique(N))
    if sizes < FEWEST_SIZES:
        counted = "1 size" if sizes == 1 else f"{sizes} distinct sizes"
        return Refusal(one, f"it has {counted}, and a parabola needs at least {FEWEST_SIZES}")
    near = one.runs[_near(N, runs.loss[one.runs])]
    found = vertices(np.log(runs.N[near]), runs.loss[near][None])
    if np.isnan(found.log_N[0]):
        unit = np.ptp(np.log(runs.N[near])) / 2
        return Refusal(one, _why(runs.N[near], found.curvature[0] * unit**2 > SAME_LOSS * runs.loss[near].min()))
    return Parabola(one, read_only(near), found)


def vertices(log_N: Array, loss: Array) -> Vertices:
    """Return the minima of the parabolas of least squares through n sizes, for m rows of losses, shape (m, n)."""
    centre, unit = (log_N.max() + log_N.min()) / 2, np.ptp(log_N) / 2
    x = (log_N - centre) / unit
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        c0, c1, c2 = np.linalg.pinv(np.stack([np.ones_like(x), x, x**2], axis=1)) @ loss.T
        at = -c1 / (2 * c2)
        inside = (c2 > SAME_LOSS * loss.min(axis=1)) & (np.abs(at) < 1)
        return Vertices(
            np.where(inside, centre + unit * at, np.nan), np.where(inside, c0 - c2 * at**2, np.nan), c2 / unit**2
        )


def _near(N: Array, loss: Array) -> NDArray[np.bool_]:
    lowest = np.sort([loss[N == size].min() for size in np.unique(N)])
    limit = max(lowest[0] * (1 + NEAR), lowest[FEWEST_SIZES - 1] * (1 + SAME_LOSS))
    return np.asarray(loss <= limit)


def _why(N: Array, rises: bool) -> str:
    """Return why a slice has no interior minimum."""
    between = f"its sizes, {compact(float(N.min()))} to {compact(float(N.max()))}"
    if not rises:
        return f"its parabola has no minimum, because the loss does not rise towards both ends of {between}"
    return f"the minimum of its parabola lies outside {between}"
