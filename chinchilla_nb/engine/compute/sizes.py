"""Several counts of parameters of the same runs: along which of them the frontier is straightest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.engine.compute.product import SIX_ND
from chinchilla_nb.engine.conversion import as_positive_array
from chinchilla_nb.engine.errors import InputError

__all__ = ["PowerFit", "SizeComparison", "compare_size", "optima_of_slices"]

Array = NDArray[Any]

SAME_BUDGET = 0.1
"""Largest step in log C between neighbours within a slice, as between isoFLOP slices of a bootstrap."""
FEWEST_BUDGETS = 2
"""A power law needs two budgets; with two, its residual is zero and says nothing."""
FEWEST_SIZES = 3
"""Sizes of a slice that determine a parabola."""


@dataclass(frozen=True, slots=True)
class PowerFit:
    """A power law of C fitted to optima, by least squares of logarithms.

    Attributes
    ----------
    exponent : float
    R2 : float
        Share of the variance of the logarithm that it explains; NaN with two budgets.
    residual : float
        Root mean square of the residuals of the natural logarithm, with the degrees of freedom that are left; NaN with
        two budgets.
    """

    exponent: float
    R2: float
    residual: float

    @classmethod
    def of(cls, C: Array, values: Array) -> PowerFit:
        """Fit optima at budgets C."""
        x, y = np.log(C) - np.log(C).mean(), np.log(values) - np.log(values).mean()
        exponent = float(x @ y / (x @ x))
        rest, left = float(np.sum((y - exponent * x) ** 2)), len(C) - 2
        if left < 1:
            return cls(exponent, np.nan, np.nan)
        total = float(y @ y)
        return cls(exponent, 1 - rest / total if total else np.nan, float(np.sqrt(rest / left)))


@dataclass(frozen=True, slots=True)
class SizeComparison:
    """How compute-optimal points look with one count of parameters.

    Attributes
    ----------
    N, D : PowerFit
        N* and D* as power laws of C.
    ratio_spread : float
        Standard deviation of log(D*/N*): zero if D*/N* is constant.
    ratio_range, C_range : tuple of float
        Lowest and highest D*/N*, and lowest and highest 6 N* D* / C.
    budgets : int
    """

    N: PowerFit
    D: PowerFit
    ratio_spread: float
    ratio_range: tuple[float, float]
    C_range: tuple[float, float]
    budgets: int


def compare_size(C: ArrayLike, N: ArrayLike, D: ArrayLike) -> SizeComparison:
    """Describe compute-optimal points, one for each budget.

    Parameters
    ----------
    C, N, D : array_like, shape (k,)
        Budgets in FLOPs, and the parameters and tokens that are optimal there.

    Raises
    ------
    InputError
        If a number is not positive, the lengths differ, or there are fewer than two budgets.
    """
    C, N, D = (as_positive_array(one, name) for name, one in (("C", C), ("N", N), ("D", D)))
    if not len(C) == len(N) == len(D):
        raise InputError("C, N and D", "must be of one length", got=f"{len(C)}, {len(N)} and {len(D)}")
    if len(np.unique(C)) < FEWEST_BUDGETS:
        remedy = "give optima of several budgets, or runs in several isoFLOP slices"
        raise InputError("C", "must have at least two budgets", got=str(len(np.unique(C))), remedy=remedy)
    ratio, share = D / N, SIX_ND.C(N, D) / C
    return SizeComparison(
        N=PowerFit.of(C, N),
        D=PowerFit.of(C, D),
        ratio_spread=float(np.std(np.log(ratio), ddof=1)),
        ratio_range=(float(ratio.min()), float(ratio.max())),
        C_range=(float(share.min()), float(share.max())),
        budgets=len(C),
    )


def optima_of_slices(C: ArrayLike, N: ArrayLike, D: ArrayLike, loss: ArrayLike) -> tuple[Array, Array, Array]:
    """Return the optimum of each isoFLOP slice of runs: the minimum of a parabola of the loss in log N.

    Slices are runs whose budgets differ by less than 10 % from one to the next. D there follows from that of the runs
    of the slice, as a power of N. A slice without three sizes or an interior minimum has no optimum and is left out.

    Returns
    -------
    C, N, D : ndarray, shape (k,)
        Geometric mean budget of each slice, and its optimum.
    """
    given = {"C": C, "N": N, "D": D, "loss": loss}
    C, N, D, loss = (as_positive_array(one, name) for name, one in given.items())
    order = np.argsort(C, kind="stable")
    slices = np.split(order, np.flatnonzero(np.diff(np.log(C[order])) > SAME_BUDGET) + 1)
    found = [_optimum(np.log(C[one]), np.log(N[one]), np.log(D[one]), loss[one]) for one in slices]
    points = np.array([one for one in found if one is not None]).reshape(-1, 3)
    budgets, sizes, tokens = np.exp(points).T
    return budgets, sizes, tokens


def _optimum(log_C: Array, log_N: Array, log_D: Array, loss: Array) -> tuple[float, float, float] | None:
    if len(np.unique(log_N)) < FEWEST_SIZES:
        return None
    centre = log_N.mean()
    square, slope, _ = np.polyfit(log_N - centre, loss, 2)
    best = centre - slope / (2 * square) if square > 0 else np.nan
    if not log_N.min() < best < log_N.max():
        return None
    falls, at_centre = np.polyfit(log_N - centre, log_D, 1)
    return float(log_C.mean()), float(best), float(at_centre + falls * (best - centre))
