"""Several counts of parameters of the same runs: along which of them the frontier is straightest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.engine.approaches.parabola import Parabola, fit_parabola
from chinchilla_nb.engine.approaches.slices import find_slices
from chinchilla_nb.engine.compute.product import SIX_ND
from chinchilla_nb.engine.conversion import as_positive_array
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.runs import Runs

__all__ = ["FEWEST_BUDGETS", "PowerFit", "SizeComparison", "compare_size", "optima_of_slices"]

Array = NDArray[Any]

FEWEST_BUDGETS = 2
"""A power law needs two budgets; with two, its residual is zero and says nothing."""


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


def optima_of_slices(runs: Runs) -> tuple[Array, Array, Array]:
    """Return the optimum of each isoFLOP slice of runs: the minimum of a parabola of the loss in log N.

    D there follows from that of the runs near the minimum, as a power of N. A slice without an interior minimum, or
    with fewer than four sizes, is left out.

    Returns
    -------
    C, N, D : ndarray, shape (k,)
        Geometric mean budget of each slice, and its optimum.
    """
    found = [fit_parabola(runs, one) for one in find_slices(runs).found]
    parabolas = [one for one in found if isinstance(one, Parabola)]
    C, N = (np.array(values) for values in ([one.slice.C for one in parabolas], [one.N for one in parabolas]))
    return C, N, np.array([_D_at_minimum(runs, one) for one in parabolas])


def _D_at_minimum(runs: Runs, parabola: Parabola) -> float:
    distance = np.log(runs.N[parabola.runs]) - np.log(parabola.N)
    return float(np.exp(np.polyfit(distance, np.log(runs.D[parabola.runs]), 1)[1]))
