"""Other optima in the valley around one: found by tracing laws along single parameters.

Where the runs determine a law poorly, the objective is a long, curved valley, and the kinks of the residuals make many
optima along it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.fitting.certificate import EXACT
from chinchilla_nb.engine.fitting.newton import Minimum
from chinchilla_nb.engine.fitting.objective import Objective
from chinchilla_nb.engine.fitting.search import NARROW, STEPS, Search
from chinchilla_nb.engine.fitting.solver import lowest
from chinchilla_nb.engine.fitting.tracing import effective_runs, entering, exchanged, nonlinearity, traced

__all__ = ["lower_optima"]

Array = NDArray[Any]

ROUNDS = 4
"""Most rounds of tracing."""
NONLINEAR = 1.0
"""Nonlinearity above which the whole valley is traced."""
NEARLY_LINEAR, FEW_RUNS = 0.1, 40
"""Nonlinearity above which the vicinity is traced, if there are at most so many runs and they have kinks: those of few
runs are so far apart that they make separate optima even in a nearly straight valley."""
NEARBY_WIDTH = 0.0005
"""Width, relative to a typical one, below which smoothing does not merge the optima in the vicinity."""
LONG = 80
FOLLOWED = 24
"""Most minima that are followed from one width to the next."""
GAIN = 1e-10
"""Relative decrease after which a valley is traced once more."""


def lower_optima(search: Search, best: Minimum) -> Iterator[Minimum]:
    """Yield the best optimum so far while tracing the valley around it leads to lower ones."""
    if search.thinned:
        return  # so many runs determine a law well, and tracing them would take long
    for _ in range(ROUNDS):
        bend = 0.0 if best.certificate is EXACT else nonlinearity(search.objective, best, search.exponents, search.box)
        few = (
            search.objective.loss.has_kink and _runs_that_count(search.objective, best.theta.astype(float)) <= FEW_RUNS
        )
        if bend < (NEARLY_LINEAR if few else NONLINEAR):
            return
        before = best
        for found in _traced(search, best, nearby=bend < NONLINEAR):
            best = lowest([best, found])
            yield best
        if not best.value < before.value - GAIN * abs(before.value):
            return


def _runs_that_count(objective: Objective, theta: Array) -> float:
    """Return twice the number of runs on the side of the law where there are fewer, at a quantile of the errors."""
    below, above = objective.loss.branches(objective.residuals(theta), np.arange(len(objective.target)))
    at_minimum = (below < 0) & (above > 0)
    share = np.divide(2 * np.minimum(-below, above), above - below, where=at_minimum, out=np.ones(len(below)))
    return effective_runs(objective) * float(objective.weight @ share)


def _traced(search: Search, best: Minimum, nearby: bool) -> Iterator[Minimum]:
    """Yield optima to which laws traced from the best one lead."""
    starts = traced(search.objective, best, search.floors, search.exponents, search.typical, search.box, nearby)
    if not nearby:
        entered = entering(search.objective, best, search.floors, search.factors, search.exponents, search.box)
        starts = np.concatenate([starts, entered])
    twin = exchanged(search.objective, best, search.exponents, search.typical, search.box)
    starts = np.concatenate([starts, twin[None]])
    minima: list[Minimum] = []
    for width in search.widths_below(NEARBY_WIDTH if nearby else NARROW):
        for steps in (STEPS, LONG):
            *_, minima = search.optimised(search.objective.smoothed(width), starts, steps)
            if not minima:
                return
            minima = search.promising(minima, best)
            if not minima:
                break
            starts = np.array([one.theta for one in minima[:FOLLOWED]])
        if not minima:
            break
    if minima:
        yield from search.finished(minima)
    yield search.finish.hold(twin, best.active)
