"""Fits of the built-in losses: follow minima of the smoothed loss while its width shrinks, and finish the best exactly.

Over a wide smoothing the loss is nearly a squared error and has few minima; each narrower one shows more of the minima of
the loss itself. At the first widths the minima are joined by those of the profiles over the exponents, so that a basin
that the wide smoothing hides is found too.
"""

from __future__ import annotations

import builtins
import functools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.fitting.newton import Minimum
from chinchilla_nb.engine.fitting.objective import Objective
from chinchilla_nb.engine.fitting.profiles import Lattice, profile_minima, profiled_lattice, typical_width
from chinchilla_nb.engine.fitting.screening import spread_sample
from chinchilla_nb.engine.fitting.solver import distinct, optimise
from chinchilla_nb.engine.laws.family import Coordinates

__all__ = ["SCREENED_RUNS", "Step", "minimise"]

Array = NDArray[Any]
MapFunction = Callable[..., Iterable[Any]]

SCREENED_RUNS = 512
"""Number of runs that starts are chosen on; more would not change which starts are promising."""
COARSE_RUNS = 4096
"""Number of runs that each promising start is optimised on; the best optima are then finished on all runs."""
BATCH = 32
"""Number of starts that are optimised together."""
STEPS, CONVERGED_STEPS = 20, 400
"""Most Newton steps at one of several widths, and at the only one."""
SAME = 1e-3
"""Largest difference of predictions, relative to a typical residual, between two minima that count as one."""
NARROWER = 0.2
"""Factor from one width of smoothing to the next."""
NARROWEST = 1e-2
"""Smoothing ends at this share of the first width divided by the number of runs, so that hardly a residual is in the
quadratic middle that does not belong there."""
FEWEST = 100
"""Least number of runs that this number is taken to be."""
PROFILED_WIDTHS = 3
"""Number of widths at which minima of profiles are added."""
PROFILED = 16
"""Most minima of profiles that are added at one width."""
FOLLOWED = 24
"""Most minima that are followed from one width to the next."""
FINISHED = 8
"""Most optima that are finished exactly."""


@dataclass(frozen=True, eq=False, slots=True)
class Step:
    """Progress of a search: how much of a stage is done, the best minimum, and the number of distinct minima."""

    stage: str
    done: int
    total: int
    best: Minimum
    optima: int


def minimise(
    objective: Objective,
    starts: Array,
    exponents: tuple[int, ...],
    box: Coordinates,
    finish: Callable[[Array, float], Minimum],
    map: MapFunction = map,
) -> Iterator[Step]:
    """Minimise a loss; the last step holds the result, and there is none if no start has a finite loss.

    Parameters
    ----------
    starts : ndarray, shape (n, n_parameters)
    exponents : tuple of int
        Which parameters the profiles are taken over.
    finish : callable
        Finds the exact optimum near theta, a minimum of the loss smoothed over a width.
    map : callable
        Maps the optimiser over batches of starts.
    """
    sample = objective.take(spread_sample(len(objective.target), SCREENED_RUNS))
    coarse = objective.take(spread_sample(len(objective.target), COARSE_RUNS))
    lattice = profiled_lattice(sample)
    first = lattice.best if lattice is not None else min(starts, key=sample.value)
    widths = _widths(coarse, first)
    same = SAME * float(np.median(np.abs(sample.residuals(first))))
    minima: list[Minimum] = []
    for level, width in enumerate(widths):
        if lattice is not None and level < PROFILED_WIDTHS:
            profiled = profile_minima(sample.smoothed(width), lattice, exponents, box)
            starts = np.concatenate([profiled[:PROFILED], starts])
        minima = []
        smooth = coarse.smoothed(width)
        work = functools.partial(optimise, smooth, box=box, steps=STEPS if len(widths) > 1 else CONVERGED_STEPS)
        batches = np.array_split(starts, -(-len(starts) // BATCH))
        for done, found in enumerate((map if level == 0 else builtins.map)(work, batches), 1):
            minima = distinct(smooth, [*minima, *found], same)
            if minima:
                # These are minima of the smoothed loss; progress reports the loss itself.
                best = Minimum(minima[0].theta, coarse.value(minima[0].theta))
                yield Step("optimising", level * len(starts) + done, len(widths) * len(starts), best, len(minima))
        if not minima:
            return
        starts = np.array([minimum.theta for minimum in minima[:FOLLOWED]])

    best = Minimum(minima[0].theta, np.inf)
    for done, minimum in enumerate(minima[:FINISHED], 1):
        # The smoothed loss is a lower bound of the loss: an optimum whose smoothed loss exceeds the best is skipped.
        if minimum.value - objective.loss.accuracy * abs(minimum.value) < best.value:
            best = min(best, finish(minimum.theta, widths[-1]), key=lambda one: float(one.value))
        yield Step("polishing", done, len(minima), best, len(minima))


def _widths(objective: Objective, theta: Array) -> list[float]:
    """Return the widths of smoothing, from one that covers a typical residual to the loss itself or nearly a kink."""
    if objective.loss.is_quadratic:
        return [objective.loss.width]
    widths = [typical_width(objective, theta)]
    narrowest = max(objective.loss.width, widths[0] * NARROWEST / max(len(objective.target), FEWEST))
    while widths[-1] > narrowest:
        widths.append(max(widths[-1] * NARROWER, narrowest))
    return widths
