"""Fitting L(N, D) = E + A / N^alpha + B / D^beta to runs: from the start grid to one immutable answer."""

from __future__ import annotations

import builtins
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.fitting.custom import CustomObjective
from chinchilla_nb.engine.fitting.diagnostics import FitWarning, diagnose
from chinchilla_nb.engine.fitting.losses import LossFunction, asymmetric_mae, loss_name, residual_loss
from chinchilla_nb.engine.fitting.newton import Minimum
from chinchilla_nb.engine.fitting.objective import Coordinates, Objective
from chinchilla_nb.engine.fitting.results import Fit, FitError, FitProgress, FitStatus
from chinchilla_nb.engine.fitting.screening import profiled_starts, screen, spread_sample
from chinchilla_nb.engine.fitting.solver import distinct, finish, first_width, optimise, polish, tighten
from chinchilla_nb.engine.fitting.starts import HOFFMANN_GRID, StartGrid
from chinchilla_nb.engine.laws.chinchilla import PARAMETERS
from chinchilla_nb.engine.runs import Runs, read_only

__all__ = ["Fit", "FitError", "FitProgress", "FitStatus", "FitWarning", "fit", "iter_fit"]

Array = NDArray[Any]
WeightFunction = Callable[..., Any]
MapFunction = Callable[..., Iterable[Any]]

SCREENED_RUNS = 512
"""Runs that the grid is screened on; more would not change which starts are promising."""
COARSE_RUNS = 4096
"""Runs that each promising start is optimised on, before the best are finished on all of them."""
PROMISING = 8
"""Starts taken from the grid, and as many from profiled laws."""
FINISHED = 4
"""Distinct optima that are finished exactly."""


def fit(
    runs: Runs,
    starts: StartGrid = HOFFMANN_GRID,
    loss_fn: LossFunction = asymmetric_mae,
    *,
    weight_fn: WeightFunction | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    exhaustive: bool = False,
    dtype: type[np.floating[Any]] = np.longdouble,
    map: MapFunction = map,
) -> Fit:
    """Fit a scaling law to runs; see `iter_fit` for the parameters."""
    *_, last = iter_fit(
        runs, starts, loss_fn, weight_fn=weight_fn, bounds=bounds, exhaustive=exhaustive, dtype=dtype, map=map
    )
    assert last.best is not None
    return last.best


def iter_fit(
    runs: Runs,
    starts: StartGrid = HOFFMANN_GRID,
    loss_fn: LossFunction = asymmetric_mae,
    *,
    weight_fn: WeightFunction | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    exhaustive: bool = False,
    dtype: type[np.floating[Any]] = np.longdouble,
    map: MapFunction = map,
) -> Iterator[FitProgress]:
    """Fit a scaling law to runs, yielding progress; the last one holds the answer.

    Parameters
    ----------
    runs : Runs
        At least three.
    starts : StartGrid
        Starting values; every one is screened.
    loss_fn : callable
        ``loss_fn(y_true, y_pred)``, a loss per run. The built-in losses and partials of them are minimised with
        exact derivatives, any other with numeric ones.
    weight_fn : callable, optional
        ``weight_fn(C)`` gives a positive weight per run; normalised to mean one.
    bounds : mapping of str to (float, float), optional
        Limits of single parameters, by name; equal ends fix a parameter.
    exhaustive : bool
        Run the optimiser from every start rather than from the promising ones.
    dtype : type
        Precision that the answer is polished and the objective evaluated in.
    map : callable
        How starts are mapped over; one that uses processes makes an exhaustive fit or a custom loss faster.

    Raises
    ------
    FitError
        If there are fewer than three runs, or weights or bounds are unusable.
    """
    if len(runs) < 3:
        raise FitError(f"a fit needs at least 3 runs, got {len(runs)}: add more runs")
    limits = _checked_bounds(bounds or {})
    weight = _weights(runs, weight_fn)
    box = Coordinates.of(runs, limits)
    problem = _Problem(runs, starts, loss_fn, weight, box, limits)
    loss = residual_loss(loss_fn)
    if loss is None:
        yield from _iter_custom(problem, exhaustive, map)
    else:
        yield from _iter_exact(problem, Objective.of(runs, loss, weight, box), exhaustive, dtype, map)


@dataclass(frozen=True, eq=False, slots=True)
class _Problem:
    """What was asked, and the start grid as screened: what an answer is made of."""

    runs: Runs
    starts: StartGrid
    loss_fn: LossFunction
    weight: Array
    box: Coordinates
    bounds: Mapping[str, tuple[float, float]]

    def promising(self, landscape: Array, profiled: Array, exhaustive: bool) -> Array:
        """Rows of theta to optimise from: the best of the grid, or all of it, behind the best profiled laws."""
        best = slice(None) if exhaustive else np.argsort(landscape, kind="stable")[:PROMISING]
        return np.concatenate([profiled, self.box.theta(self.starts.points()[best])])

    def answer(self, best: Minimum, optima: int, landscape: Array, *, final: bool = False) -> Fit:
        """Make a Fit of the best minimum so far; only the final one is diagnosed."""
        law = self.box.law(best.theta.astype(float))
        return Fit(
            law=law,
            runs=self.runs,
            loss_fn=self.loss_fn,
            objective=float(best.value),
            status=FitStatus.CONVERGED if final and best.converged else FitStatus.STALLED,
            warnings=diagnose(law, self.runs, self.bounds) if final else (),
            starts_grid=self.starts,
            optima=optima,
            landscape=landscape,
        )


