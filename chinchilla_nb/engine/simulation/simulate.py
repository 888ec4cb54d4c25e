"""Scaling-law estimation on a task with a known law: pseudo-runs, and fits to a growing number of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.cancellation import Cancelled
from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.compute.product import SIX_ND
from chinchilla_nb.engine.conversion import as_float
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.fit import Fit, FitProgress
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.planning.model_search import ModelTable
from chinchilla_nb.engine.planning.next_run import NextRun
from chinchilla_nb.engine.planning.scaling import compute_optimal_run, next_budget
from chinchilla_nb.engine.planning.seeding import SeedRegime, draw_seed
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.engine.simulation.noise import NOISE_SIZE, draw_noise

__all__ = ["Procedure", "SimulationProgress", "Task", "iter_runs", "iter_simulation", "pseudo_loss"]

FEWEST_RUNS = 6
"""Number of runs from which on seeds are fitted while they arrive: one more than the law has parameters."""

GROWTH = 1.05
"""Factor by which the number of runs must grow before the next fit, so that a hundred seeds take about fifty fits."""


@dataclass(frozen=True, slots=True)
class Task:
    """A hypothetical task: its scaling law, and the noise that imperfect training adds to the loss.

    Attributes
    ----------
    law : Law
    noise : str
        The name of a family in `noise.NOISE_FAMILIES`.
    size : float
        Size of the noise, in units of the loss; 0 for none.
    """

    law: Law
    noise: str = "exponential"
    size: float = NOISE_SIZE

    def trainer(self, rng: np.random.Generator) -> Callable[[float, float], float]:
        """Return a function from N and D to the loss of a pseudo-run."""
        noise = draw_noise(self.noise, self.size, rng) if self.size else None
        return lambda N, D: pseudo_loss(self.law, N, D, noise)


@dataclass(frozen=True, eq=False, slots=True)
class Procedure:
    """How a simulation chooses runs: seeds first, then scaled runs according to the fitted law.

    Attributes
    ----------
    regime : SeedRegime
        The ranges that seeds are drawn from.
    seeds, scalings : int
        Number of seed runs, and of scaled runs after them.
    factor : float, optional
        Compute of the next scaled run as a multiple of the largest so far; required unless ``scalings`` is zero.
    models : ModelTable, optional
        The available model configurations.
    compute : Compute
        How C follows from N and D.
    """

    regime: SeedRegime
    seeds: int
    scalings: int
    factor: float | None = None
    models: ModelTable | None = None
    compute: Compute = SIX_ND

    @property
    def total(self) -> int:
        """Number of runs."""
        return self.seeds + self.scalings

    def stage(self, done: int) -> str:
        """Return the stage of the last of ``done`` runs: ``"seeding"`` or ``"scaling"``."""
        return "seeding" if done <= self.seeds else "scaling"


@dataclass(frozen=True, eq=False, slots=True)
class SimulationProgress:
    """Progress of a simulation.

    Attributes
    ----------
    stage : str
        ``"seeding"`` or ``"scaling"`` after a run and the fit to it; ``"fitting"`` during a fit.
    done, total : int
        Number of runs made, and of runs in all.
    runs : Runs
    fits : tuple of Fit
        The fits so far, each to more of the runs.
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


def pseudo_loss(law: Law, N: float, D: float, noise: Iterator[float] | None) -> float:
    """Return the loss of one pseudo-run: the loss of the law plus the next noise value.

    Raises
    ------
    InputError
        If the noise has ended, raises an exception, is not a number, or makes the loss negative, zero or infinite, or
        if the law does.
    """
    with np.errstate(all="ignore"):
        loss = float(law.loss(N, D))
    if not (np.isfinite(loss) and loss > 0):
        rule, place = "must predict positive, finite losses", f"at N = {N:g}, D = {D:g}"
        raise InputError("target_params", rule, got=f"{loss:g}", place=place)
    if noise is None:
        return loss
    added = _next(noise)
    noisy = loss + added
    if not (np.isfinite(noisy) and noisy > 0):
        rule = "must leave the loss positive and finite"
        raise InputError("noise_generator", rule, got=str(added), place=f"on a loss of {loss:g}")
    return noisy


