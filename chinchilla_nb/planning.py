"""What to train next, from a session's state: a seed while there are few runs, a compute-optimal run after that."""

from __future__ import annotations

import numpy as np

from chinchilla_nb.engine.fit import Fit
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.engine.scaling import ScaledRun, compute_optimal_run, next_budget
from chinchilla_nb.engine.seeding import Seed, draw_seed
from chinchilla_nb.settings import Settings

__all__ = ["DEFAULT_FACTOR", "next_scale_step", "next_seed"]

DEFAULT_FACTOR = 10.0
"""Times the largest compute so far that a step gets where the settings have no scaling factor."""


def next_seed(settings: Settings, rng: np.random.Generator) -> Seed:
    """Draw a run from the seed regime.

    Raises
    ------
    ValueError
        If there is no seed regime, or no configuration lies in it.
    """
    if settings.seed_regime is None:
        raise ValueError(
            "there are no seed ranges to draw from: set seed_ranges, the range of C and of tokens per parameter"
        )
    search = settings.model_search
    return draw_seed(rng, settings.seed_regime, None if search is None else search.table())


def next_scale_step(settings: Settings, runs: Runs, fit: Fit | None) -> ScaledRun:
    """Allocate the scaling factor times the largest compute so far by the fitted law.

    Raises
    ------
    ValueError
        If nothing has been fitted, or the law has no optimum.
    """
    if fit is None:
        raise ValueError("the next scale step follows from the law: fit it first")
    search = settings.model_search
    budget = next_budget(settings.scaling_factor or DEFAULT_FACTOR, runs, settings.seed_regime)
    return compute_optimal_run(fit.law, budget, None if search is None else search.table())