def _iter_exact(
    problem: _Problem, objective: Objective, exhaustive: bool, dtype: type[np.floating[Any]], map: MapFunction
) -> Iterator[FitProgress]:
    """Fit a built-in loss."""
    box, total = problem.box, len(problem.starts)
    yield FitProgress("screening", 0, total, None)
    sample = objective.take(spread_sample(len(problem.runs), SCREENED_RUNS))
    landscape = read_only(screen(sample, problem.starts, box))
    profiled = _best_of(profiled_starts(sample, problem.starts, box), sample.value, PROMISING)
    starts = problem.promising(landscape, profiled, exhaustive)
    first = Minimum(profiled[0], sample.value(profiled[0]), False)
    yield FitProgress("screening", total, total, problem.answer(first, 0, landscape))

    coarse = objective.take(spread_sample(len(problem.runs), COARSE_RUNS))
    width = first_width(coarse, profiled)
    work = functools.partial(optimise, coarse.smoothed(width), box=box)
    minima: list[Minimum] = []
    for done, found in enumerate((map if exhaustive else builtins.map)(work, starts), 1):
        minima = distinct(coarse, [*minima, found])
        if not minima:
            continue
        # The minima are those of the smoothed loss; what people follow is the loss itself.
        best = Minimum(minima[0].theta, coarse.value(minima[0].theta), False)
        yield FitProgress("optimising", done, len(starts), problem.answer(best, len(minima), landscape))

    if not minima:
        raise FitError("no start leads to a finite loss: check the scale of N, D and loss")
    best = Minimum(minima[0].theta, np.inf, False)
    for done, minimum in enumerate(minima[:FINISHED], 1):
        theta, narrow = tighten(objective, minimum.theta, box, width)
        # The smoothed loss is nowhere above the loss itself: an optimum it puts above the best is not worth finishing.
        if objective.smoothed(narrow).value(theta) < best.value:
            radius = narrow * min(objective.loss.lower, objective.loss.upper)
            best = min(best, finish(objective, theta, box, radius), key=lambda one: float(one.value))
        yield FitProgress("polishing", done, len(minima), problem.answer(best, len(minima), landscape))
    best = polish(objective.astype(dtype), best.theta, box)
    yield FitProgress("polishing", len(minima), len(minima), problem.answer(best, len(minima), landscape, final=True))


def _iter_custom(problem: _Problem, exhaustive: bool, map: MapFunction) -> Iterator[FitProgress]:
    """Fit a loss of the user's."""
    box, total = problem.box, len(problem.starts)
    objective = CustomObjective.of(problem.runs, problem.loss_fn, problem.weight, box)
    yield FitProgress("screening", 0, total, None)
    landscape = np.empty(total)
    for at, value in enumerate(objective.screen(problem.starts, box)):
        landscape[at] = value
        yield FitProgress("screening", at + 1, total, None)
    read_only(landscape)
    sample = objective.squared.take(spread_sample(len(problem.runs), SCREENED_RUNS))
    profiled = _best_of(profiled_starts(sample, problem.starts, box), objective.value, PROMISING)
    starts = problem.promising(landscape, profiled, exhaustive)
    work = functools.partial(objective.optimise, box=box)
    minima: list[Minimum] = []
    for done, found in enumerate(map(work, starts), 1):
        minima = distinct(objective.squared, [*minima, found])
        if not minima:
            raise FitError(f"{loss_name(problem.loss_fn)} is not finite at any start: check what it returns")
        yield FitProgress("optimising", done, len(starts), problem.answer(minima[0], len(minima), landscape))
    for best in objective.finish(minima[0].theta, box):
        yield FitProgress("polishing", 0, 1, problem.answer(best, len(minima), landscape))
    yield FitProgress("polishing", 1, 1, problem.answer(best, len(minima), landscape, final=True))


def _best_of(starts: Array, value: Callable[[Array], Any], count: int) -> Array:
    values = np.array([float(value(start)) for start in starts])
    return starts[np.argsort(np.where(np.isfinite(values), values, np.inf), kind="stable")[:count]]


def _weights(runs: Runs, weight_fn: WeightFunction | None) -> Array:
    if weight_fn is None:
        return np.ones(len(runs))
    weight = np.asarray(weight_fn(runs.C.copy()), dtype=float)
    if weight.shape != runs.C.shape:
        raise FitError(f"weight_fn must return one weight per run, shape {runs.C.shape}, got shape {weight.shape}")
    bad = weight[~(np.isfinite(weight) & (weight >= 0))]
    if bad.size or not weight.any():
        raise FitError(
            f"weight_fn must return weights that are finite and not negative, got {bad[0] if bad.size else 'only 0'}"
        )
    return weight


def _checked_bounds(bounds: Mapping[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
    checked = {}
    for name, (low, high) in bounds.items():
        if name not in PARAMETERS:
            raise FitError(f"bounds has the unknown parameter {name!r}: choose from {', '.join(PARAMETERS)}")
        if not 0 <= low <= high < np.inf or (name in ("A", "B") and high == 0):
            raise FitError(
                f"bounds[{name!r}] must be 0 <= low <= high with a finite, positive high, got ({low}, {high})"
            )
        checked[name] = (float(low), float(high))
    return checked
