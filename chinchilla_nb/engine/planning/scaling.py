"""The next run after the seeds: its compute and the allocation of that compute."""

from __future__ import annotations

import numpy as np

from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.compute.product import SIX_ND
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.allocation import allocate, compute_optimal_D, optima
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.planning.model_search import ModelTable
from chinchilla_nb.engine.planning.next_run import NextRun
from chinchilla_nb.engine.planning.seeding import SeedRegime
from chinchilla_nb.engine.runs import Runs

__all__ = ["compute_optimal_run", "next_budget", "optimum"]


def next_budget(factor: float, runs: Runs, regime: SeedRegime | None) -> float:
    """Return a multiple of the largest compute so far, including that of the seed regime, in FLOPs.

    Raises
    ------
    InputError
        If there is neither a run nor a seed regime to scale up from.
    """
    reached = [*([float(runs.C.max())] if len(runs) else []), *((regime.C[1],) if regime else ())]
    if not reached:
        raise InputError("", "there is nothing to scale up from", remedy="append runs, or give seed_ranges or C")
    return float(factor * max(reached))


def compute_optimal_run(law: Law, C: float, models: ModelTable | None = None, compute: Compute = SIX_ND) -> NextRun:
    """Spend a budget of C FLOPs on a whole number of parameters.

    With a model search, N is the size of the configuration nearest to the optimum and D is compute-optimal for that N,
    so that its compute may differ from C. Without one, N is the rounded optimum and D spends the rest of the compute.

    Parameters
    ----------
    law : Law
    C : float
    models : ModelTable, optional
        The configurations of a model search.
    compute : Compute
        How C follows from N and D.

    Raises
    ------
    InputError
        If C is not positive and finite, or the law has no interior optimum.
    """
    N_opt = float(allocate(law, C, compute)[0])
    if models is None:
        N = max(1, round(N_opt))
        return NextRun(N, float(compute.D(C, N)))
    config, size = models.nearest(N_opt)
    N = max(1, round(size))
    return NextRun(N, float(compute_optimal_D(law, np.float64(N), compute)), config)


def optimum(law: Law, C: float, compute: Compute = SIX_ND) -> tuple[float, float] | None:
    """Return N* and D* at a budget of C FLOPs; None if the law has no optimum there."""
    N, D = optima(law, C, compute)
    return None if np.isnan(N) else (float(N), float(D))
