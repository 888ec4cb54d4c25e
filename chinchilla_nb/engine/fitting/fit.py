"""Fit a scaling law to runs: screen every start, optimise the promising ones, and finish the best exactly."""

from __future__ import annotations

import builtins
import functools
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.blas_threads import steps_on_one_blas_thread
from chinchilla_nb.engine.conversion import as_flag, check_callable, check_type
from chinchilla_nb.engine.fitting.custom import CustomFit, tabulate
from chinchilla_nb.engine.fitting.descent import PROFILED, minimise
from chinchilla_nb.engine.fitting.diagnostics import FitWarning, diagnose
from chinchilla_nb.engine.fitting.lattice import profiled_lattice
from chinchilla_nb.engine.fitting.losses import LossFunction, asymmetric_mae, loss_name, mae, residual_loss
from chinchilla_nb.engine.fitting.newton import Minimum
from chinchilla_nb.engine.fitting.objective import Objective
from chinchilla_nb.engine.fitting.problem import FitError, Problem, WeightFunction
from chinchilla_nb.engine.fitting.profiles import Profiles
from chinchilla_nb.engine.fitting.relayed import relayed
from chinchilla_nb.engine.fitting.reliability.linearised import point_of
from chinchilla_nb.engine.fitting.results import Fit, FitProgress, FitStatus
from chinchilla_nb.engine.fitting.screening import SCREENED_RUNS, screen, spread_sample
from chinchilla_nb.engine.fitting.search import Search, places_of
from chinchilla_nb.engine.fitting.simplex import CustomObjective
from chinchilla_nb.engine.fitting.solver import Exact, Finish, distinct, lowest
from chinchilla_nb.engine.laws.families import family_named
from chinchilla_nb.engine.laws.family import Coordinates
from chinchilla_nb.engine.laws.starts import StartGrid
from chinchilla_nb.engine.mapping import mapped
from chinchilla_nb.engine.runs import Runs, read_only

__all__ = ["Fit", "FitError", "FitProgress", "FitStatus", "FitWarning", "fit", "iter_fit", "solve"]

Array = NDArray[Any]
MapFunction = Callable[..., Iterable[Any]]

CORNERS = 0.1
"""Share of a difference at a corner of the runs that counts, because it is an extrapolation."""
SAME_LOSSES = 1e-5
"""Largest difference of predictions, in units of the loss, between two minima of a custom loss that count as one."""
ALIKE = 1e-9
"""Relative difference of two optima that count as one."""
SIMPLICES = 3
"""Most minima of a custom loss without usable derivatives from which a simplex search starts: one may end at a kink."""
PROMISING = 4
"""Number of starts taken from the grid."""


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
        ``"chinchilla"``, ``"kaplan"`` or ``"frontier"``, L = E + A / C^alpha, which needs C and loss only.
    exhaustive, map
        As for `iter_fit`.

    Raises
    ------
    FitError
        If there are fewer than three runs, or the weights are unusable.
    InputError
        If the law is unknown, the runs lack its inputs, the starts belong to another law, the bounds are unusable, or a
        loss is too small or too large.
    """
    family = family_named(law)
    starts, bounds = family.starts if starts is None else starts, {} if bounds is None else bounds
    problem = Problem(runs, family, starts, loss_fn, weight_fn, bounds, dtype)
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
        If there are fewer than three runs, or, once it iterates, the weights are unusable.
    InputError
        If a loss is too small or too large, or an argument is of another type.
    """
    check_type(problem, "problem", Problem)
    exhaustive = as_flag(exhaustive, "exhaustive")
    check_callable(map, "map")
    problem.check_runs()
    return _solving(problem, exhaustive, map)


def _solving(problem: Problem, exhaustive: bool, map: MapFunction) -> Iterator[FitProgress]:
    yield from steps_on_one_blas_thread(_iter_steps(_Fitting.of(problem), exhaustive, map))


