"""Everything a session is configured with, as one immutable value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from chinchilla_nb.engine.fitting.losses import LossFunction, asymmetric_mae
from chinchilla_nb.engine.fitting.problem import Problem
from chinchilla_nb.engine.laws.chinchilla_family import CHINCHILLA
from chinchilla_nb.engine.laws.starts import HOFFMANN_GRID, StartGrid
from chinchilla_nb.engine.planning.model_search import ModelTable, tabulate_models
from chinchilla_nb.engine.planning.seeding import SeedRegime
from chinchilla_nb.engine.runs import Runs

__all__ = ["ModelSearch", "Settings"]


@dataclass(frozen=True, eq=False, slots=True)
class ModelSearch:
    """Which model configurations to choose from, and how large each of them is."""

    hyperparam_grid: Mapping[str, Iterable[Any]]
    size_estimator: Callable[..., float]

    def table(self) -> ModelTable:
        """Return every configuration with its size; estimated once, as an estimator may build real models."""
        return _tabulated(self)


@lru_cache(maxsize=8)
def _tabulated(search: ModelSearch) -> ModelTable:
    return tabulate_models(search.hyperparam_grid, search.size_estimator)


@dataclass(frozen=True, eq=False, slots=True)
class Settings:
    """What a fit starts from and minimises, where seeds are drawn, and how compute is scaled.

    Attributes
    ----------
    grid : StartGrid
        Starting values of the fit.
    seed_regime : SeedRegime or None
        Where seeds are drawn; None if runs come from elsewhere.
    model_search : ModelSearch or None
        Configurations that N is rounded to; None to leave N free.
    loss_fn : callable
        ``loss_fn(y_true, y_pred)``, a loss per run.
    weight_fn : callable or None
        ``weight_fn(C)``, a weight per run.
    num_seeding_steps : int or None
        Seeds to train before compute is scaled.
    scaling_factor : float or None
        Factor from the largest compute so far to the next.
    bounds : mapping of str to (float, float)
        Limits of single parameters in a fit; equal ends fix a parameter.
    dtype : type
        Precision that the fit is polished in.
    """

    grid: StartGrid = field(default_factory=lambda: HOFFMANN_GRID)
    seed_regime: SeedRegime | None = None
    model_search: ModelSearch | None = None
    loss_fn: LossFunction = asymmetric_mae
    weight_fn: Callable[..., Any] | None = None
    num_seeding_steps: int | None = None
    scaling_factor: float | None = None
    bounds: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    dtype: type[np.floating[Any]] = np.longdouble

    @property
    def models(self) -> ModelTable | None:
        """The configurations that N is rounded to, with their sizes; None to leave N free."""
        return None if self.model_search is None else self.model_search.table()

    def problem(self, runs: Runs) -> Problem:
        """Return what a fit to runs under these settings is asked."""
        return Problem(runs, CHINCHILLA, self.grid, self.loss_fn, self.weight_fn, self.bounds, self.dtype)
