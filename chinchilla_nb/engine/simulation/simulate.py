"""Scaling-law estimation on a task whose law is known: pseudo-runs, and whole procedures of seeds and scaled runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from chinchilla_nb.engine.fitting.fit import Fit
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.planning.model_search import ModelTable
from chinchilla_nb.engine.planning.scaling import ScaledRun, compute_optimal_run, next_budget
from chinchilla_nb.engine.planning.seeding import SeedRegime, draw_seed
from chinchilla_nb.engine.runs import Runs

__all__ = ["NOISE_MEAN", "Procedure", "SimulationProgress", "exponential_noise", "iter_simulation", "pseudo_loss"]

NOISE_MEAN = 0.1
"""Mean of the default noise, in units of the loss."""


@dataclass(frozen=True, eq=False, slots=True)
class Procedure:
    """What is simulated: how runs are chosen, by seeds first and then by the fitted law.

    Attributes
    ----------
    regime : SeedRegime
        What seeds are drawn from.
    seeds, scalings : int
        Number of seed runs, and of scaled runs after them.
    factor : float, optional
        How many times the largest compute so far the next scaled run gets; needed when ``scalings`` is not zero.
    models : ModelTable, optional
        The configurations that exist.
    """

    regime: SeedRegime
    seeds: int
    scalings: int
    factor: float | None = None
    models: ModelTable | None = None


@dataclass(frozen=True, eq=False, slots=True)
class SimulationProgress:
    """How far a simulation is; the last one has all runs, and the fit to all of them where there are enough."""

    stage: str
    done: int
    total: int
    runs: Runs
    fit: Fit | None = field(default=None)


def pseudo_loss(law: Law, N: float, D: float, noise: Iterator[float] | None) -> float:
    """Return the loss of one pseudo-run: the law's, plus the next noise.

    Raises
    ------
    ValueError
        If the noise has ended, is not a number, or makes the loss something no run could have.
    """
    loss = float(law.loss(N, D))
    if noise is None:
        return loss
    try:
        added = next(noise)
    except StopIteration:
        raise ValueError(
            "noise_generator ended before the simulation did: give it at least one value per run"
        ) from None
    try:
        noisy = loss + float(added)
    except (TypeError, ValueError):
        raise ValueError(f"noise_generator must give numbers, got {added!r}") from None
    if not (np.isfinite(noisy) and noisy > 0):
        raise ValueError(
            f"noise_generator must leave the loss positive and finite, got {added!r} on a loss of {loss:g}"
        )
    return noisy


def exponential_noise(rng: np.random.Generator, mean: float = NOISE_MEAN) -> Iterator[float]:
    """Draw losses in excess of the law from an exponential distribution, without end."""
    while True:
        yield float(rng.exponential(mean))


def iter_simulation(
    procedure: Procedure,
    train: Callable[[int, float], float],
    fit: Callable[[Runs], Fit],
    rng: np.random.Generator,
) -> Iterator[SimulationProgress]:
    """Seed, then fit and scale, one pseudo-run at a time.

    Parameters
    ----------
    procedure : Procedure
    train : callable
        ``train(N, D)`` returns the loss of a run.
    fit : callable
        ``fit(runs)`` returns the fit to them.
    rng : Generator
        Where seeds are drawn from.

    Yields
    ------
    SimulationProgress
        After each run, and after the last fit.

    Raises
    ------
    ValueError
        If the runs are too few to fit when the first scaled run is due.
    """
    total = procedure.seeds + procedure.scalings
    N, D, loss = np.empty(total), np.empty(total), np.empty(total)
    best: Fit | None = None
    for done in range(total):
        if done < procedure.seeds:
            stage = "seeding"
            seed = draw_seed(rng, procedure.regime, procedure.models)
            run_N, run_D = seed.N, seed.D
        else:
            stage = "scaling"
            best = fit(Runs(N[:done], D[:done], loss[:done]))
            run = _scale(procedure, best)
            run_N, run_D = run.N, run.D
        # Whole tokens, as a record of real runs holds them.
        N[done], D[done] = run_N, max(1, round(run_D))
        loss[done] = train(run_N, D[done])
        so_far = slice(done + 1)
        yield SimulationProgress(stage, done + 1, total, Runs(N[so_far], D[so_far], loss[so_far]), best)


def _scale(procedure: Procedure, best: Fit) -> ScaledRun:
    if procedure.factor is None:
        raise ValueError("factor must be given to simulate scaling steps, got None")
    budget = next_budget(procedure.factor, best.runs, procedure.regime)
    return compute_optimal_run(best.law, budget, procedure.models)
