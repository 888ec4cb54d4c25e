"""Bootstrap: each draw is a fit of a resample, finished like the fit itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.blas_threads import one_blas_thread
from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.conversion import as_generator
from chinchilla_nb.engine.errors import FitError, InputError
from chinchilla_nb.engine.fitting.objective import Objective
from chinchilla_nb.engine.fitting.reliability.linearised import Linearised
from chinchilla_nb.engine.fitting.results import Fit
from chinchilla_nb.engine.fitting.smoothing import typical_width, widths_from
from chinchilla_nb.engine.laws.family import Coordinates
from chinchilla_nb.engine.mapping import mapped
from chinchilla_nb.engine.uncertainty.draws import Draws
from chinchilla_nb.engine.uncertainty.frontier_uncertainty import FrontierUncertainty
from chinchilla_nb.engine.uncertainty.groups import numbered_groups
from chinchilla_nb.engine.uncertainty.noise import log_errors
from chinchilla_nb.engine.uncertainty.refitting import Refits, objective_of, refit
from chinchilla_nb.engine.uncertainty.resampling import RESAMPLING, Observed
from chinchilla_nb.engine.uncertainty.uncertainty import Uncertainty

__all__ = ["UncertaintyProgress", "iter_bootstrap"]

Array = NDArray[Any]
MapFunction = Callable[..., Iterable[Any]]

BLOCK = 1 << 15
"""Losses predicted at once for resamples that are fitted together; their derivatives then fit into the cache."""
MOST_DRAWS = 100_000
"""More draws would move the ends of an interval by less than a hundredth of its width; these take a few megabytes."""
MOST_ALONE = 0.1
"""Share of runs that may be the only one of their group in a stratified bootstrap, which then hardly lacks variance."""
SAME = 0.1
"""Difference of two optima, in typical errors of a run, up to which one start serves both."""
LIKELY = 4.0
"""Standard deviations by which another optimum may be higher than the fit and still be the lowest of a resample."""


@dataclass(frozen=True, eq=False, slots=True)
class UncertaintyProgress:
    """How many draws are done, of how many; the last progress holds the result."""

    done: int
    total: int
    result: Uncertainty | FrontierUncertainty | None = None


def iter_bootstrap(
    fit: Fit, method: str, draws: int, rng: np.random.Generator | int | None, *, by: str | None, map: MapFunction
) -> Iterator[UncertaintyProgress]:
    """Bootstrap a fit, yielding progress after each block of draws; parameters and errors as for `iter_uncertainty`."""
    if not (isinstance(draws, (int, np.integer)) and 2 <= draws <= MOST_DRAWS):
        raise InputError("draws", f"must be a whole number from 2 to {MOST_DRAWS:,}", got=brief(draws))
    refitting = _Refitting.of(fit, method, by)
    rows = max(1, BLOCK // refitting.objective.target.size)
    sizes = [min(rows, draws - first) for first in range(0, draws, rows)]
    seeds = as_generator(rng).integers(np.iinfo(np.int64).max, size=len(sizes))
    found: list[Refits] = []
    yield UncertaintyProgress(0, draws)
    for refits in mapped(map, refitting.refitted, zip(sizes, seeds.tolist(), strict=True)):
        found.append(refits)
        yield UncertaintyProgress(sum(len(one.theta) for one in found), draws)
    theta, proven = (np.concatenate([getattr(one, name) for one in found]) for name in ("theta", "proven"))
    if not proven.any():
        raise FitError("a bootstrap", "has found no proven optimum of any draw", remedy="choose the method 'profile'")
    result = Draws(fit, method, theta[proven], int(np.count_nonzero(~proven)))
    yield UncertaintyProgress(draws, draws, result)


@dataclass(frozen=True, eq=False, slots=True)
class _Refitting:
    """A fit as its resamples are drawn and fitted; it is sent to other processes.

    Attributes
    ----------
    objective : Objective
    box : Coordinates
    starts : ndarray, shape (n_starts, n_parameters)
        The law of the fit, and its other optima.
    widths : tuple of float
        Widths of smoothing, the widest first.
    observed : Observed
    method : str
    """

    objective: Objective
    box: Coordinates
    starts: Array
    widths: tuple[float, ...]
    observed: Observed
    method: str

    @classmethod
    def of(cls, fit: Fit, method: str, by: str | None) -> _Refitting:
        """Prepare the resamples of a fit."""
        objective, near = objective_of(fit), Linearised.of(fit.problem, fit.law)
        box = near.box
        typical = typical_width(objective, near.theta)
        used = fit.problem.runs.take(fit.problem.weights() > 0)
        groups = numbered_groups(used, by, method)
        if method == "stratified":
            _check_strata(groups)
        return cls(
            objective=objective,
            box=box,
            starts=_starts(fit, objective, near.theta),
            widths=widths_from(max(typical, objective.loss.width), objective, typical),
            observed=Observed(
                weight=objective.weight,
                loss=used.loss,
                predicted=fit.law.loss(used.N, used.D),
                log_error=log_errors(near),
                groups=groups,
            ),
            method=method,
        )

    def refitted(self, task: tuple[int, int]) -> Refits:
        """Draw a number of resamples with a seed, and fit each."""
        size, seed = task
        resamples = RESAMPLING[self.method](self.observed, np.random.default_rng(seed), size)
        losses = resamples.loss / self.box.unit
        target = np.log(losses) if self.objective.loss.logarithmic else losses
        objectives = replace(self.objective, weight=resamples.weight, target=target)
        with one_blas_thread():
            return refit(objectives, self.starts, self.box, self.widths)


def _check_strata(groups: NDArray[np.intp]) -> None:
    """Check that hardly a run is alone in its group, where resampling cannot vary it."""
    alone = int(np.count_nonzero(np.bincount(groups) == 1))
    if alone > MOST_ALONE * len(groups):
        rule = "needs groups of several runs each"
        got = f"{alone} of {len(groups)} runs alone in their group"
        raise InputError("the method 'stratified'", rule, got=got, remedy="give by, or choose 'pairs'")


def _starts(fit: Fit, objective: Objective, theta: Array) -> Array:
    """Return the law of the fit and those of its other optima that may be the lowest of a resample, rows of theta.

    The difference of two objectives over resamples has the variance sum w^2 (d - mean d)^2, with the differences d of
    the losses of each run.
    """
    rows = [theta]
    residuals = objective.residuals(theta)
    loss, apart = objective.loss.value(residuals), SAME * np.median(np.abs(residuals))
    for other in fit.minima:
        difference = objective.loss.value(objective.residuals(other)) - loss
        higher = float(objective.weight @ difference)
        deviation = float(np.linalg.norm(objective.weight * (difference - higher)))
        if np.ptp(objective.residuals(other) - residuals) > apart and higher <= LIKELY * deviation:
            rows.append(other)
    return np.array(rows)
