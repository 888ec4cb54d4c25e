"""Other optima in the valley around one: found by tracing laws along single parameters.

Where the runs determine a law poorly, the objective is a long, curved valley, and the kinks of the residuals make many
optima along it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.fitting.certificate import EXACT
from chinchilla_nb.engine.fitting.kinks import descend_along_kinks
from chinchilla_nb.engine.fitting.lattice import fine_lattice_minima
from chinchilla_nb.engine.fitting.newton import Minimum, continued
from chinchilla_nb.engine.fitting.objective import Objective
from chinchilla_nb.engine.fitting.search import NARROW, Search
from chinchilla_nb.engine.fitting.solver import lowest
from chinchilla_nb.engine.fitting.tracing import Reach, effective_runs, entering, exchanged, nonlinearity, traced

__all__ = ["lower_optima"]

Array = NDArray[Any]

ROUNDS = 4
"""Most rounds of tracing."""
NONLINEAR = 1.0
"""Nonlinearity above which the whole valley is traced."""
KINKED = 0.75
"""Nonlinearity above which the vicinity is traced if the loss has kinks: those of a determined law are below it."""
NEARLY_LINEAR, FEW_RUNS = 0.1, 40
"""The same for kinks of at most so many runs, which are so far apart that they make separate optima even in a nearly
straight valley."""
NEARBY_WIDTH = 0.0005
"""Width, relative to a typical one, below which smoothing does not merge the optima in the vicinity."""
STEPS = 60
"""Most Newton steps at each width: laws that are traced are far from the minima, and one that is given up too early is
lost."""
FOLLOWED = 24
"""Most minima that are followed from one width to the next."""
NARROW_VALLEY = 1e4
"""Ratio of the range of the losses to their mean residual above which a valley is narrow."""
SMALL, DESCENT = 20, 40
"""Most runs with which laws in a narrow valley are traced along the kinks, and most steps of each: with more runs it
takes long."""
GAIN = 1e-10
"""Relative decrease after which a valley is traced once more."""


def lower_optima(search: Search, best: Minimum) -> Iterator[Minimum]:
    """Yield the best optimum so far while searching the valley around it leads to lower ones."""
    if search.thinned:
        return  # so many runs determine a law well, and tracing them would take long
    for number in range(ROUNDS):
        bend = 0.0 if best.certificate is EXACT else nonlinearity(search.objective, best, search.exponents, search.box)
        if bend < _least_nonlinearity(search.objective, best):
            return
        before, nearby = best, bend < NONLINEAR
        ways: list[Callable[[Search, Minimum], Iterator[Minimum]]] = [functools.partial(_traced, nearby=nearby)]
        if not nearby and _is_narrow(search.objective, best):
            ways.append(_along_kinks)
        if number == 0 and not nearby:
            ways.insert(0, _from_fine_lattice)
        for way in ways:
            for found in way(search, best):
                best = lowest([best, found])
                yield best
        if not best.value < before.value - GAIN * abs(before.value):
            return


def _least_nonlinearity(objective: Objective, best: Minimum) -> float:
    """Return the nonlinearity above which there may be other optima."""
    if not objective.loss.has_kink:
        return NONLINEAR
    return NEARLY_LINEAR if _runs_that_count(objective, best.theta.astype(float)) <= FEW_RUNS else KINKED


def _runs_that_count(objective: Objective, theta: Array) -> float:
    """Return twice the number of runs on the side of the law where there are fewer, at a quantile of the errors."""
    below, above = objective.loss.branches(objective.residuals(theta), np.arange(len(objective.target)))
    at_minimum = (below < 0) & (above > 0)
    share = np.divide(2 * np.minimum(-below, above), above - below, where=at_minimum, out=np.ones(len(below)))
    return effective_runs(objective) * float(objective.weight @ share)


def _from_fine_lattice(search: Search, best: Minimum) -> Iterator[Minimum]:
    """Yield optima to which a finer lattice leads: along a valley, few nodes of a lattice are near the minima."""
    starts = fine_lattice_minima(search.sample, search.box, search.exponents)
    starts = np.concatenate([starts, _exchanged(search, best)[None]])
    yield from search.finished(_followed(search, best, starts, search.widths))


def _traced(search: Search, best: Minimum, nearby: bool) -> Iterator[Minimum]:
    """Yield optima to which laws traced from the best one lead."""
    starts = _moved(search, best, "vicinity" if nearby else "valley")
    if not nearby:
        entered = entering(search.objective, best, search.floors, search.factors, search.exponents, search.box)
        starts = np.concatenate([starts, entered])
    twin = _exchanged(search, best)
    starts = np.concatenate([starts, twin[None]])
    widths = search.widths_below(NEARBY_WIDTH if nearby else NARROW)
    yield from search.finished(_followed(search, best, starts, widths))
    yield search.finish.hold(twin, best.active)


def _is_narrow(objective: Objective, best: Minimum) -> bool:
    """Return whether few runs of a kinked loss make a valley that is too narrow for Newton's method when smoothed.

    Where the losses range over orders of magnitude, the law must pass between the largest within far less.
    """
    if not objective.loss.has_kink or len(objective.target) > SMALL:
        return False
    mean = float(objective.weight @ np.abs(objective.residuals(best.theta.astype(float))))
    return float(np.ptp(objective.target)) > NARROW_VALLEY * mean


def _along_kinks(search: Search, best: Minimum) -> Iterator[Minimum]:
    """Yield the lowest optimum that laws with any exponent lead to along the kinks of the loss itself."""
    objective = search.objective
    starts = [Minimum(theta, objective.value(theta)) for theta in _moved(search, best, "range")]
    found = lowest(descend_along_kinks(objective, start, search.box, DESCENT) for start in starts)
    yield search.finish.hold(found.theta, found.active)


def _moved(search: Search, best: Minimum, reach: Reach) -> Array:
    return traced(search.objective, best, search.floors, search.exponents, search.typical, search.box, reach)


def _exchanged(search: Search, best: Minimum) -> Array:
    return exchanged(search.objective, best, search.exponents, search.typical, search.box)


def _followed(search: Search, best: Minimum, starts: Array, widths: tuple[float, ...]) -> list[Minimum]:
    """Return minima over the last width that are followed from starts and may lead below the best optimum."""
    minima: list[Minimum] = []
    wider = None
    for width in widths:
        smooth = search.objective.smoothed(width)
        if wider is not None:
            starts = continued(wider, smooth, starts, search.box)
        *_, minima = search.optimised(smooth, starts, STEPS)
        minima = search.promising(minima, float(best.value))[:FOLLOWED]
        if not minima:
            break
        starts, wider = np.array([one.theta for one in minima]), smooth
    return minima
