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
from chinchilla_nb.engine.fitting.solver import descend, distinct, optimise, settle
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
LONG, STEPS = 40, 20
"""Most Newton steps at the first and last width, and at each of the others."""
TOLERANCE = 1e-8
"""Relative decrease at which the minimisation at one width ends; the last is finished by another method."""
SAME = 1e-3
"""Largest difference of predictions, relative to a typical residual, between two minima that count as one."""
NARROWER = 0.2
"""Factor from one width of smoothing to the next."""
NARROWEST = 1e-2
"""Smoothing ends at this share of the first width divided by the number of runs, so that hardly a residual is in the
quadratic middle that does not belong there."""
WIDEST = 5.0
"""First width of smoothing, relative to that at which a typical residual is on the edge of the quadratic middle."""
FEWEST = 100
"""Least number of runs that this number is taken to be."""
PROFILED_WIDTHS = (0, 2, 3)
"""Which widths minima of profiles are added at."""
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
    signature: Callable[[Array], Array],
    map: MapFunction = map,
) -> Iterator[Step]:
    """Minimise a built-in loss; the last step holds the result, without a minimum if no start has a finite loss.

    Parameters
    ----------
    starts : ndarray, shape (n, n_parameters)
    exponents : tuple of int
        Which parameters the profiles are taken over.
    signature : callable
        Maps theta to predictions by which two laws are compared.
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
        if lattice is not None and level in PROFILED_WIDTHS:
            profiled = profile_minima(sample.smoothed(width), lattice, exponents, box)
            starts = np.concatenate([profiled[:PROFILED], starts])
        minima = []
        smooth = coarse.smoothed(width)
        work = functools.partial(optimise, smooth, box=box, steps=LONG if level in (0, len(widths) - 1) else STEPS, tolerance=TOLERANCE)
        batches = np.array_split(starts, -(-len(starts) // BATCH))
        for done, found in enumerate((map if level == 0 else builtins.map)(work, batches), 1):
            minima = distinct([*minima, *found], signature, same)
            if minima:
                # These are minima of the smoothed loss; progress reports the loss itself.
                best = Minimum(minima[0].theta, coarse.value(minima[0].theta))
                yield Step("optimising", level * len(starts) + done, len(widths) * len(starts), best, len(minima))
        if not minima:
            return
        starts = np.array([minimum.theta for minimum in minima[: FOLLOWED if level < len(widths) - 2 else FINISHED]])

    finalists = [settle(objective, minimum.theta, box, widths[-1]) for minimum in minima[:FINISHED]]
    best = min(finalists, key=lambda one: float(one.value))
    for done, minimum in enumerate(finalists, 1):
        # A point without certificate may be improved; one that is above the best proven optimum is left.
        if not minimum.converged and (minimum.value <= best.value or not best.converged):
            best = min(best, descend(objective, minimum, box), key=lambda one: float(one.value))
        yield Step("polishing", done, len(finalists), best, len(minima))


def _widths(objective: Objective, theta: Array) -> list[float]:
    """Return the widths of smoothing, from one that covers a typical residual to the loss itself or nearly a kink."""
    if not np.isfinite(objective.loss.upper):
        return [objective.loss.width]
    typical = typical_width(objective, theta)
    widths = [max(WIDEST * typical, objective.loss.width)]
    narrowest = max(objective.loss.width, typical * NARROWEST / max(len(objective.target), FEWEST))
    while widths[-1] > narrowest:
        widths.append(max(widths[-1] * NARROWER, narrowest))
    return widths
