"""Points to draw, either joined by a line or as dots."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.engine.runs import read_only

__all__ = ["NOTHING", "Polyline", "joined", "polyline"]


@dataclass(frozen=True, eq=False, slots=True)
class Polyline:
    """Points in the units of the axes; empty if there is nothing to draw.

    Attributes
    ----------
    x, y : ndarray, shape (n_points,)
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.x)


def polyline(x: ArrayLike, y: ArrayLike) -> Polyline:
    """Return points at these coordinates."""
    return Polyline(read_only(np.array(x, dtype=float)), read_only(np.array(y, dtype=float)))


def joined(parts: Iterable[Polyline]) -> Polyline:
    """Return the points of all parts, one part after another."""
    x, y = zip((np.empty(0), np.empty(0)), *((part.x, part.y) for part in parts), strict=True)
    return polyline(np.concatenate(x), np.concatenate(y))


NOTHING = polyline([], [])
