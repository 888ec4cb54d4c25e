"""Approach 1: the runs of lowest loss for their compute, and power laws through them.

Hoffmann et al. 2022, section 3.1, take training curves and find the run of lowest loss at 1,500 budgets. Here a run is
a point, so that the same run is the lowest over the whole way to the next one: each counts once, at its own compute,
which is what ever more budgets would find. A run is on the envelope if no run of at most its compute has a lower loss,
where budgets within the tolerance of slices count as equal. A table that keeps checkpoints as rows has all of them as
points.

Intervals come from a bootstrap of the runs [Efron 1979], each of which finds its own envelope.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.approaches.frontier_estimate import FrontierEstimate
from chinchilla_nb.engine.approaches.power_laws import FEWEST_FOR_LOSS, PowerLaws
from chinchilla_nb.engine.cancellation import cancellation_point
from chinchilla_nb.engine.errors import FitError
from chinchilla_nb.engine.runs import Runs, read_only

__all__ = ["Envelope", "fit_envelope"]

Array = NDArray[Any]

FEWEST_RUNS = 3
"""Runs on the envelope from which on a line through them is not an interpolation."""
BLOCK = 1 << 21
"""Numbers computed at once, which bounds memory for many runs."""


@dataclass(frozen=True, eq=False, slots=True)
class Envelope:
    """The runs on the lower envelope of loss over compute, and the frontier through them.

    Attributes
    ----------
    runs : ndarray of int, shape (n,), read-only
        Indices of the runs on the envelope, by compute.
    estimate : FrontierEstimate
    """

    runs: NDArray[np.intp]
    estimate: FrontierEstimate

    @property
    def notes(self) -> tuple[str, ...]:
        """What limits this approach, in sentences without a full stop."""
        found, draws = [], len(self.estimate.draws.a)
        if self.estimate.failed:
            found.append(
                f"{self.estimate.failed:,} of {draws:,} resamples have fewer than {FEWEST_RUNS} runs on the envelope"
            )
        if len(self.runs) < FEWEST_FOR_LOSS:
            found.append(f"the lowest loss at a budget needs {FEWEST_FOR_LOSS} runs on the envelope")
        return tuple(found)


def fit_envelope(runs: Runs, tolerance: float, draws: int, rng: np.random.Generator) -> Envelope:
    """Find the runs on the envelope and the frontier through them, with resamples of the runs.

    Raises
    ------
    FitError
        If fewer than three runs are on the envelope.
    """
    by_C = np.argsort(runs.C, kind="stable")
    ordered = runs.take(by_C)
    on = _on_envelope(ordered, np.ones((1, len(runs)), dtype=bool), tolerance)
    if on.sum() < FEWEST_RUNS:
        rule = f"needs {FEWEST_RUNS} runs, each of lower loss than all runs of less compute"
        raise FitError("the envelope", rule, got=str(int(on.sum())), remedy="train runs at more budgets")
    rows = max(1, BLOCK // len(runs))
    parts = []
    for first in range(0, draws, rows):
        cancellation_point()
        size = min(rows, draws - first)
        drawn = np.zeros((size, len(runs)), dtype=bool)
        np.put_along_axis(drawn, rng.integers(len(runs), size=(size, len(runs))), True, axis=1)
        parts.append(_places(_on_envelope(ordered, drawn, tolerance)))
    most = max(part.shape[1] for part in parts)
    places = np.concatenate([np.pad(part, ((0, 0), (0, most - part.shape[1])), constant_values=-1) for part in parts])
    estimate = FrontierEstimate(_laws(ordered, _places(on)), _laws(ordered, places))
    return Envelope(read_only(by_C[on[0]]), estimate)


def _on_envelope(runs: Runs, drawn: NDArray[np.bool_], tolerance: float) -> NDArray[np.bool_]:
    """Return which of the runs of each row are on the envelope, for runs ordered by compute, shape (m, n_runs)."""
    loss = np.where(drawn, runs.loss, np.inf)
    before = np.concatenate([np.full((len(loss), 1), np.inf), np.minimum.accumulate(loss, axis=1)[:, :-1]], axis=1)
    # The first of the runs with the lowest loss so far.
    lowest = np.maximum.accumulate(np.where(loss < before, np.arange(len(runs)), -1), axis=1)
    as_cheap = np.searchsorted(runs.C, runs.C * (1 + tolerance), side="right") - 1
    return np.asarray(drawn & (lowest[:, as_cheap] == np.arange(len(runs))))


def _places(on: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the places of the true values of each row, by column; -1 where a row has fewer than others."""
    order = np.argsort(~on, axis=1, kind="stable")[:, : int(on.sum(axis=1).max())]
    return np.where(np.take_along_axis(on, order, axis=1), order, -1)


def _laws(runs: Runs, places: NDArray[np.intp]) -> PowerLaws:
    """Return the power laws through the runs at places, shape (m, k), where -1 is none."""
    known = (places >= 0) & ((places >= 0).sum(axis=1) >= FEWEST_RUNS)[:, None]
    log_C, log_N, log_D, loss = (
        np.where(known, values[places], np.nan)
        for values in (np.log(runs.C), np.log(runs.N), np.log(runs.D), runs.loss)
    )
    return PowerLaws.through(np.where(known, log_C, 0.0), log_N, log_D, loss, float(np.log(runs.C).mean()))
