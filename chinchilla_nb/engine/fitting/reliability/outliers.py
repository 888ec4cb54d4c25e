"""The warning about runs that lie far off the law, apart from all others: most often they crashed or diverged."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.fitting.problem import Problem
from chinchilla_nb.engine.fitting.reliability.fit_warning import FitWarning
from chinchilla_nb.engine.fitting.reliability.linearised import Linearised
from chinchilla_nb.engine.fitting.reliability.most_runs import SAME, Misses, misses_of_most
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.engine.sentences import enumerated
from chinchilla_nb.quantity import plain

__all__ = ["check_outliers"]

FARTHEST, FAR = 10.0, 6.0
"""Least errors of the largest outlier and of the others, in standard deviations, which follow from the median error as
for normal errors."""
APART = 3.0
"""Least ratio of the errors of outliers to all others: the tail of one-sided noise is as long, but has no gap."""
FAR_APART = 10.0
"""The same of many runs at an end of N or D that follow a law of their own: a law that bends there misses them too."""
FEW = 0.125
"""Share of the runs up to which outliers need not scatter."""
LISTED = 3
"""Most outliers that the message lists."""


def check_outliers(problem: Problem, near: Linearised) -> Iterator[FitWarning]:
    """Warn about runs whose losses are far off the law that most runs follow, measured by how far most of them are."""
    runs = problem.runs.take(problem.weights() > 0)
    loss, misses = runs.loss, misses_of_most(problem, near)
    found = _outlying(runs, misses)
    if not len(found):
        return
    count = len(found)
    off, one = np.abs(loss * np.expm1(misses.error)), count == 1
    losses, errors = (enumerated([plain(value) for value in values[found[:LISTED]]]) for values in (loss, off))
    farthest = ", the farthest," if count > LISTED else ""
    which = f"the loss {losses} is" if one else f"the losses {losses}{farthest} are"
    yield FitWarning(
        "outliers",
        f"{'a run lies' if one else f'{count} runs lie'} far off the law of most runs: {which} off by {errors}, and "
        f"half of all runs by at most {plain(np.median(off), 2)}",
        f"check {'it' if one else 'them'}, and exclude what crashed or diverged",
    )


def _outlying(runs: Runs, misses: Misses) -> NDArray[np.intp]:
    """Return the indices of runs with outlying errors, the largest first."""
    distance, deviation = misses.distance, misses.deviation
    n, n_free = misses.jacobian.shape
    order = np.argsort(-distance, kind="stable")
    ordered = distance[order]
    # The median of the errors that no parameter follows must not be that of an outlier.
    most = min(max(1, (n - n_free) // 2 - 1), n - 1)
    apart = (ordered[:most] > FAR * deviation) & (ordered[:most] > APART * ordered[1 : most + 1])
    if not apart.any() or ordered[0] <= FARTHEST * deviation:
        return order[:0]
    count = int(np.flatnonzero(apart).max()) + 1
    found = order[:count]
    if count <= max(1, FEW * n) or _scatter(misses, found) > FAR * deviation:
        return found
    far_apart = ordered[count - 1] > FAR_APART * ordered[count]
    return found if far_apart and _at_an_end(runs, found) else order[:0]


def _at_an_end(runs: Runs, found: NDArray[np.intp]) -> bool:
    """Return whether some runs are the smallest or the largest of all, where no others stand beside them."""
    others = np.ones(len(runs), bool)
    others[found] = False
    sizes = (runs.N, runs.D) if runs.has_sizes else (runs.C,)
    return any(np.max(x[found]) < np.min(x[others]) or np.min(x[found]) > np.max(x[others]) for x in sizes)


def _scatter(misses: Misses, found: NDArray[np.intp]) -> float:
    """Return the standard deviation of runs from a law of their own, which runs of another kind follow.

    It is zero for up to as many runs as the law has free parameters, as it can follow any of them.
    """
    jacobian = misses.jacobian[found]
    scale = np.linalg.norm(jacobian, axis=0)
    columns, above = jacobian / np.where(scale > 0, scale, 1.0), np.expm1(-misses.error[found])
    left = above - columns @ np.linalg.lstsq(columns, above, rcond=SAME)[0]
    degrees = len(found) - columns.shape[1]
    return float(np.linalg.norm(left) / np.sqrt(degrees)) if degrees > 0 else 0.0
