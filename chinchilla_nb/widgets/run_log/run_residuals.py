"""Measured minus predicted losses of the runs of the log, of which only those of new runs are computed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.runs import Runs

__all__ = ["RunResiduals", "run_residuals"]

TYPICAL = 0.98
"""Share of the residuals that a full bar exceeds, so that one outlier does not flatten the other bars."""


@dataclass(frozen=True, eq=False, slots=True)
class RunResiduals:
    """Residuals of runs from a law.

    Attributes
    ----------
    runs : Runs
    law : Law
    values : ndarray, shape (n_runs,)
        Measured minus predicted losses.
    sizes : ndarray
        The magnitudes of those that are finite, ascending.
    """

    runs: Runs
    law: Law
    values: NDArray[np.float64]
    sizes: NDArray[np.float64]

    @property
    def typical(self) -> float:
        """The magnitude of a full bar."""
        if not self.sizes.size:
            return 1.0
        place = TYPICAL * (len(self.sizes) - 1)
        beside = self.sizes[int(place) : int(place) + 2]
        return float(np.quantile(beside, place - int(place))) or 1.0


def run_residuals(runs: Runs, law: Law, before: RunResiduals | None = None) -> RunResiduals:
    """Return the residuals of runs, faster if they begin with those of residuals from the law that are known."""
    if before is None or before.law is not law or not runs.begin_with(before.runs):
        before = RunResiduals(runs.after(runs), law, np.empty(0), np.empty(0))
    new = runs.after(before.runs)
    values = new.loss - law.loss(new.N, new.D)
    sizes = np.sort(np.abs(values[np.isfinite(values)]))
    return RunResiduals(
        runs,
        law,
        np.append(before.values, values),
        np.insert(before.sizes, np.searchsorted(before.sizes, sizes), sizes),
    )
