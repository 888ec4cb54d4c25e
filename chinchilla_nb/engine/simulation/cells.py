"""One cell of a study: a task, how a project chooses its runs and how it fits them, and what comes of many projects."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.cancellation import Cancelled
from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.conversion import as_real_array
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.problem import Problem
from chinchilla_nb.engine.laws.allocation import optima
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.planning.deadweight import deadweight_compute
from chinchilla_nb.engine.planning.model_search import ModelTable
from chinchilla_nb.engine.planning.scaling import compute_optimal_run, optimum
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.engine.simulation.cell_intervals import Intervals
from chinchilla_nb.engine.simulation.designs import Design, RandomSeeds
from chinchilla_nb.engine.simulation.many_fits import fit_many
from chinchilla_nb.engine.uncertainty.quantities import exponents_at

__all__ = ["Cell", "DrawNoise", "measured"]

Array = NDArray[Any]
DrawNoise = Callable[[np.random.Generator, int], Array]

AT_TARGET = ("N", "D", "predicted_loss", "N_error", "D_error", "loss_error", "deadweight", "deadweight_share")
"""What is measured of a fit at a target budget, in this order."""
NO_OPTIMUM = "no optimum"
"""The status of a project that has ended before its last scaled run, because its law has no optimum."""
IMPOSSIBLE = "impossible loss"
"""The status of a project in which the noise left the loss of a run not positive or not finite."""
DRAWS, NOISE = 0, 1
"""Streams of random numbers of a repetition: which runs are made, and their noise."""


@dataclass(frozen=True, eq=False, slots=True)
class Cell:
    """What one cell of a study asks.

    Attributes
    ----------
    labels : mapping of str to object
        What tells it from the other cells, by the names of columns.
    law : Law
        The law that runs are made from.
    noise : callable
        ``noise(rng, count)`` draws the noise of a number of runs, in units of the loss; with the same ``rng``, that of
        fewer runs should be the first of more.
    design : Design
        The first runs of a project.
    seeds : int
        How many runs it makes of it.
    scalings : int
        Number of scaled runs after them; the law is fitted before each.
    factor : float or None
        Compute of a scaled run as a multiple of the largest so far.
    problem : Problem
        How the runs are fitted; its own runs are not used.
    """

    labels: Mapping[str, Any]
    law: Law
    noise: DrawNoise
    design: Design
    seeds: int
    scalings: int
    factor: float | None
    problem: Problem

    @property
    def models(self) -> ModelTable | None:
        """The configurations that scaled runs are chosen from; None if N is free."""
        return self.design.models if isinstance(self.design, RandomSeeds) else None


@dataclass(frozen=True, eq=False, slots=True)
class Projects:
    """The runs of m projects of a cell, and the noise of those to come.

    Attributes
    ----------
    N, D, loss : ndarray, shape (m, n_runs)
    noise : ndarray, shape (m, n_runs in the end)
    """

    N: Array
    D: Array
    loss: Array
    noise: Array

    @classmethod
    def of(cls, cell: Cell, repetitions: Sequence[int], random_seed: int) -> Projects:
        """Draw the first runs of a project for each repetition."""
        streams = [[np.random.default_rng([random_seed, one, kind]) for kind in (DRAWS, NOISE)] for one in repetitions]
        drawn = np.array([cell.design.draw(draws, cell.seeds) for draws, _ in streams])
        noise = np.array([_drawn(cell.noise, stream, cell.seeds + cell.scalings) for _, stream in streams])
        N, D = drawn[:, 0], drawn[:, 1]
        return cls(N, D, noisy_losses(cell.law, N, D, noise[:, : cell.seeds]), noise)

    @property
    def positive(self) -> NDArray[np.bool_]:
        """Which losses are positive and finite, shape (m, n_runs)."""
        return np.asarray(np.isfinite(self.loss) & (self.loss > 0))

    @property
    def possible(self) -> NDArray[np.bool_]:
        """Which projects have only such losses, shape (m,)."""
        return np.asarray(self.positive.all(axis=1))

    def runs(self, compute: Compute) -> Runs:
        """Return the runs of all projects, one project after the other."""
        return Runs(self.N.ravel(), self.D.ravel(), self.loss.ravel(), compute=compute)

    def extended(self, law: Law, N: Array, D: Array) -> Projects:
        """Return the projects with one more run each, of N parameters on D tokens, shapes (m,)."""
        added = noisy_losses(law, N, D, self.noise[:, self.N.shape[1]])
        more_N, more_D, more_loss = (np.column_stack(one) for one in ((self.N, N), (self.D, D), (self.loss, added)))
        return Projects(more_N, more_D, more_loss, self.noise)

    def take(self, which: NDArray[np.bool_]) -> Projects:
        """Return some of the projects."""
        return Projects(self.N[which], self.D[which], self.loss[which], self.noise[which])


def _drawn(noise: DrawNoise, rng: np.random.Generator, count: int) -> Array:
    try:
        drawn = as_real_array(noise(rng, count), "noise")
    except Cancelled:
        raise
    except Exception as error:
        remedy = "give a function of a generator and a number of runs"
        raise InputError("noise", f"raised {brief(error)}", remedy=remedy) from error
    if drawn.shape != (count,):
        raise InputError("noise", "must return one value per run", got=f"shape {drawn.shape} for {count} runs")
    return drawn


def noisy_losses(law: Law, N: Array, D: Array, noise: Array) -> Array:
    """Return the losses of runs with their noise."""
    with np.errstate(all="ignore"):
        return np.asarray(law.loss(N, D) + noise)


@dataclass(frozen=True, eq=False, slots=True)
class Outcome:
    """What a project has come to: its law, how the last fit ended, and its runs."""

    law: Law
    status: str
    runs: Runs


def measured(
    cell: Cell, repetitions: Sequence[int], random_seed: int, targets: Array, intervals: Intervals | None = None
) -> dict[str, Array]:
    """Simulate projects of a cell, fit them, and measure the fits.

    Parameters
    ----------
    cell : Cell
    repetitions : sequence of int
        Numbers of the repetitions; each has the same random numbers in every cell.
    random_seed : int
    targets : ndarray, shape (t,)
        Budgets in FLOPs.
    intervals : Intervals, optional
        How the intervals of each fit are estimated; none are without it.

    Returns
    -------
    dict of str to ndarray
        ``repetition``, ``status``, the parameters, ``a``, ``b``, their errors and ``seconds``, shapes (m,), and the
        names of `AT_TARGET`, shapes (m, t), with the names of `intervals.ENDS`. NaN where a law has no optimum, and
        where a project has the status `IMPOSSIBLE` before its first fit.

    Raises
    ------
    InputError
        If the noise leaves a loss of every project not positive or not finite.
    """
    started = time.perf_counter()
    projects = Projects.of(cell, repetitions, random_seed)
    possible = projects.possible
    if not possible.any():
        raise _refusal(projects)
    found = _measured(cell, _outcomes(cell, projects.take(possible)), targets, intervals)
    status = np.array([IMPOSSIBLE] * len(possible), dtype=object)
    status[possible] = found.pop("status")
    return {
        "repetition": np.asarray(repetitions),
        "status": status.astype(str),
        **{name: _in_rows(possible, values) for name, values in found.items()},
        "seconds": np.full(len(repetitions), (time.perf_counter() - started) / len(repetitions)),
    }


def _refusal(projects: Projects) -> InputError:
    """Return the error for noise that leaves no project possible, which names its first impossible loss."""
    at = np.unravel_index(np.argmin(projects.positive), projects.loss.shape)
    return InputError(
        "noise",
        "must leave losses positive and finite",
        got=f"a loss of {projects.loss[at]:g}",
        place=f"at N = {projects.N[at]:g}, D = {projects.D[at]:g}",
        remedy="make it smaller",
    )


def _in_rows(rows: NDArray[np.bool_], values: Array) -> Array:
    """Return the values in their rows, and NaN in the other ones."""
    found = np.full((len(rows), *values.shape[1:]), np.nan)
    found[rows] = values
    return found


def _measured(cell: Cell, outcomes: Sequence[Outcome], targets: Array, intervals: Intervals | None) -> dict[str, Array]:
    """Return what is measured of each outcome."""
    compute = cell.design.compute
    at = np.array([_at_targets(one.law, cell.law, targets, compute) for one in outcomes])
    ends = {}
    if intervals is not None:
        problems = [replace(cell.problem, runs=one.runs) for one in outcomes]
        ends = intervals.at([(problem, one.law) for problem, one in zip(problems, outcomes, strict=True)], targets)
    return {
        "status": np.array([one.status for one in outcomes]),
        **_parameters(cell, outcomes),
        **{name: at[:, index] for index, name in enumerate(AT_TARGET)},
        **ends,
    }


def _outcomes(cell: Cell, projects: Projects) -> list[Outcome]:
    """Fit the seeds of projects, and after each scaled run all their runs."""
    found = _fitted(cell, projects)
    going = np.arange(len(found))
    for _ in range(cell.scalings):
        chosen = [_scaled(cell, found[index]) for index in going]
        ends = np.array([one is None for one in chosen], dtype=bool)
        for index in going[ends]:
            found[index] = replace(found[index], status=NO_OPTIMUM)
        going, projects = going[~ends], projects.take(~ends)
        if not going.size:
            break
        N, D = np.array([one for one in chosen if one is not None]).T
        projects = projects.extended(cell.law, N, D)
        possible = projects.possible
        for index in going[~possible]:
            found[index] = replace(found[index], status=IMPOSSIBLE)
        going, projects = going[possible], projects.take(possible)
        if not going.size:
            break
        for index, outcome in zip(going, _fitted(cell, projects), strict=True):
            found[index] = outcome
    return found


def _fitted(cell: Cell, projects: Projects) -> list[Outcome]:
    """Fit all runs of projects."""
    runs, count = projects.runs(cell.design.compute), len(projects.N)
    fits = fit_many(replace(cell.problem, runs=runs), count, cell.law)
    each = np.arange(len(runs)).reshape(count, -1)
    return [
        Outcome(law, status.value, runs.take(which))
        for law, status, which in zip(fits.laws, fits.status, each, strict=True)
    ]


def _scaled(cell: Cell, project: Outcome) -> tuple[float, float] | None:
    """Return N and D of the next scaled run; None if the law has no optimum there."""
    assert cell.factor is not None
    compute = cell.design.compute
    C = cell.factor * max(cell.design.largest_C, float(project.runs.C.max()))
    if optimum(project.law, C, compute) is None:
        return None
    run = compute_optimal_run(project.law, C, cell.models, compute)
    return float(run.N), float(max(1, round(run.D)))


def _parameters(cell: Cell, outcomes: Sequence[Outcome]) -> dict[str, Array]:
    """Return the parameters of laws, the exponents a and b of N* and D* in C, and the errors of exponents, by name."""
    parameters = cell.problem.family.parameters
    names = [*(one.name for one in parameters), "a", "b"]
    rows = [[*one.law.as_dict().values(), *exponents_at(one.law, one.runs)] for one in outcomes]
    true = [[*cell.law.as_dict().values(), *exponents_at(cell.law, one.runs)] for one in outcomes]
    found = dict(zip(names, np.array(rows).T, strict=True))
    truth = dict(zip([*cell.law.as_dict(), "a", "b"], np.array(true).T, strict=True))
    powers = [one.name for one in parameters if one.kind == "exponent"]
    return found | {f"{name}_error": found[name] - truth[name] for name in (*powers, "a", "b") if name in truth}


def _at_targets(law: Law, truth: Law, targets: Array, compute: Compute) -> Array:
    """Return what is measured of a law at budgets, shape (len(AT_TARGET), t); errors are logarithms of ratios."""
    best_N, best_D = optima(truth, targets, compute)
    N, D = optima(law, targets, compute)
    found = np.full((len(AT_TARGET), len(targets)), np.nan)
    known = np.isfinite(N)
    if known.any():
        N, D, least = N[known], D[known], truth.loss(best_N, best_D)[known]
        price = deadweight_compute(truth, N, D, compute)
        with np.errstate(divide="ignore"):
            predicted = law.loss(N, D)
            errors = np.log(N / best_N[known]), np.log(D / best_D[known]), np.log(predicted / least)
        found[:, known] = [N, D, predicted, *errors, price.flops, price.share]
    return found
