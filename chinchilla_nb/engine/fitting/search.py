"""What the search for the minimum of a loss works with, and the steps that its stages share."""

from __future__ import annotations

import builtins
import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.fitting.certificate import EXACT
from chinchilla_nb.engine.fitting.lattice import Lattice, profiled_lattice
from chinchilla_nb.engine.fitting.newton import Minimum
from chinchilla_nb.engine.fitting.objective import Objective
from chinchilla_nb.engine.fitting.screening import SCREENED_RUNS, spread_sample
from chinchilla_nb.engine.fitting.smoothing import smoothing_widths, typical_width
from chinchilla_nb.engine.fitting.solver import Finish, distinct, lowest, optimise
from chinchilla_nb.engine.laws.family import Coordinates
from chinchilla_nb.engine.mapping import mapped

__all__ = ["CLOSE", "NARROW", "STEPS", "TOLERANCE", "Search", "places_of"]

Array = NDArray[Any]
MapFunction = Callable[..., Iterable[Any]]

COARSE_RUNS = 4096
"""Number of runs that each promising start is optimised on; the best optima are then finished on all runs."""
BATCH = 32
"""Number of starts that are optimised together."""
STEPS = 20
"""Most Newton steps at one width of smoothing."""
TOLERANCE = 1e-8
"""Relative decrease at which the minimisation at one width ends; another method finishes the last one."""
NARROW = 0.02
"""Width, relative to a typical one, below which smoothing no longer hides a minimum of the loss itself."""
SAME = 1e-3
"""Largest difference of predictions, relative to a typical residual, between two minima that count as one."""
MARGIN = 1.0
"""How far above the lowest law known a minimum of the smoothed loss may be to be followed, relative to how far below it
the lowest such minimum is: minimisations end before the last digits."""
CLOSE = 1.001
"""Ratio to the lowest law known up to which a minimum may be followed in any case; so much lower may be a minimum over
all runs, relative to that over some of them."""
FINISHED = 16
"""Most optima that are finished exactly."""


def places_of(kind: str, kinds: Sequence[str]) -> tuple[int, ...]:
    """Return which parameters are of a kind, given the kind of each."""
    return tuple(index for index, one in enumerate(kinds) if one == kind)


@dataclass(frozen=True, eq=False, slots=True)
class Search:
    """What the search for the minimum of a loss works with.

    Attributes
    ----------
    objective : Objective
        Over all runs, or enough of them to search.
    finish : Finish
        Finds the exact optimum near a minimum of the smoothed loss.
    sample, coarse : Objective
        Over the runs that starts are chosen on, and over those that promising starts are optimised on.
    box : Coordinates
    floors, factors, exponents : tuple of int
        Which parameters are irreducible losses, factors and exponents; factors in the order of their exponents.
    signature : callable
        Maps theta to predictions by which two laws are compared.
    lattice : Lattice or None
        Laws at a lattice of exponents; None if the law cannot be profiled.
    widths : tuple of float
        Widths of smoothing, the widest first.
    typical : float
        The width at which a typical residual is on the edge of the quadratic middle.
    same : float
        Largest difference of signatures between two minima that count as one.
    """

    objective: Objective
    finish: Finish
    sample: Objective
    coarse: Objective
    box: Coordinates
    floors: tuple[int, ...]
    factors: tuple[int, ...]
    exponents: tuple[int, ...]
    signature: Callable[[Array], Array]
    lattice: Lattice | None
    widths: tuple[float, ...]
    typical: float
    same: float

    @property
    def thinned(self) -> bool:
        """Whether there are so many runs that promising starts are optimised on some of them only."""
        return len(self.coarse.target) < len(self.objective.target)

    @classmethod
    def of(
        cls,
        objective: Objective,
        finish: Finish,
        box: Coordinates,
        kinds: Sequence[str],
        signature: Callable[[Array], Array],
        starts: Array,
    ) -> Search:
        """Prepare the search; `kinds` are those of the parameters, and `starts` rows of theta."""
        n_runs = len(objective.target)
        sample = objective.take(spread_sample(n_runs, SCREENED_RUNS))
        coarse = objective.take(spread_sample(n_runs, COARSE_RUNS))
        lattice = profiled_lattice(sample)
        first = lattice.best if lattice is not None else min(starts, key=sample.value)
        return cls(
            objective=objective,
            finish=finish,
            sample=sample,
            coarse=coarse,
            box=box,
            floors=places_of("floor", kinds),
            factors=places_of("factor", kinds),
            exponents=places_of("exponent", kinds),
            signature=signature,
            lattice=lattice,
            widths=smoothing_widths(coarse, first, box),
            typical=typical_width(coarse, first),
            same=SAME * float(np.median(np.abs(sample.residuals(first)))),
        )

    def widths_below(self, share: float) -> tuple[float, ...]:
        """Return the widths below a share of the typical one, or the last width if there is none."""
        return tuple(width for width in self.widths if width < share * self.typical) or self.widths[-1:]

    def optimised(
        self, smooth: Objective, starts: Array, steps: int = STEPS, map: MapFunction = builtins.map
    ) -> Iterator[list[Minimum]]:
        """Yield the distinct minima found so far, the lowest first, after each batch of starts."""
        batches = np.array_split(starts, -(-len(starts) // BATCH))
        work = functools.partial(optimise, smooth, box=self.box, steps=steps, tolerance=TOLERANCE)
        minima: list[Minimum] = []
        # The minima of a narrower loss are closer to each other.
        same = self.same * min(1.0, (smooth.loss.width / self.typical) ** 0.5)
        for found in mapped(map, work, batches):
            minima = distinct([*minima, *found], self.signature, same)
            yield minima

    def promising(self, minima: list[Minimum], known: float = np.inf) -> list[Minimum]:
        """Return the minima of a smoothed loss that may lead below all laws known, or the lowest one.

        Where a smoothed loss is nowhere above the loss itself, its minimum is a lower limit of the objective nearby.

        Parameters
        ----------
        known : float
            The objective of the best law known.
        """
        if not minima or not self.coarse.loss.smoothing_lowers:
            return minima
        limit = min(known, *(float(self.coarse.value(one.theta)) for one in minima))
        limit = CLOSE * limit + MARGIN * max(limit - float(minima[0].value), 0.0)
        return [one for one in minima if one.value <= limit] or minima[:1]

    def finished(self, minima: list[Minimum]) -> Iterator[Minimum]:
        """Yield the best minimum of the loss itself so far, from minima of the loss smoothed over the last width."""
        if not minima:
            return
        finalists = [(self.finish.settle(one.theta, self.widths[-1]), one.value) for one in minima[:FINISHED]]
        for one, least in tuple(finalists):
            exact = self.finish.interpolate(one.theta)
            if exact is None:
                continue
            if exact.certificate is EXACT:
                yield exact
                return
            finalists.append((exact, least))
        best = lowest(one for one, _ in finalists)
        yield best
        lowers = self.objective.loss.smoothing_lowers
        for one, least in finalists:
            # A point without certificate may be improved, unless the minimum of the smoothed loss there is too high.
            limit = least if lowers else one.value
            if not one.converged and (limit <= best.value or not best.converged):
                best = lowest([best, self.finish.descend(one)])
                yield best
