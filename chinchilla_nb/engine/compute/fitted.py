"""Conventions estimated from the compute of runs: C = kappa ND by their mean, C = k N^p D^q by least squares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.compute.power import PowerCompute
from chinchilla_nb.engine.compute.product import ProductCompute
from chinchilla_nb.engine.conversion import check_type
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.quantity import percent

__all__ = ["FittedCompute", "MeasuredCompute", "fitted_compute", "measured_compute"]

Array = NDArray[Any]

FEWEST = 4
"""Runs that determine k, p and q and leave one degree of freedom to judge them by."""
INDEPENDENT = 0.01
"""Least standard deviation of log N and log D in any direction of their plane: where it is smaller, N and D move
together, within the 1 % to which both are rounded, and their exponents cannot be told apart."""


@dataclass(frozen=True, slots=True)
class FittedCompute:
    """A power law fitted to the compute of runs.

    Attributes
    ----------
    compute : PowerCompute
    p_error, q_error : float
        Standard errors of its exponents.
    largest_residual : float
        Largest relative difference of the C of a run from it.
    n_runs : int
    """

    compute: PowerCompute
    p_error: float
    q_error: float
    largest_residual: float
    n_runs: int

    def __str__(self) -> str:
        return (
            f"C = {self.compute.text}, fitted to {self.n_runs} runs: p ± {self.p_error:.2g}, q ± {self.q_error:.2g}, "
            f"at most {percent(self.largest_residual)} off"
        )


@dataclass(frozen=True, slots=True)
class MeasuredCompute:
    """C in proportion to ND, with the mean factor of runs.

    Attributes
    ----------
    compute : ProductCompute
        Its kappa is the geometric mean of C/(ND).
    low, high : float
        Lowest and highest C/(ND).
    n_runs : int
    """

    compute: ProductCompute
    low: float
    high: float
    n_runs: int

    def __str__(self) -> str:
        spread = f"C/(ND) from {self.low:.4g} to {self.high:.4g}"
        return f"C = {self.compute.text}, the mean of {self.n_runs} runs: {spread}"


def measured_compute(runs: Runs) -> MeasuredCompute:
    """Return C = kappa ND with the geometric mean of C/(ND) of runs.

    Raises
    ------
    InputError
        If there are no runs, or they have no N and D.
    """
    _check_runs(runs, 1)
    log_kappa = np.log(runs.C) - np.log(runs.N) - np.log(runs.D)
    low, high = np.exp([log_kappa.min(), log_kappa.max()])
    return MeasuredCompute(ProductCompute(float(np.exp(log_kappa.mean()))), float(low), float(high), len(runs))


def fitted_compute(runs: Runs) -> FittedCompute:
    """Fit C = k N^p D^q to the compute of runs, by least squares of log C.

    Raises
    ------
    InputError
        If there are fewer than four runs, they have no N and D, N and D vary only together, or C does not grow with
        both.
    """
    _check_runs(runs, FEWEST)
    log_sizes = np.column_stack([np.log(runs.N), np.log(runs.D)])
    centre, log_C = log_sizes.mean(axis=0), np.log(runs.C)
    centred = log_sizes - centre
    if np.linalg.svd(centred, compute_uv=False)[-1] < INDEPENDENT * np.sqrt(len(runs)):
        remedy = "add runs with other D/N, or choose compute='measured'"
        raise InputError("compute", "cannot be fitted to runs whose N and D vary only together", remedy=remedy)
    exponents = np.linalg.lstsq(centred, log_C - log_C.mean(), rcond=None)[0]
    if not (exponents > 0).all():
        rule, got = "must grow with N and with D", f"C in proportion to N^{exponents[0]:.3g} D^{exponents[1]:.3g}"
        raise InputError("compute", rule, got=got, remedy="correct the column of C, or choose compute='6ND'")
    p, q = exponents.tolist()
    residual = log_C - log_C.mean() - centred @ exponents
    variance = float(residual @ residual) / (len(runs) - 3)
    p_error, q_error = np.sqrt(variance * np.diag(np.linalg.inv(centred.T @ centred))).tolist()
    k = float(np.exp(log_C.mean() - centre @ exponents))
    return FittedCompute(PowerCompute(k, p, q), p_error, q_error, float(np.abs(np.expm1(residual)).max()), len(runs))


def _check_runs(runs: Runs, fewest: int) -> None:
    check_type(runs, "runs", Runs)
    if len(runs) < fewest:
        runs_needed = "1 run" if fewest == 1 else f"{fewest} runs"
        raise InputError("compute", f"needs at least {runs_needed} with a C of their own", got=str(len(runs)))
