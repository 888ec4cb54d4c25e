"""Intervals of the fits of simulated projects, to measure how often they hold the true value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.problem import Problem
from chinchilla_nb.engine.fitting.results import Fit, FitStatus
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.uncertainty.estimate import estimate_uncertainty
from chinchilla_nb.engine.uncertainty.uncertainty import Uncertainty

__all__ = ["ENDS", "Intervals"]

Array = NDArray[Any]

ENDS = ("N_low", "N_high", "loss_low", "loss_high")
"""The ends of the intervals of N* and of the loss there at a target budget, in this order."""


@dataclass(frozen=True, slots=True)
class Intervals:
    """How intervals are estimated.

    Attributes
    ----------
    method : str
        As for `estimate_uncertainty`.
    level : float
    draws : int
        Number of refits of a bootstrap.
    """

    method: str
    level: float = 0.95
    draws: int = 1000

    def at(self, fits: Sequence[tuple[Problem, Law]], targets: Array) -> dict[str, Array]:
        """Return the ends of intervals at target budgets, shapes (m, t), by the names of `ENDS`.

        Where there is no uncertainty of a fit, its intervals have no ends: they reach from zero to infinity.
        """
        found = np.array([self._of(problem, law, targets) for problem, law in fits])
        return {name: found[:, index] for index, name in enumerate(ENDS)}

    def _of(self, problem: Problem, law: Law, targets: Array) -> Array:
        nothing: Array = np.empty((0, len(problem.family.parameters)))
        fit = Fit(problem, law, np.nan, FitStatus.CONVERGED, (), np.empty(0), nothing)
        try:
            # The same draws for every project, so that a study repeats exactly.
            uncertainty = estimate_uncertainty(fit, self.method, self.draws, rng=0)
            assert isinstance(uncertainty, Uncertainty)
            at = uncertainty.allocate(targets, self.level)
        except InputError:
            return np.repeat([[0.0], [np.inf], [0.0], [np.inf]], len(targets), axis=1)
        return np.array([at["N"].low, at["N"].high, at["loss"].low, at["loss"].high])
