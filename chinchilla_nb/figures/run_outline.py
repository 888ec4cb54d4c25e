"""What charts take from all of their runs: which of them to draw, the envelope, and the ends and median of the losses.

Charts of runs that grow draw as many dots as before, but which ones they are follows from all runs. An outline is made
from that of the runs before the last were appended: these are put in their places among the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.runs import Runs, read_only
from chinchilla_nb.figures.colours import LossScale, loss_scale, loss_scale_between
from chinchilla_nb.figures.polyline import Polyline, polyline
from chinchilla_nb.figures.thinning import thin

__all__ = ["RunOutline", "run_outline"]


@dataclass(frozen=True, eq=False)
class RunOutline:
    """Runs in two orders, and what charts take from them.

    Attributes
    ----------
    runs : Runs
    by_compute : ndarray of int, shape (n_runs,)
        Their indices by ascending C; runs with the same C stay in their order.
    losses : ndarray, shape (n_runs,)
        Their losses, ascending.
    """

    runs: Runs
    by_compute: NDArray[np.intp]
    losses: NDArray[np.float64]

    @cached_property
    def drawn(self) -> NDArray[np.intp]:
        """Indices of the runs to draw, ascending; see `thin`."""
        runs = self.runs
        return read_only(thin(runs.C, runs.N, runs.D, runs.loss, order=self.by_compute))

    @property
    def ends(self) -> dict[str, list[float]]:
        """The lowest and the highest C, N and D; no numbers if there are no runs."""
        named = (("C", self.runs.C), ("N", self.runs.N), ("D", self.runs.D))
        return {name: [float(values.min()), float(values.max())] if len(values) else [] for name, values in named}

    @cached_property
    def loss_scale(self) -> LossScale:
        """The colours of the losses."""
        losses, middle = self.losses, len(self.losses) // 2
        if not len(losses):
            return loss_scale(losses)
        median = losses[middle] if len(losses) % 2 else np.mean(losses[middle - 1 : middle + 1])
        return loss_scale_between(float(losses[0]), float(median), float(losses[-1]))

    @cached_property
    def envelope(self) -> Polyline:
        """The lowest loss up to each compute as a step function, with a step at every run that is lower."""
        C, loss = self.runs.C[self.by_compute], self.runs.loss[self.by_compute]
        lower = np.flatnonzero(np.append(True, np.diff(np.minimum.accumulate(loss)) < 0))
        # The last of those with the same C is the lowest of them.
        lower = lower[np.append(np.diff(C[lower]) > 0, True)]
        x = np.append(np.repeat(C[lower], 2)[1:], C[-1])
        return polyline(x, np.repeat(loss[lower], 2))


def run_outline(runs: Runs | RunOutline, before: RunOutline | None = None) -> RunOutline:
    """Return the outline of runs, faster if they begin with those of an outline that is known."""
    if isinstance(runs, RunOutline):
        return runs
    if before is not None and before.runs is runs:
        return before
    if before is None or not runs.begin_with(before.runs):
        before = RunOutline(runs.take(np.arange(0)), np.empty(0, dtype=np.intp), np.empty(0))
    count, C = len(before.runs), runs.C
    new = count + np.argsort(C[count:], kind="stable")
    places = np.searchsorted(C[:count], C[new], side="right", sorter=before.by_compute)
    losses = np.sort(runs.loss[count:])
    return RunOutline(
        runs,
        read_only(np.insert(before.by_compute, places, new)),
        read_only(np.insert(before.losses, np.searchsorted(before.losses, losses), losses)),
    )
