"""Fits of losses with derivatives: follow minima of the smoothed loss while its width shrinks, and finish the best exactly.

Over a wide smoothing the loss is nearly a squared error and has few minima; each narrower one shows more of the minima of
the loss itself. At the first widths the minima are joined by those of the profiles over the exponents, so that a basin
that the wide smoothing hides is found too.
"""

from __future__ import annotations

import builtins
import functools
import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.fitting.certificate import EXACT
from chinchilla_nb.engine.fitting.newton import Minimum
from chinchilla_nb.engine.fitting.objective import Objective
from chinchilla_nb.engine.fitting.profiles import Profiles, profiled_lattice, typical_width
from chinchilla_nb.engine.fitting.screening import spread_sample
from chinchilla_nb.engine.fitting.solver import Finish, distinct, optimise
from chinchilla_nb.engine.fitting.valley import exchanged, nonlinearity, traced
from chinchilla_nb.engine.laws.family import Coordinates

__all__ = ["SCREENED_RUNS", "Search", "Step"]

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
PROFILED_WIDTHS = 4
"""Number of widths at which minima of profiles are added."""
PROFILED = 16
"""Most minima of profiles that are added at one width."""
FOLLOWED = 24
"""Most minima that are followed from one width to the next."""
ROUNDS = 4
"""Most rounds in which a valley is traced for other optima."""
NEARLY_LINEAR, NONLINEAR = 0.3, 1.0
"""Nonlinearity below which even a kinked loss has one optimum, and above which the whole valley is traced."""
FEW_RUNS = 100
"""Most runs whose kinks are so far apart that they make separate optima in a nearly straight valley."""
TRACED_GAIN = 1e-10
"""Relative decrease after which a valley is traced once more."""
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