def _next(noise: Iterator[float]) -> float:
    try:
        added = next(noise)
    except StopIteration:
        remedy = "give it at least one value per run"
        raise InputError("noise_generator", "ended before the simulation did", remedy=remedy) from None
    except Cancelled:
        raise
    except Exception as error:
        raise InputError("noise_generator", f"raised {brief(error)}") from error
    try:
        return as_float(added, "noise_generator")
    except InputError as error:
        raise InputError("noise_generator", "must give numbers", got=error.got) from None


def iter_runs(
    procedure: Procedure,
    train: Callable[[int, float], float],
    fit: Callable[[Runs], Fit],
    rng: np.random.Generator,
) -> Iterator[Runs]:
    """Make pseudo-runs one at a time: seeds first, then scaled runs, each from a fit.

    Parameters
    ----------
    procedure : Procedure
    train : callable
        ``train(N, D)`` returns the loss of a run.
    fit : callable
        ``fit(runs)`` returns the fit that decides the next scaled run.
    rng : Generator
        Random number generator for the seeds.

    Yields
    ------
    Runs
        All runs so far, after each run.

    Raises
    ------
    InputError
        If no seed can be drawn, or there are too few runs to fit when the first scaled run is due.
    """
    N, D, loss = (np.empty(procedure.total) for _ in range(3))
    compute = procedure.compute
    runs = Runs([], [], [], compute=compute)
    for made in range(procedure.total):
        seeding = made < procedure.seeds
        run = draw_seed(rng, procedure.regime, procedure.models, compute) if seeding else _scale(procedure, fit(runs))
        # Whole tokens, as in a record of real runs.
        N[made], D[made] = run.N, max(1, round(run.D))
        loss[made] = train(run.N, D[made])
        so_far = slice(made + 1)
        runs = Runs(N[so_far], D[so_far], loss[so_far], compute=compute)
        yield runs


def _scale(procedure: Procedure, best: Fit) -> NextRun:
    if procedure.factor is None:
        raise InputError("factor", "must be given to simulate scaling steps", got="None")
    budget = next_budget(procedure.factor, best.runs, procedure.regime)
    return compute_optimal_run(best.law, budget, procedure.models, procedure.compute)


def iter_simulation(
    procedure: Procedure,
    task: Task,
    iter_fit: Callable[[Runs], Iterator[FitProgress]],
    rng: np.random.Generator,
    *,
    watch: bool = True,
) -> Iterator[SimulationProgress]:
    """Simulate a project, and fit the runs repeatedly while they arrive.

    Parameters
    ----------
    procedure : Procedure
    task : Task
    iter_fit : callable
        Fits runs: `fit.iter_fit` with all arguments but the runs filled in.
    rng : Generator
        Random number generator for seeds and noise.
    watch : bool, default True
        Whether to fit while seeds arrive, or only when a scaled run is due and at the end.

    Yields
    ------
    SimulationProgress
        During each fit, and after each run and the fit to it, if there was one.

    Raises
    ------
    InputError
        If no seed can be drawn, a loss is not positive, or there are too few runs to fit.
    """
    fits: list[Fit] = []
    total = procedure.total
    # A scaled run is only requested after this loop has fitted the runs before it.
    for runs in iter_runs(procedure, task.trainer(rng), lambda _runs: fits[-1], rng):
        done = len(runs)
        fitted = len(fits[-1].runs) if fits else 0
        due = done >= FEWEST_RUNS and done >= fitted * GROWTH
        if done == total or done >= procedure.seeds or (watch and due):
            best: Fit | None = None
            for progress in iter_fit(runs):
                best = progress.best
                yield SimulationProgress("fitting", done, total, runs, tuple(fits))
            if best is not None:
                fits.append(best)
        yield SimulationProgress(procedure.stage(done), done, total, runs, tuple(fits))
