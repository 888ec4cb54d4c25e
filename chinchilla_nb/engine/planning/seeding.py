"""Draws from the seed regime: the small runs a scaling law is first fitted to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.planning.model_search import ModelTable
from chinchilla_nb.engine.planning.next_run import NextRun

__all__ = ["SeedRegime", "draw_seed"]

TRIES = 1024


@dataclass(frozen=True, slots=True)
class SeedRegime:
    """Ranges that seed runs are drawn from.

    Attributes
    ----------
    C : tuple of float
        Lowest and highest compute of a run, in FLOPs.
    tokens_per_parameter : tuple of float
        Lowest and highest D / N.
    """

    C: tuple[float, float]
    tokens_per_parameter: tuple[float, float]

    def contains(self, N: np.ndarray | float, D: np.ndarray | float) -> np.ndarray:
        """Whether runs of N parameters on D tokens lie in the regime, the ends included up to rounding."""
        N, D = np.asarray(N, dtype=float), np.asarray(D, dtype=float)
        # N and D are rounded to integers on disk, which moves C and D / N by up to half a unit of each.
        slack = 1 + 0.5 / np.minimum(N, D)
        inside = np.ones(np.broadcast(N, D).shape, dtype=bool)
        for value, (low, high) in ((6 * N * D, self.C), (D / N, self.tokens_per_parameter)):
            inside &= (value >= low / slack**2) & (value <= high * slack**2)
        return inside


def draw_seed(rng: np.random.Generator, regime: SeedRegime, models: ModelTable | None = None) -> NextRun:
    """Draw compute and tokens per parameter log-uniformly and turn them into a run.

    Parameters
    ----------
    rng : Generator
        Source of randomness; the same state gives the same run.
    regime : SeedRegime
        What the returned run lies in, also after the model search moved N.
    models : ModelTable, optional
        If given, N is that of the nearest configuration and D spends what is left of the compute.

    Raises
    ------
    InputError
        If none of 1,024 tries gave a run inside the regime; says which range could not be met.
    """
    for _ in range(TRIES):
        C = draw_log_uniform(rng, regime.C)
        ratio = draw_log_uniform(rng, regime.tokens_per_parameter)
        N = (C / (6 * ratio)) ** 0.5
        config = None
        if models is not None:
            config, N = models.nearest(N)
        N = max(1, round(N))
        D = C / (6 * N)
        low, high = regime.tokens_per_parameter
        if models is None:
            # Only the rounding of N can push D / N past an end, always where the ends are equal: C moves instead.
            D = min(max(D, low * N), high * N)
        if _lies(D / N, (low, high), 1e-15) and _lies(6 * N * D, regime.C, 1e-3):
            return NextRun(N, D, config)
    raise _not_found(regime, models)


def draw_log_uniform(rng: np.random.Generator, bounds: tuple[float, float]) -> float:
    """Draw from the log-uniform distribution on [low, high]."""
    low, high = bounds
    return float(np.clip(np.exp(rng.uniform(np.log(low), np.log(high))), low, high))


def _lies(value: float, bounds: tuple[float, float], slack: float) -> bool:
    """Return whether a value lies in bounds, the ends included up to a relative slack."""
    return bounds[0] * (1 - slack) <= value <= bounds[1] * (1 + slack)


def _not_found(regime: SeedRegime, models: ModelTable | None) -> InputError:
    low, high = regime.tokens_per_parameter
    problem = (
        f"no run with D/N between {low:g} and {high:g} (seed_ranges['N_to_D']) and C between {regime.C[0]:g} and "
        f"{regime.C[1]:g} found in {TRIES} tries"
    )
    if models is None:
        remedy = "widen seed_ranges['N_to_D'] or raise seed_ranges['C'] so that N is more than a few parameters"
        return InputError("", problem, remedy=remedy)
    among = f"among {len(models.N)} model sizes from {models.N[0]:g} to {models.N[-1]:g}"
    remedy = "add sizes to hyperparam_grid or widen seed_ranges['N_to_D']"
    return InputError("", problem, place=among, remedy=remedy)