@dataclass(frozen=True, eq=False, slots=True)
class Search:
    """What the search for the minimum of a loss needs.

    Attributes
    ----------
    objective : Objective
        Over all runs, or enough of them to search.
    finish : Finish
        Finds the exact optimum near a minimum of the smoothed loss.
    box : Coordinates
    floors, exponents : tuple of int
        Which parameters are irreducible losses, and which are exponents.
    signature : callable
        Maps theta to predictions by which two laws are compared.
    """

    objective: Objective
    finish: Finish
    box: Coordinates
    floors: tuple[int, ...]
    exponents: tuple[int, ...]
    signature: Callable[[Array], Array]

    def minimise(self, starts: Array, map: MapFunction = map) -> Iterator[Step]:
        """Minimise from starts, rows of theta; the last step holds the result. No step if no start has a finite loss.

        Parameters
        ----------
        map : callable
            Maps the optimiser over batches of starts.
        """
        n_runs = len(self.objective.target)
        sample = self.objective.take(spread_sample(n_runs, SCREENED_RUNS))
        coarse = self.objective.take(spread_sample(n_runs, COARSE_RUNS))
        lattice = profiled_lattice(sample)
        first = lattice.best if lattice is not None else min(starts, key=sample.value)
        widths, same = _widths(coarse, first), SAME * float(np.median(np.abs(sample.residuals(first))))
        profiles = Profiles.along(lattice, self.exponents) if lattice is not None else None
        if lattice is not None:
            starts = np.concatenate([lattice.without_floor, starts])
        minima: list[Minimum] = []
        for level, width in enumerate(widths):
            if profiles is not None and level < PROFILED_WIDTHS:
                profiles = profiles.minimised(sample.smoothed(width), self.box)
                starts = np.concatenate([profiles.minima()[:PROFILED], starts])
            last = level == len(widths) - 1
            steps = LONG if last or level == 0 else STEPS
            minima = []
            for found in self._optimised(coarse.smoothed(width), starts, steps, map if level == 0 else builtins.map):
                minima = distinct([*minima, *found], self.signature, same)
                if minima:
                    # These are minima of the smoothed loss; progress reports the loss itself.
                    best = Minimum(minima[0].theta, coarse.value(minima[0].theta))
                    yield Step("optimising", level, len(widths), best, len(minima))
            if not minima:
                return
            starts = np.array([one.theta for one in minima[: FOLLOWED if level < len(widths) - 2 else FINISHED]])
        best = minima[0]
        for best in self._finished(minima, widths[-1]):
            yield Step("polishing", 0, 1, best, len(minima))
        if n_runs == len(coarse.target):
            for best in self._traced(best, widths, same):
                yield Step("polishing", 0, 1, best, len(minima))

    def _optimised(self, smooth: Objective, starts: Array, steps: int, map: MapFunction) -> Iterable[list[Minimum]]:
        batches = np.array_split(starts, -(-len(starts) // BATCH))
        work = functools.partial(optimise, smooth, box=self.box, steps=steps, tolerance=TOLERANCE)
        yield from map(work, batches)

    def _finished(self, minima: list[Minimum], width: float) -> Iterator[Minimum]:
        """Yield the best minimum of the loss itself so far, from minima of the loss smoothed over a narrow width."""
        finalists = [self.finish.settle(minimum.theta, width) for minimum in minima[:FINISHED]]
        # Runs that follow a law exactly have the same optimum under every loss, which least squares finds most accurately.
        for one in tuple(finalists):
            exact = self.finish.interpolate(one.theta)
            if exact.certificate is EXACT:
                yield exact
                return
            if np.isfinite(exact.value):
                finalists.append(exact)
        best = min(finalists, key=lambda one: float(one.value))
        for minimum in finalists:
            # A point without certificate may be improved; one that is above the best proven optimum is left.
            if not minimum.converged and (minimum.value <= best.value or not best.converged):
                best = min(best, self.finish.descend(minimum), key=lambda one: float(one.value))
            yield best
        yield best

    def _traced(self, best: Minimum, widths: list[float], same: float) -> Iterator[Minimum]:
        """Yield the best minimum so far while tracing the valley around it leads to lower ones."""
        for _ in range(ROUNDS):
            bend = 0.0 if best.certificate is EXACT else nonlinearity(self.objective, best, self.exponents, self.box)
            if bend < (NEARLY_LINEAR if self.objective.loss.has_kink else NONLINEAR):
                return
            before, nearby = best, bend < NONLINEAR
            if nearby and len(self.objective.target) > FEW_RUNS:
                return
            typical = widths[0] / WIDEST
            starts = traced(self.objective, best, self.floors, self.exponents, typical, self.box, nearby)
            minima: list[Minimum] = []
            for width in widths[PROFILED_WIDTHS - 1 :] or widths[-1:]:
                smooth = self.objective.smoothed(width)
                found = itertools.chain.from_iterable(self._optimised(smooth, starts, STEPS, builtins.map))
                minima = distinct(found, self.signature, same)[:FOLLOWED]
                if not minima:
                    return
                starts = np.array([one.theta for one in minima])
            twin = exchanged(self.objective, best, self.exponents, typical, self.box)
            for found_best in (self.finish.hold(twin, best.active), *self._finished(minima, widths[-1])):
                best = min(best, found_best, key=lambda one: float(one.value))
                yield best
            if not best.value < before.value - TRACED_GAIN * abs(before.value):
                return


def _widths(objective: Objective, theta: Array) -> list[float]:
    """Return the widths of smoothing, from one that covers a typical residual to the loss itself or nearly a kink."""
    if objective.loss.is_quadratic:
        return [objective.loss.width]
    typical = typical_width(objective, theta)
    widths = [max(WIDEST * typical, objective.loss.width)]
    narrowest = max(objective.loss.width, typical * NARROWEST / max(len(objective.target), FEWEST))
    while widths[-1] > narrowest:
        widths.append(max(widths[-1] * NARROWER, narrowest))
    return widths
