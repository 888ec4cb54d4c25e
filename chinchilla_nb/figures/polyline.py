"""Points to draw, either joined by a line or as dots."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.engine.runs import read_only

__all__ = ["NOTHING", "Polyline", "polyline"]


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


NOTHING = polyline([], [])
