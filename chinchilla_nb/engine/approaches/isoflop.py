"""Approach 2: the minimum of a parabola for each isoFLOP slice, and power laws through these minima.

The loss of a slice is fitted by a parabola in log N [Hoffmann et al. 2022, section 3.2], here of the runs near its
minimum, whose loss is at most 10 % above the lowest. On the sweep of Porian et al. 2024 (RefinedWeb, tuned) this gives
a = 0.498. They interpolate the losses of each slice (Akima), take the median minimum over resamples with added noise,
and weight each slice by the variance of log N*: 0.497, between 0.491 and 0.505. What both have in common is that models
far from the optimum do not move it; parabolas of all runs give 0.514.

Intervals come from a bootstrap of the errors of the runs [Freedman 1981]: each run keeps its N and gets the relative
error of a random run about its parabola, enlarged by sqrt(n / (n - 3)) for the three parameters that the n runs of a
slice determine. The errors of all slices are drawn from together, because one slice has few. A bootstrap of the runs
themselves fails on slices of five to ten sizes: resamples that lack the runs of one side have minima far off, so that
nominal 95 % intervals of a contain it in 97 to 100 % of studies and are up to 2.4 times as wide; with random weights of
the runs they contain it in 77 to 86 %. Those of errors do so in 95 to 98 % (tests/benchmarks/slice_coverage.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.approaches.frontier_estimate import FrontierEstimate, percentiles
from chinchilla_nb.engine.approaches.parabola import Parabola, Refusal, Vertices, fit_parabola, vertices
from chinchilla_nb.engine.approaches.power_laws import FEWEST_FOR_LOSS, PowerLaws
from chinchilla_nb.engine.approaches.slices import Slices
from chinchilla_nb.engine.errors import FitError
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.engine.uncertainty.interval import Interval, tail_of
from chinchilla_nb.quantity import scientific

__all__ = ["IsoFlop", "fit_isoflop", "laws_through"]

Array = NDArray[Any]

PARABOLA = 3
"""Parameters of a parabola."""
FEWEST_SLICES = 2
"""Minima that determine a line."""
LEAST_APART = 1e-9
"""Relative difference up to which two budgets differ in rounding only."""
MOST_NAMED = 3
"""Refused slices that a message names."""


@dataclass(frozen=True, eq=False, slots=True)
class IsoFlop:
    """The minima of isoFLOP slices, and the frontier through them.

    Attributes
    ----------
    slices : Slices
        All slices that were found.
    parabolas : tuple of Parabola
        Of the slices with a minimum, by compute.
    refused : tuple of Refusal
        The other slices, with the reason.
    drawn : tuple of Vertices
        The minima of each slice in the resamples; NaN in a resample without one.
    estimate : FrontierEstimate
    """

    slices: Slices
    parabolas: tuple[Parabola, ...]
    refused: tuple[Refusal, ...]
    drawn: tuple[Vertices, ...]
    estimate: FrontierEstimate

    def minima(self, level: float = 0.95) -> dict[str, Interval]:
        """Return N* and the lowest loss of each slice with their intervals, by the names N and loss, shape (n_slices,).

        Raises
        ------
        InputError
            If the level is not between 0 and 1.
        """
        tail = tail_of(level)
        N, loss = np.exp([one.log_N for one in self.drawn]), np.array([one.loss for one in self.drawn])
        return {
            "N": Interval(np.array([one.N for one in self.parabolas]), *percentiles(N.T, tail, self.estimate.degrees)),
            "loss": Interval(
                np.array([one.loss for one in self.parabolas]), *percentiles(loss.T, tail, self.estimate.degrees)
            ),
        }

    @property
    def lost(self) -> NDArray[np.intp]:
        """For each slice, the number of resamples in which it has no minimum, shape (n_slices,)."""
        return np.array([np.isnan(one.log_N).sum() for one in self.drawn])

    @property
    def notes(self) -> tuple[str, ...]:
        """What limits this approach, in sentences without a full stop."""
        found = [f"the slice {one}" for one in self.refused]
        if self.lost.any():
            draws, worst = len(self.drawn[0].log_N), int(np.argmax(self.lost))
            share = f"{self.lost.sum():,} of {draws * len(self.lost):,} resampled slices"
            most = f"{self.lost[worst]:,} of them at {self.parabolas[worst].slice.name}"
            found.append(f"{share} have no minimum between their sizes, {most}")
        if len(self.parabolas) < FEWEST_FOR_LOSS:
            found.append(f"the lowest loss at a budget needs {FEWEST_FOR_LOSS} slices with a minimum")
        return tuple(found)


def fit_isoflop(slices: Slices, draws: int, rng: np.random.Generator) -> IsoFlop:
    """Find the minima of slices and the frontier through them, with resamples of the errors of the runs.

    Raises
    ------
    FitError
        If fewer than two slices have a minimum, or all of them have one budget.
    """
    found = [fit_parabola(slices.runs, one) for one in slices.found]
    parabolas = tuple(one for one in found if isinstance(one, Parabola))
    refused = tuple(one for one in found if isinstance(one, Refusal))
    if len(parabolas) < FEWEST_SLICES:
        raise _too_few(slices, len(parabolas), refused)
    if parabolas[-1].slice.C <= parabolas[0].slice.C * (1 + max(slices.tolerance, LEAST_APART)):
        got = f"all of them at {scientific(parabolas[0].slice.C)} FLOPs"
        raise FitError("isoFLOP parabolas", "need slices at two budgets", got=got, remedy="add runs at another budget")
    drawn = tuple(_resampled(slices.runs, parabolas, draws, rng))
    estimate = FrontierEstimate(
        laws=laws_through(slices.runs, parabolas, [one.vertex for one in parabolas]),
        draws=laws_through(slices.runs, parabolas, drawn),
        degrees=float(sum(len(one.runs) - PARABOLA for one in parabolas)),
    )
    return IsoFlop(slices, parabolas, refused, drawn, estimate)


def laws_through(runs: Runs, parabolas: tuple[Parabola, ...], minima: Sequence[Vertices]) -> PowerLaws:
    """Return the power laws through minima at the budgets of parabolas; D* is what the budget has left for N*."""
    log_N, loss = (np.stack([getattr(one, name) for one in minima], axis=1) for name in ("log_N", "loss"))
    C = np.broadcast_to([one.slice.C for one in parabolas], log_N.shape)
    return PowerLaws.through(np.log(C), log_N, runs.compute.log_D(C, log_N), loss, float(np.log(C[0]).mean()))


def _resampled(runs: Runs, parabolas: tuple[Parabola, ...], draws: int, rng: np.random.Generator) -> Iterator[Vertices]:
    """Yield the minima of each slice when its runs have errors of random runs."""
    errors = [
        (1 - one.at(runs.N[one.runs]) / runs.loss[one.runs]) * np.sqrt(len(one.runs) / (len(one.runs) - PARABOLA))
        for one in parabolas
    ]
    pool = np.concatenate(errors)
    for one in parabolas:
        N, loss = runs.N[one.runs], runs.loss[one.runs]
        with np.errstate(over="ignore"):
            drawn = one.at(N) + loss * rng.choice(pool, size=(draws, len(loss)))
        yield vertices(np.log(N), drawn)


def _too_few(slices: Slices, found: int, refused: tuple[Refusal, ...]) -> FitError:
    if not slices.found:
        rule = f"need slices of {slices.rule}, and no two runs are alike in this"
        return FitError("isoFLOP parabolas", rule, remedy="give a larger tolerance, or by")
    named = "; ".join(map(str, refused[:MOST_NAMED]))
    more = f"; and {len(refused) - MOST_NAMED:,} more" if len(refused) > MOST_NAMED else ""
    counted = f"{found} of {len(slices.found):,} slices of {slices.rule}"
    remedy = "train at least four sizes on both sides of the optimum at two budgets or more"
    return FitError(
        "isoFLOP parabolas",
        f"need {FEWEST_SLICES} slices with a minimum",
        got=f"{counted} ({named}{more})" if refused else counted,
        remedy=remedy,
    )
