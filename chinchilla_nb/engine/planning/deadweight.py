"""Deadweight compute: what a run costs beyond the least compute that reaches the same loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.compute.product import SIX_ND, ProductCompute
from chinchilla_nb.engine.conversion import as_positive_values, check_type
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.allocation import allocate
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.planning.target_loss import log_budget_for_loss

__all__ = ["Deadweight", "deadweight_compute"]

Array = NDArray[Any]

ROUNDING = 8 * np.finfo(float).eps
"""Relative difference of two losses that may be their rounding."""


@dataclass(frozen=True, eq=False, slots=True)
class Deadweight:
    """The price of an allocation; arrays of one shape.

    Attributes
    ----------
    C : ndarray
        Compute of the run, in FLOPs.
    share : ndarray
        Share of C that is deadweight, from 0 at the optimum to 1.
    """

    C: NDArray[np.float64]
    share: NDArray[np.float64]

    @property
    def flops(self) -> NDArray[np.float64]:
        """Deadweight compute, in FLOPs."""
        return np.asarray(self.C * self.share)

    @property
    def least(self) -> NDArray[np.float64]:
        """The least compute that reaches the loss of the run, in FLOPs."""
        return np.asarray(self.C * (1 - self.share))


def deadweight_compute(law: Law, N: ArrayLike, D: ArrayLike, compute: Compute = SIX_ND) -> Deadweight:
    """Return the deadweight compute of models of N parameters trained on D tokens; N and D broadcast.

    With the law of Hoffmann et al. 2022 and C in proportion to ND, what is above the floor E at the optimum is
    proportional to C^-gamma with gamma = alpha beta / (alpha + beta), and N = exp(x) N* exceeds it by the factor
    r = (beta exp(-alpha x) + alpha exp(beta x)) / (alpha + beta), so that the share is 1 - r^(-1 / gamma). For any
    other law or convention, the budget whose optimum has the same loss is searched for.

    Parameters
    ----------
    law : Law
    N, D : float or array_like
    compute : Compute
        How C follows from N and D.

    Raises
    ------
    InputError
        If N or D is not positive and finite, they do not broadcast, the law has no interior optimum, or its optimum at
        the compute of the run has less than one parameter or one token.
    """
    N, D = _together(as_positive_values(N, "N"), as_positive_values(D, "D"))
    check_type(compute, "compute", Compute)
    with np.errstate(over="ignore", under="ignore"):
        C = compute.C(N, D)
    if not (np.isfinite(C) & (C > 0)).all():
        raise InputError("N and D", "must have a compute within float64", got=f"N {brief(N)} and D {brief(D)}")
    best = allocate(law, C, compute)
    if isinstance(law, ScalingLaw) and isinstance(compute, ProductCompute):
        return Deadweight(C, _closed_form(law, np.log(N) - np.log(best[0])))
    loss = law.loss(N, D)
    is_optimal = law.loss(*best) >= loss * (1 - ROUNDING)
    log_C = np.log(C)
    return Deadweight(C, np.where(is_optimal, 0.0, -np.expm1(log_budget_for_loss(law, loss, compute, log_C) - log_C)))


def _together(N: Array, D: Array) -> tuple[Array, Array]:
    try:
        N, D = np.broadcast_arrays(N, D)
    except ValueError:
        raise InputError("N and D", "must broadcast", got=f"shapes {N.shape} and {D.shape}") from None
    return N, D


def _closed_form(law: ScalingLaw, x: Array) -> Array:
    alpha, beta = law.alpha, law.beta
    with np.errstate(over="ignore"):
        excess = (beta * np.expm1(-alpha * x) + alpha * np.expm1(beta * x)) / (alpha + beta)
    share = -np.expm1(-np.log1p(np.maximum(excess, 0.0)) * (alpha + beta) / (alpha * beta))
    return np.asarray(share)
