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
from chinchilla_nb.figures.thinning import settled, thin

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
    lower : ndarray of int
        Indices of the runs with a lower loss than all of at most their C, by ascending C.
    drawn : ndarray of int
        Indices of the runs to draw, ascending; see `thin`.
    ends : dict of str to list of float
        The lowest and the highest C, N and D; no numbers if there are no runs.
    """

    runs: Runs
    by_compute: NDArray[np.intp]
    losses: NDArray[np.float64]
    lower: NDArray[np.intp]
    drawn: NDArray[np.intp]
    ends: dict[str, list[float]]

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
        C, loss = self.runs.C[self.lower], self.runs.loss[self.lower]
        return polyline(np.append(np.repeat(C, 2)[1:], self.ends["C"][1]), np.repeat(loss, 2))


def run_outline(runs: Runs | RunOutline, before: RunOutline | None = None) -> RunOutline:
    """Return the outline of runs, faster if they begin with those of an outline that is known."""
    if isinstance(runs, RunOutline):
        return runs
    if before is not None and before.runs is runs:
        return before
    if before is None or not runs.begin_with(before.runs):
        before = _without_runs(runs.after(runs))
    count, C = len(before.runs), runs.C
    new = count + np.argsort(C[count:], kind="stable")
    places = np.searchsorted(C[:count], C[new], side="right", sorter=before.by_compute)
    losses = np.sort(runs.loss[count:])
    by_compute = np.insert(before.by_compute, places, new)
    return RunOutline(
        runs,
        read_only(by_compute),
        read_only(np.insert(before.losses, np.searchsorted(before.losses, losses), losses)),
        read_only(_lower(runs, np.append(before.lower, new))),
        read_only(_drawn(runs, by_compute, before)),
        _ends(runs.after(before.runs), before.ends),
    )


def _without_runs(none: Runs) -> RunOutline:
    """Return the outline of no runs."""
    nowhere = np.empty(0, dtype=np.intp)
    return RunOutline(none, nowhere, np.empty(0), nowhere, nowhere, {"C": [], "N": [], "D": []})


def _lower(runs: Runs, among: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return those of some runs with a lower loss than all of these of at most their C, by ascending C."""
    if not len(among):
        return among
    among = among[np.argsort(runs.C[among], kind="stable")]
    lower = among[np.append(True, np.diff(np.minimum.accumulate(runs.loss[among])) < 0)]
    # The last of those with the same C is the lowest of them.
    return np.asarray(lower[np.append(np.diff(runs.C[lower]) > 0, True)])


def _drawn(runs: Runs, by_compute: NDArray[np.intp], before: RunOutline) -> NDArray[np.intp]:
    """Return the runs to draw, faster if those that decide about it are still the same."""
    count = len(before.runs)
    if settled(count) == settled(len(runs)):
        return np.append(before.drawn, np.arange(count, len(runs)))
    return thin(runs.C, runs.N, runs.D, runs.loss, order=by_compute)


def _ends(new: Runs, before: dict[str, list[float]]) -> dict[str, list[float]]:
    """Return the lowest and the highest C, N and D of new runs and of those before."""
    known = {name: np.append(before[name], values) for name, values in (("C", new.C), ("N", new.N), ("D", new.D))}
    return {name: [float(values.min()), float(values.max())] if len(values) else [] for name, values in known.items()}
