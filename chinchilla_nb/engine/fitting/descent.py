"""Fits of losses with derivatives: follow minima of the smoothed loss while its width shrinks, and finish exactly.

Over a wide smoothing the loss is nearly a squared error and has few minima; each narrower one shows more of the minima
of the loss itself. At the first widths the minima are joined by those of the profiles over the exponents, so that a
basin that the wide smoothing hides is found too.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.fitting.newton import Minimum, continued, newton
from chinchilla_nb.engine.fitting.profiles import Profiles
from chinchilla_nb.engine.fitting.search import CLOSE, NARROW, STEPS, TOLERANCE, Search
from chinchilla_nb.engine.fitting.valley import lower_optima

__all__ = ["Step", "minimise"]

Array = NDArray[Any]
MapFunction = Callable[..., Iterable[Any]]

LONG, SHORT = 40, 8
"""Most Newton steps at a width that hides minima, and at a narrower one, where a minimum of an envelope needs few."""
PROFILED = 16
"""Most minima of profiles that are added at one width."""
FOLLOWED = 24
"""Most minima that are followed to the next width."""


@dataclass(frozen=True, eq=False, slots=True)
class Step:
    """Progress of a search: how much of a stage is done, the best minimum, and the minima of the smoothed loss."""

    stage: str
    done: int
    total: int
    best: Minimum
    minima: list[Minimum]


def minimise(search: Search, starts: Array, map: MapFunction = builtins.map) -> Iterator[Step]:
    """Minimise from starts, rows of theta; the last step holds the result. No step if no start has a finite loss.

    Parameters
    ----------
    map : callable
        Maps the optimiser over batches of starts.
    """
    minima: list[Minimum] = []
    for share, minima in _followed(search, starts, map):
        # These are minima of the smoothed loss; progress reports the loss itself.
        best = Minimum(minima[0].theta, search.coarse.value(minima[0].theta))
        yield Step("optimising", round(share * len(starts)), len(starts), best, minima)
    if not minima:
        return
    if search.thinned:
        minima = _on_all_runs(search, minima)
    for best in search.finished(minima):
        yield Step("polishing", 0, 1, best, minima)
    for lower in lower_optima(search, best):
        yield Step("polishing", 0, 1, lower, minima)


def _followed(search: Search, starts: Array, map: MapFunction) -> Iterator[tuple[float, list[Minimum]]]:
    """Yield the share of the work that is done, and the minima so far at the current width, the lowest first."""
    profiles = None
    if search.lattice is not None:
        first = search.widths[0]
        profiles = Profiles.along(search.lattice, search.sample, first, search.box, search.exponents, search.floors)
    wider = None
    for level, width in enumerate(search.widths):
        smooth, hides = search.coarse.smoothed(width), width >= search.widths_below(NARROW)[0]
        if wider is not None:
            starts = continued(wider, smooth, starts, search.box)
            profiles = profiles.narrowed(width) if profiles is not None and hides and len(profiles) else None
        if profiles is not None:
            profiles = profiles.below(starts)
            starts = np.concatenate([profiles.minima(starts)[:PROFILED], starts])
        minima: list[Minimum] = []
        steps = LONG if hides else SHORT if smooth.loss.smoothing_lowers else STEPS
        for minima in search.optimised(smooth, starts, steps, map if level == 0 else builtins.map):
            if minima:
                yield level / len(search.widths), minima
        if not minima:
            return
        starts = np.array([one.theta for one in search.promising(minima)[:FOLLOWED]])
        wider = smooth


def _on_all_runs(search: Search, minima: list[Minimum]) -> list[Minimum]:
    """Return the lowest minima over some of the runs, followed over all of them while the width shrinks."""
    minima = [one for one in minima if one.value <= minima[0].value * CLOSE]
    for width in search.widths[1:] or search.widths:
        smooth = search.objective.smoothed(width)
        minima = [newton(smooth, one.theta, search.box, STEPS, TOLERANCE) for one in minima]
    return sorted(minima, key=lambda one: float(one.value))
