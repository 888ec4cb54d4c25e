"""Fit a scaling law to runs: screen every start, optimise the promising ones, and finish the best exactly."""

from __future__ import annotations

import builtins
import functools
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.blas_threads import steps_on_one_blas_thread
from chinchilla_nb.engine.fitting.custom import CustomObjective
from chinchilla_nb.engine.fitting.diagnostics import FitWarning, diagnose
from chinchilla_nb.engine.fitting.losses import LossFunction, asymmetric_mae, loss_name, residual_loss
from chinchilla_nb.engine.fitting.newton import Minimum
from chinchilla_nb.engine.fitting.objective import Objective
from chinchilla_nb.engine.fitting.problem import FitError, Problem, WeightFunction
from chinchilla_nb.engine.fitting.results import Fit, FitProgress, FitStatus
from chinchilla_nb.engine.fitting.screening import profiled_starts, screen, spread_sample
from chinchilla_nb.engine.fitting.solver import distinct, finish, first_width, optimise, polish, tighten
from chinchilla_nb.engine.laws.families import family_named
from chinchilla_nb.engine.laws.family import Coordinates
from chinchilla_nb.engine.laws.starts import StartGrid
from chinchilla_nb.engine.runs import Runs, read_only

__all__ = ["Fit", "FitError", "FitProgress", "FitStatus", "FitWarning", "fit", "iter_fit", "solve"]

Array = NDArray[Any]
MapFunction = Callable[..., Iterable[Any]]

SCREENED_RUNS = 512
"""Number of runs that the grid is screened on; more would not change which starts are promising."""
COARSE_RUNS = 4096
"""Number of runs that each promising start is optimised on; the best optima are then finished on all runs."""
PROMISING = 8
"""Number of starts taken from the grid; as many are taken from profiled laws."""
FINISHED = 4
"""Number of distinct optima that are finished exactly."""


def fit(
    runs: Runs,
    starts: StartGrid | None = None,
    loss_fn: LossFunction = asymmetric_mae,
    *,
    law: str = "chinchilla",
    weight_fn: WeightFunction | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    exhaustive: bool = False,
    dtype: type[np.floating[Any]] = np.longdouble,
    map: MapFunction = map,
) -> Fit:
    """Fit a scaling law to runs.

    Parameters
    ----------
    runs : Runs
        At least three runs.
    starts, loss_fn, weight_fn, bounds, dtype
        As for `Problem`.
    law : str
        ``"chinchilla"`` or ``"kaplan"``.
    exhaustive, map
        As for `iter_fit`.

    Raises
    ------
    FitError
        If there are fewer than three runs, or the weights are unusable.
    InputError
        If the law is unknown, the starts belong to another law, the bounds are unusable, or a loss is too small or too
        large.
    """
    family = family_named(law)
    problem = Problem(runs, family, starts or family.starts, loss_fn, weight_fn, bounds or {}, dtype)
    return solve(problem, exhaustive=exhaustive, map=map)


def solve(problem: Problem, *, exhaustive: bool = False, map: MapFunction = map) -> Fit:
    """Solve a problem; parameters and errors as for `iter_fit`."""
    *_, last = iter_fit(problem, exhaustive=exhaustive, map=map)
    assert last.best is not None
    return last.best


def iter_fit(problem: Problem, *, exhaustive: bool = False, map: MapFunction = map) -> Iterator[FitProgress]:
    """Solve a problem step by step, yielding progress; the last progress holds the final fit.

    Parameters
    ----------
    problem : Problem
        All of its starts are screened.
    exhaustive : bool
        Whether to optimise from every start instead of only the promising ones.
    map : callable
        Maps the optimiser over starts; a parallel map speeds up an exhaustive fit or a custom loss.

    Raises
    ------
    FitError
        If there are fewer than three runs, or the weights are unusable.
    InputError
        If a loss is too small or too large.
    """
    problem.check_runs()
    search = _Search(problem, problem.family.coordinates(problem.runs, problem.bounds))
    loss = residual_loss(problem.loss_fn)
    if loss is None:
        steps = _iter_custom(search, exhaustive, map)
    else:
        steps = _iter_exact(search, Objective.of(problem, loss, search.box), exhaustive, map)
    yield from steps_on_one_blas_thread(steps)


