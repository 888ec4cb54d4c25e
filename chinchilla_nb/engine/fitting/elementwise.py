"""A loss given by the user, called on all runs at once and checked, and whether the loss of a run is its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.cancellation import cancellation_point
from chinchilla_nb.engine.errors import FitError
from chinchilla_nb.engine.fitting.losses import LossFunction, loss_name
from chinchilla_nb.engine.fitting.problem import Problem
from chinchilla_nb.engine.fitting.user_functions import per_run

__all__ = ["UserLoss"]

Array = NDArray[Any]

PROBES = (1e-3, 1e-1, 2.0)
"""Relative errors of the predictions at which a loss is tested for being elementwise."""
SAME = 1e-12
"""Relative difference of two losses that is rounding."""


@dataclass(frozen=True, eq=False, slots=True)
class UserLoss:
    """``loss_fn(y_true, y_pred)`` as a function of the residuals of all runs.

    It is always called on all runs in their order, because a loss may hold values of its own for each run.

    Attributes
    ----------
    loss_fn : callable
    truth : ndarray, shape (n_runs,)
        Measured losses in the units of the user.
    unit : float
        The loss that equals one in the units of the residuals.
    """

    loss_fn: LossFunction
    truth: Array
    unit: float

    @classmethod
    def of(cls, problem: Problem, unit: float) -> UserLoss:
        """Return the loss of a problem."""
        return cls(problem.loss_fn, problem.runs.loss, unit)

    def __call__(self, residuals: Array) -> Array:
        """Return the loss of each run, shape (n_runs,), in the precision of the residuals; infinity where not finite.

        Raises
        ------
        FitError
            If the loss raises an exception, changes its arguments, or does not return one real number per run.
        """
        losses = self._returned(residuals).astype(residuals.dtype)
        return np.where(np.isfinite(losses), losses, np.asarray(np.inf, losses.dtype))

    @property
    def size(self) -> Array:
        """Measured losses in the units of the residuals, shape (n_runs,)."""
        return self.truth / self.unit

    def precision(self) -> type[np.floating[Any]]:
        """Return the precision of what the loss returns for arguments in long double, which it may not accept."""
        residuals = PROBES[0] * self.size.astype(np.longdouble)
        try:
            kind = self._returned(residuals).dtype
            agrees = np.allclose(self(residuals).astype(float), self(residuals.astype(float)), equal_nan=True)
        except FitError:
            return self._returned(residuals.astype(float)).dtype.type
        return kind.type if agrees else np.float64

    def is_elementwise(self) -> bool:
        """Return whether the loss of a run depends on the prediction of no other run, and on nothing else."""
        size, rng = self.size, np.random.default_rng(0)
        for probe in PROBES:
            first = size * probe * rng.uniform(-min(probe, 0.9) / probe, 1, len(size))
            before = self(first)
            for moved in (rng.random(len(size)) < 0.5, np.zeros(len(size), dtype=bool)):
                second = np.where(moved, first + probe * size * rng.uniform(0.1, 1, len(size)), first)
                if not np.allclose(self(second)[~moved], before[~moved], rtol=SAME, atol=0.0):
                    return False
        return True

    def _returned(self, residuals: Array) -> Array:
        cancellation_point()
        truth = self.truth.astype(residuals.dtype)
        predicted = truth + residuals * np.asarray(self.unit, residuals.dtype)
        return per_run(self.loss_fn, loss_name(self.loss_fn), "loss", y_true=truth, y_pred=predicted)
