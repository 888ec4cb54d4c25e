"""Draws from the seed regime: the small runs to which a scaling law is first fitted."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.compute.points import at_ratio
from chinchilla_nb.engine.compute.product import SIX_ND
from chinchilla_nb.engine.conversion import as_magnitudes, as_range, check_type
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.planning.model_search import ModelTable
from chinchilla_nb.engine.planning.next_run import NextRun

__all__ = ["SeedRegime", "draw_seed"]

TRIES = 1024
"""Draws after which a regime counts as impossible to meet: enough that one which is met at times is not refused."""
ROUNDED_RATIO, ROUNDED_COMPUTE = 1e-15, 1e-3
"""Relative amounts by which D / N and C of a seed may pass the ends of their ranges: the first is float64 rounding,
the second allows for the rounding of N."""


@dataclass(frozen=True, slots=True)
class SeedRegime:
    """Ranges that seed runs are drawn from.

    Attributes
    ----------
    C : tuple of float
        Lowest and highest compute of a run, in FLOPs.
    tokens_per_parameter : tuple of float
        Lowest and highest D / N.

    Raises
    ------
    InputError
        If a range is not two positive, finite numbers, the lowest and the highest.
    """

    C: tuple[float, float]
    tokens_per_parameter: tuple[float, float]

    def __post_init__(self) -> None:
        for name in ("C", "tokens_per_parameter"):
            object.__setattr__(self, name, as_range(getattr(self, name), name))

    def contains(self, N: np.ndarray | float, D: np.ndarray | float, compute: Compute = SIX_ND) -> np.ndarray:
        """Return whether runs of N parameters on D tokens lie in the regime, ends included, up to rounding.

        Parameters
        ----------
        N, D : array_like
            They broadcast.
        compute : Compute
            How C follows from N and D.

        Raises
        ------
        InputError
            If N or D is not a number, zero or negative, or they do not broadcast.
        """
        check_type(compute, "compute", Compute)
        N, D = as_magnitudes(N=N, D=D)
        # N and D are rounded to integers on disk, by up to half a unit each, which changes C and D / N.
        inside = np.ones(np.broadcast(N, D).shape, dtype=bool)
        with np.errstate(all="ignore"):  # of sizes that are no run's
            slack = 1 + 0.5 / np.minimum(N, D)
            for value, (low, high) in ((compute.C(N, D), self.C), (D / N, self.tokens_per_parameter)):
                inside &= (value >= low / slack**2) & (value <= high * slack**2)
        return inside


def draw_seed(
    rng: np.random.Generator, regime: SeedRegime, models: ModelTable | None = None, compute: Compute = SIX_ND
) -> NextRun:
    """Draw compute and tokens per parameter log-uniformly and turn them into a run.

    Parameters
    ----------
    rng : Generator
        Random number generator; the same state gives the same run.
    regime : SeedRegime
        Ranges that contain the returned run, even if the model search changes N.
    models : ModelTable, optional
        If given, N is the size of the nearest configuration and D spends the rest of the compute.
    compute : Compute
        How C follows from N and D.

    Raises
    ------
    InputError
        If none of 1,024 draws lies in the regime; the error names the ranges. An InputTypeError if an argument is
        something else.
    """
    check_type(rng, "rng", np.random.Generator)
    check_type(regime, "regime", SeedRegime)
    check_type(models, "models", ModelTable, type(None))
    check_type(compute, "compute", Compute)
    with np.errstate(all="ignore"):  # of ranges at the ends of float64
        for _ in range(TRIES):
            run = _tried(rng, regime, models, compute)
            if run is not None:
                return run
    raise _not_found(regime, models)


def _tried(rng: np.random.Generator, regime: SeedRegime, models: ModelTable | None, compute: Compute) -> NextRun | None:
    """Draw a run; None if rounding or the model search puts it outside the regime."""
    C = draw_log_uniform(rng, regime.C)
    ratio = draw_log_uniform(rng, regime.tokens_per_parameter)
    N = float(at_ratio(compute, C, ratio))
    if not math.isfinite(N):
        return None
    config = None
    if models is not None:
        config, N = models.nearest(N)
    N = max(1, round(N))
    D = float(compute.D(C, N))
    low, high = regime.tokens_per_parameter
    if models is None:
        # Only the rounding of N can move D / N past an end, and always does where the ends are equal: adjust C.
        D = min(max(D, low * N), high * N)
    if _lies(D / N, (low, high), ROUNDED_RATIO) and _lies(float(compute.C(N, D)), regime.C, ROUNDED_COMPUTE):
        return NextRun(N, D, config)
    return None


def draw_log_uniform(rng: np.random.Generator, bounds: tuple[float, float]) -> float:
    """Draw from the log-uniform distribution over [low, high]."""
    low, high = bounds
    return float(np.clip(np.exp(rng.uniform(np.log(low), np.log(high))), low, high))


def _lies(value: float, bounds: tuple[float, float], slack: float) -> bool:
    """Return whether a value lies within bounds, ends included, up to a relative slack."""
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