def _iter_steps(search: _Fitting, exhaustive: bool, map: MapFunction) -> Generator[FitProgress, None, None]:
    """Fit a built-in or a custom loss."""
    problem, box = search.problem, search.box
    loss = residual_loss(problem.loss_fn)
    yield FitProgress("screening", 0, len(problem.starts), None)
    if loss is not None:
        objective = Objective.of(problem, loss, box)
        precise = functools.cache(lambda: Objective.of(problem, loss, box, problem.dtype))
        yield from _iter_descent(search, (objective,), Exact(objective, precise, box), exhaustive, map)
        return
    custom = yield from _iter_tabulate(search)
    if custom is not None:
        yield from _iter_descent(search, custom.coarse, custom, exhaustive, map)
    else:
        yield from _iter_simplex(search, exhaustive, map)


@dataclass(frozen=True, eq=False, slots=True)
class _Fitting:
    """A problem and the coordinates in which it is searched."""

    problem: Problem
    box: Coordinates
    signature: Callable[[Array], Array]

    @classmethod
    def of(cls, problem: Problem) -> _Fitting:
        """Choose the coordinates of a problem."""
        box = problem.family.coordinates(problem.runs, problem.bounds)
        return cls(problem, box, _signature(problem.runs, box))

    def screen(self, objective: Objective) -> Array:
        """Evaluate the objective at every start."""
        return read_only(screen(objective, self.problem.starts, self.box))

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kind of each parameter."""
        return tuple(parameter.kind for parameter in self.problem.family.parameters)

    def promising(self, landscape: Array, exhaustive: bool) -> Array:
        """Return the starts to optimise from, as rows of theta: the best or all of the grid, and a law given as one."""
        best = slice(None) if exhaustive else np.argsort(landscape, kind="stable")[:PROMISING]
        points = self.problem.starts.points()[best]
        if self.problem.start is not None:
            points = np.vstack([points, point_of(self.problem.start)])
        return self.box.theta(points)

    def answer(
        self, best: Minimum, minima: list[Minimum], landscape: Array, *, scale: float = 1.0, final: bool = False
    ) -> Fit:
        """Return the best minimum so far of the objective divided by `scale`; only the final one is diagnosed."""
        law = self.box.law(best.theta)
        status = FitStatus.UNFINISHED
        if final:
            status = FitStatus.CONVERGED if best.converged else FitStatus.STALLED
        return Fit(
            problem=self.problem,
            law=law,
            objective=float(best.value * scale),
            status=status,
            warnings=diagnose(self.problem, law) if final else (),
            minima=read_only(np.array([one.theta for one in minima], dtype=float).reshape(-1, len(best.theta))),
            landscape=landscape,
            certificate=best.certificate,
        )


def _signature(runs: Runs, box: Coordinates) -> Callable[[Array], Array]:
    """Return a function of theta: the losses predicted for the runs and at the corners of the range of N and D.

    Laws that agree on runs along a line differ at the corners.
    """
    some = runs.take(spread_sample(len(runs), SCREENED_RUNS))
    at = _with_corners(some, runs) if runs.has_sizes else some
    predictor = box.predictor(at)
    share = np.where(np.arange(len(at)) < len(some), 1.0, CORNERS)
    return lambda theta: predictor.at(theta).value * share


def _with_corners(some: Runs, runs: Runs) -> Runs:
    """Return some of the runs, and runs of any loss at the corners of the range of N and D of all."""
    ends = [[runs.N.min(), runs.N.max()], [runs.D.min(), runs.D.max()]]
    corners = np.stack(np.meshgrid(*ends), axis=-1).reshape(-1, 2).T
    N, D = np.concatenate([[some.N, some.D], corners], axis=1)
    return Runs(N, D, np.ones(len(N)))


def _iter_descent(
    search: _Fitting, objectives: tuple[Objective, ...], finish: Finish, exhaustive: bool, map: MapFunction
) -> Generator[FitProgress, None, None]:
    """Fit a loss with derivatives, along the paths of one or several smoothed objectives."""
    total, scale = len(search.problem.starts), objectives[0].scale
    sample = objectives[0].take(spread_sample(len(objectives[0].target), SCREENED_RUNS))
    screened = search.screen(sample)
    landscape, starts = read_only(screened * scale), search.promising(screened, exhaustive)
    first = Minimum(starts[0], sample.value(starts[0]))
    yield FitProgress("screening", total, total, search.answer(first, [], landscape, scale=scale))
    ends: list[Minimum] = []
    minima: list[Minimum] = []
    for objective in objectives:
        prepared, step = Search.of(objective, finish, search.box, search.kinds, search.signature, starts), None
        for step in minimise(prepared, starts, map if exhaustive else builtins.map):
            best = lowest([*ends, step.best])
            answer = search.answer(best, max(minima, step.minima, key=len), landscape, scale=scale)
            yield FitProgress("polishing" if ends else step.stage, step.done, step.total, answer)
        if step is not None:
            ends, minima = [*ends, step.best], max(minima, step.minima, key=len)
    if not any(np.isfinite(end.value) for end in ends):
        raise FitError(
            loss_name(search.problem.loss_fn),
            "is not finite at any start",
            remedy="check the scale of N, D and loss, and what it returns",
        )
    best = finish.polish(lowest(ends))
    if len(objectives) > 1 and sum(end.value <= best.value + ALIKE * abs(best.value) for end in ends) < 2:
        # Among so many optima, one that a single path has reached is hardly the lowest.
        best = replace(best, certificate=None)
    yield FitProgress("polishing", 1, 1, search.answer(best, minima, landscape, scale=scale, final=True))


def _iter_tabulate(search: _Fitting) -> Generator[FitProgress, None, CustomFit | None]:
    """Prepare the fit of a custom loss; None if it has no usable derivatives."""
    total = len(search.problem.starts)
    work = tabulate(search.problem, search.box)
    return (yield from relayed(work, lambda share: FitProgress("screening", int(share * total), total, None)))


def _iter_simplex(search: _Fitting, exhaustive: bool, map: MapFunction) -> Generator[FitProgress, None, None]:
    """Fit a custom loss without usable derivatives."""
    box, starts, total = search.box, search.problem.starts, len(search.problem.starts)
    objective = CustomObjective.of(search.problem, box)
    landscape = np.empty(total)
    for at, value in enumerate(objective.screen(starts, box)):
        landscape[at] = value
        yield FitProgress("screening", at + 1, total, None)
    read_only(landscape)
    promising = search.promising(landscape, exhaustive)
    squared = objective.squared
    sample = squared.take(spread_sample(len(squared.target), SCREENED_RUNS))
    lattice = profiled_lattice(sample)
    if lattice is not None:
        exponents, floors = (places_of(kind, search.kinds) for kind in ("exponent", "floor"))
        profiles = Profiles.along(lattice, sample, sample.loss.width, box, exponents, floors)
        promising = np.concatenate([profiles.minima(promising[:0])[:PROFILED], promising])
    work = functools.partial(objective.optimise, box=box)
    minima: list[Minimum] = []
    for done, found in enumerate(mapped(map, work, promising), 1):
        minima = distinct([*minima, found], search.signature, SAME_LOSSES)
        if not minima:
            name = loss_name(search.problem.loss_fn)
            raise FitError(name, "is not finite at any start", remedy="check what it returns")
        yield FitProgress("optimising", done, len(promising), search.answer(minima[0], minima, landscape))
    least = _least_absolute(search)
    best, finalists = minima[0], [*minima[:SIMPLICES], Minimum(least, objective.value(least))]
    for done, start in enumerate(finalists):
        for found in objective.finish(start.theta, box):
            best = lowest([best, found])
            answer = search.answer(best, minima, landscape)
            yield FitProgress("polishing", done, len(finalists), answer)
    yield FitProgress("polishing", 1, 1, search.answer(best, minima, landscape, final=True))


def _least_absolute(search: _Fitting) -> Array:
    """Return theta of the law with the least absolute errors, which a simplex search may not find by itself.

    Most losses without usable derivatives are robust to outliers, as that law is; the laws from which the other
    searches start are near the one of least squares.
    """
    problem = replace(search.problem, loss_fn=mae)
    *_, last = _iter_steps(replace(search, problem=problem), False, builtins.map)
    assert last.best is not None
    return np.asarray(search.box.theta(point_of(last.best.law)[None])[0])
