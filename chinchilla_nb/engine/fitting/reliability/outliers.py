"""The warning about runs that lie far off the law, apart from all others: most often they crashed or diverged."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.fitting.problem import Problem
from chinchilla_nb.engine.fitting.reliability.fit_warning import FitWarning
from chinchilla_nb.engine.fitting.reliability.linearised import NORMAL_MEDIAN, Linearised
from chinchilla_nb.engine.sentences import enumerated
from chinchilla_nb.quantity import plain

__all__ = ["check_outliers"]

FARTHEST, FAR = 10.0, 6.0
"""Least errors of the largest outlier and of the others, in standard deviations, which follow from the median error as
for normal errors."""
APART = 2.0
"""Least ratio of the errors of outliers to all others: the tail of one-sided noise is as long, but has no gap."""
MOST = 0.1
"""Largest share of outliers. More than these are not errors of single runs, but another law."""
LEAST_DEVIATION = 1e-4
"""Least standard deviation of relative errors, about to which losses are rounded in tables."""
LISTED = 3
"""Most outliers that the message lists."""


def check_outliers(problem: Problem, near: Linearised) -> Iterator[FitWarning]:
    """Warn about runs whose losses are far off the law, measured by how far most of them are."""
    loss = problem.runs.loss[problem.weights() > 0]
    off = np.abs(loss * near.error)
    found = _outlying(np.log1p(near.error), int(np.count_nonzero(near.free)))
    if not len(found):
        return
    listed = found[:LISTED]
    losses, errors = (enumerated([plain(value) for value in values[listed]]) for values in (loss, off))
    half = plain(np.median(off), 2)
    farthest = ", the farthest," if len(found) > len(listed) else ""
    one = len(found) == 1
    yield FitWarning(
        "outliers",
        f"{'a run lies' if one else f'{len(found)} runs lie'} far off the law: the loss{'' if one else 'es'} {losses}"
        f"{farthest} {'is' if one else 'are'} off by {errors}, and half of all runs by at most {half}",
        f"check {'it' if one else 'them'}, and exclude what crashed or diverged",
    )


def _outlying(error: NDArray[np.float64], n_free: int) -> NDArray[np.intp]:
    """Return the indices of runs with outlying errors, the largest first."""
    n = len(error)
    distance = np.abs(error - np.median(error))
    order = np.argsort(-distance, kind="stable")
    ordered = distance[order]
    # A law may pass through as many runs as it has free parameters, so that the median is that of the others.
    median = ordered[::-1][(n + min(n_free, n - 1)) // 2]
    deviation = max(NORMAL_MEDIAN * median, LEAST_DEVIATION)
    count = min(max(1, int(MOST * n)), n - 1)
    apart = (ordered[:count] > FAR * deviation) & (ordered[:count] > APART * ordered[1 : count + 1])
    if not apart.any() or ordered[0] <= FARTHEST * deviation:
        return order[:0]
    return order[: np.flatnonzero(apart).max() + 1]