@dataclass(frozen=True, eq=False, slots=True)
class _Search:
    """A problem and the coordinates in which it is searched."""

    problem: Problem
    box: Coordinates

    def screen(self, objective: Objective) -> Array:
        """Evaluate the objective at every start."""
        return read_only(screen(objective, self.problem.starts, self.box))

    def profiled(self, objective: Objective, value: Callable[[Array], Any]) -> Array:
        """Return the profiled laws with the lowest values, as rows of theta."""
        starts = profiled_starts(objective, self.problem.starts, self.box)
        values = np.array([float(value(start)) for start in starts])
        return starts[np.argsort(np.where(np.isfinite(values), values, np.inf), kind="stable")[:PROMISING]]

    def promising(self, landscape: Array, profiled: Array, exhaustive: bool) -> Array:
        """Return the starts to optimise from, as rows of theta: profiled laws, then the best or all of the grid."""
        best = slice(None) if exhaustive else np.argsort(landscape, kind="stable")[:PROMISING]
        return np.concatenate([profiled, self.box.theta(self.problem.starts.points()[best])])

    def answer(self, best: Minimum, optima: int, landscape: Array, *, final: bool = False) -> Fit:
        """Return the best minimum so far as a Fit; only the final one is diagnosed."""
        law = self.box.law(best.theta.astype(float))
        status = FitStatus.UNFINISHED
        if final:
            status = FitStatus.CONVERGED if best.converged else FitStatus.STALLED
        return Fit(
            problem=self.problem,
            law=law,
            objective=float(best.value),
            status=status,
            warnings=diagnose(self.problem, law) if final else (),
            optima=optima,
            landscape=landscape,
        )


def _iter_exact(
    search: _Search, objective: Objective, exhaustive: bool, map: MapFunction
) -> Generator[FitProgress, None, None]:
    """Fit a built-in loss."""
    box, n_runs, total = search.box, len(search.problem.runs), len(search.problem.starts)
    yield FitProgress("screening", 0, total, None)
    sample = objective.take(spread_sample(n_runs, SCREENED_RUNS))
    landscape = search.screen(sample)
    profiled = search.profiled(sample, sample.value)
    starts = search.promising(landscape, profiled, exhaustive)
    first = Minimum(profiled[0], sample.value(profiled[0]), False)
    yield FitProgress("screening", total, total, search.answer(first, 0, landscape))

    coarse = objective.take(spread_sample(n_runs, COARSE_RUNS))
    width = first_width(coarse, profiled)
    work = functools.partial(optimise, coarse.smoothed(width), box=box)
    minima: list[Minimum] = []
    for done, found in enumerate((map if exhaustive else builtins.map)(work, starts), 1):
        minima = distinct(coarse, [*minima, found])
        if not minima:
            continue
        # These are minima of the smoothed loss; progress reports the loss itself.
        best = Minimum(minima[0].theta, coarse.value(minima[0].theta), False)
        yield FitProgress("optimising", done, len(starts), search.answer(best, len(minima), landscape))

    if not minima:
        raise FitError("", "no start leads to a finite loss", remedy="check the scale of N, D and loss")
    best = Minimum(minima[0].theta, np.inf, False)
    for done, minimum in enumerate(minima[:FINISHED], 1):
        theta, narrow = tighten(objective, minimum.theta, box, width)
        # The smoothed loss is a lower bound of the loss: an optimum whose smoothed loss exceeds the best is skipped.
        if objective.smoothed(narrow).value(theta) < best.value:
            radius = narrow * min(objective.loss.lower, objective.loss.upper)
            best = min(best, finish(objective, theta, box, radius), key=lambda one: float(one.value))
        yield FitProgress("polishing", done, len(minima), search.answer(best, len(minima), landscape))
    best = polish(objective.astype(search.problem.dtype), best.theta, box)
    yield FitProgress("polishing", len(minima), len(minima), search.answer(best, len(minima), landscape, final=True))


def _iter_custom(search: _Search, exhaustive: bool, map: MapFunction) -> Generator[FitProgress, None, None]:
    """Fit a custom loss."""
    box, starts, total = search.box, search.problem.starts, len(search.problem.starts)
    objective = CustomObjective.of(search.problem, box)
    yield FitProgress("screening", 0, total, None)
    landscape = np.empty(total)
    for at, value in enumerate(objective.screen(starts, box)):
        landscape[at] = value
        yield FitProgress("screening", at + 1, total, None)
    read_only(landscape)
    sample = objective.squared.take(spread_sample(len(search.problem.runs), SCREENED_RUNS))
    promising = search.promising(landscape, search.profiled(sample, objective.value), exhaustive)
    work = functools.partial(objective.optimise, box=box)
    minima: list[Minimum] = []
    for done, found in enumerate(map(work, promising), 1):
        minima = distinct(objective.squared, [*minima, found])
        if not minima:
            name = loss_name(search.problem.loss_fn)
            raise FitError(name, "is not finite at any start", remedy="check what it returns")
        yield FitProgress("optimising", done, len(promising), search.answer(minima[0], len(minima), landscape))
    for best in objective.finish(minima[0].theta, box):
        yield FitProgress("polishing", 0, 1, search.answer(best, len(minima), landscape))
    yield FitProgress("polishing", 1, 1, search.answer(best, len(minima), landscape, final=True))
