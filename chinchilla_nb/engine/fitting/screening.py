"""The objective at every start of the grid."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.fitting.objective import Objective
from chinchilla_nb.engine.fitting.overflow import may_overflow
from chinchilla_nb.engine.laws.family import Coordinates, Screening
from chinchilla_nb.engine.laws.starts import StartGrid

__all__ = ["SCREENED_RUNS", "screen", "spread_sample"]

Array = NDArray[Any]

SCREENED_RUNS = 512
"""Number of runs that starts are chosen on; more would not change which starts are promising."""
BLOCK = 1 << 14
"""Losses predicted in one block, few enough for the cache; a fit can be stopped between two blocks."""


def spread_sample(n_runs: int, size: int) -> Array:
    """Return up to `size` indices spread evenly over the runs."""
    return np.unique(np.linspace(0, n_runs - 1, min(n_runs, size)).round().astype(int))


@may_overflow
def screen(objective: Objective, starts: StartGrid, coordinates: Coordinates) -> Array:
    """Return the objective at every start, shape (n_starts,); infinity where it overflows."""
    if isinstance(objective.predictor, Screening):
        values = objective.predictor.screen(starts, objective.value_of)
    else:
        rows = max(1, BLOCK // len(objective.target))
        theta = coordinates.theta(starts.points())
        values = np.concatenate([objective.value(theta[i : i + rows]) for i in range(0, len(theta), rows)])
    return np.where(np.isfinite(values), values, np.inf)
