"""Simulations watched run by run, and studies of how well many of them find the law they come from."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.fitting.fit import Fit, FitProgress
from chinchilla_nb.engine.laws.allocation import allocate
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.runs import Runs, read_only
from chinchilla_nb.engine.simulation.noise import draw_noise
from chinchilla_nb.engine.simulation.simulate import Procedure, iter_simulation, pseudo_loss

__all__ = ["StudyProgress", "Task", "WatchedSimulation", "iter_study", "iter_watched", "relative_error"]

FEWEST_RUNS = 6
"""Runs from which on a watched simulation is fitted: one more than the law has parameters."""

GROWTH = 1.05
"""By how much the runs must grow before they are fitted again, so that a hundred seeds take fifty fits."""


@dataclass(frozen=True, slots=True)
class Task:
    """A hypothetical task: its scaling law, and what imperfect training adds to the loss.

    Attributes
    ----------
    law : Law
    noise : str
        A family of `noise.NOISE_FAMILIES`.
    size : float
        Size of the noise, in units of the loss; 0 for none.
    """

    law: Law
    noise: str = "exponential"
    size: float = 0.1

    def trainer(self, rng: np.random.Generator) -> Callable[[float, float], float]:
        """Return a function from N and D to the loss of a pseudo-run."""
        noise = draw_noise(self.noise, self.size, rng) if self.size else None
        return lambda N, D: pseudo_loss(self.law, N, D, noise)


@dataclass(frozen=True, eq=False, slots=True)
class WatchedSimulation:
    """How far a simulation is.

    Attributes
    ----------
    stage : str
        ``"seeding"`` or ``"scaling"`` after a run, ``"fitting"`` within a fit.
    done, total : int
        Runs made, and runs to make.
    runs : Runs
    fits : tuple of Fit
        Each fit so far, to ever more of the runs.
    """

    stage: str
    done: int
    total: int
    runs: Runs
    fits: tuple[Fit, ...] = ()

    @property
    def fit(self) -> Fit | None:
        """The last fit."""
        return self.fits[-1] if self.fits else None


def iter_watched(
    procedure: Procedure,
    task: Task,
    iter_fit: Callable[[Runs], Iterator[FitProgress]],
    rng: np.random.Generator,
    *,
    watch: bool = True,
) -> Iterator[WatchedSimulation]:
    """Simulate, and fit the runs again and again while they come.

    Parameters
    ----------
    procedure : Procedure
    task : Task
    iter_fit : callable
        Fits runs, as `fit.iter_fit` does with everything but the runs filled in.
    rng : Generator
        Where seeds and noise are drawn from.
    watch : bool, default True
        Whether to fit while seeds come, or only where the procedure needs it and at the end.

    Yields
    ------
    WatchedSimulation
        Within each fit, and after each run with the fit that followed it, if one did.

    Raises
    ------
    ValueError
        If no seed can be drawn, a loss is not positive, or the runs are too few to be fitted.
    """
    fits: list[Fit] = []
    # A scaled run is due only after the runs before it were fitted, here.
    for step in iter_simulation(procedure, task.trainer(rng), lambda _runs: fits[-1], rng):
        last = step.done == step.total
        fitted = len(fits[-1].runs) if fits else 0
        due = step.done >= FEWEST_RUNS and step.done >= fitted * GROWTH
        if last or step.done >= procedure.seeds or (watch and due):
            best: Fit | None = None
            for progress in iter_fit(step.runs):
                best = progress.best
                yield WatchedSimulation("fitting", step.done, step.total, step.runs, tuple(fits))
            if best is not None:
                fits.append(best)
        yield WatchedSimulation(step.stage, step.done, step.total, step.runs, tuple(fits))


@dataclass(frozen=True, eq=False, slots=True)
class StudyProgress:
    """How far a study is.

    Attributes
    ----------
    done, total : int
        Simulations made, and simulations to make.
    seeds : ndarray of int, shape (n_counts,)
        Numbers of seeds, ascending.
    errors : ndarray, shape (n_repetitions, n_counts)
        Relative error of N* at the target budget after each simulation; NaN for one not made yet, infinite where the
        fitted law has no optimum.
    """

    done: int
    total: int
    seeds: NDArray[np.int64]
    errors: NDArray[np.float64]

    def quartiles(self) -> NDArray[np.float64]:
        """Return lower quartile, median and upper quartile for each number of seeds, shape (3, n_counts)."""
        found = np.full((3, len(self.seeds)), np.nan)
        for column in range(len(self.seeds)):
            errors = self.errors[:, column]
            made = errors[~np.isnan(errors)]
            if len(made):
                # Without interpolation, as some errors may be infinite.
                found[:, column] = np.quantile(made, [0.25, 0.5, 0.75], method="inverted_cdf")
        return found


def iter_study(
    procedure: Procedure,
    task: Task,
    iter_fit: Callable[[Runs], Iterator[FitProgress]],
    C: float,
    *,
    seeds: Sequence[int],
    repetitions: int,
    random_seed: int,
) -> Iterator[StudyProgress]:
    """Simulate again and again with different numbers of seeds, and compare N* at a budget with the true one.

    Parameters
    ----------
    procedure : Procedure
        Its own number of seeds is not used.
    task : Task
    iter_fit : callable
        As in `iter_watched`.
    C : float
        Target budget in FLOPs.
    seeds : sequence of int
        Numbers of seeds to compare. In one repetition the fewer seeds are the first of the more.
    repetitions : int
    random_seed : int
        The same one makes the same study.

    Yields
    ------
    StudyProgress
        Within each fit, so that a study can be stopped there, and after each simulation.
    """
    counts = read_only(np.array(sorted(set(seeds))))
    errors = np.full((repetitions, len(counts)), np.nan)
    progress = StudyProgress(0, errors.size, counts, read_only(errors.copy()))
    for repetition in range(repetitions):
        for column, count in enumerate(counts):
            rng = np.random.default_rng([random_seed, repetition])
            these = dataclasses.replace(procedure, seeds=int(count))
            fit: Fit | None = None
            for state in iter_watched(these, task, iter_fit, rng, watch=False):
                fit = state.fit
                yield progress
            errors[repetition, column] = np.inf if fit is None else relative_error(fit.law, task.law, C)
            progress = StudyProgress(progress.done + 1, errors.size, counts, read_only(errors.copy()))
            yield progress


def relative_error(law: Law, truth: Law, C: float) -> float:
    """Return by how much the compute-optimal N at a budget is off, as a share of the true one.

    Infinite where the law has no optimum inside.
    """
    try:
        N = float(allocate(law, C)[0])
    except ValueError:
        return float(np.inf)
    return abs(N / float(allocate(truth, C)[0]) - 1)
