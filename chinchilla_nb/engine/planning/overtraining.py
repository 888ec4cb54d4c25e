"""Overtraining: a model smaller than compute-optimal, trained on more data to the same loss (de Vries 2023).

"Go smol or go home", https://www.harmdevries.com/post/model-size-vs-compute-overhead. With k_N = N / N* and
k_D = D / D*, the compute overhead is k_N k_D - 1 for C = 6ND. For L = E + A / N^alpha + B / D^beta,
k_D = (1 - (k_N^-alpha - 1) beta / alpha)^(-1 / beta), whatever the budget.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.compute.product import SIX_ND, ProductCompute
from chinchilla_nb.engine.conversion import as_positive_number
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.allocation import allocate
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.planning.off_frontier import tokens_for_same_loss

__all__ = ["Overtraining", "overtrain"]


@dataclass(frozen=True, slots=True)
class Overtraining:
    """A model that reaches the loss of the optimum at another size.

    Attributes
    ----------
    N, D : float
        Its parameters and tokens.
    N_ratio, D_ratio : float
        These as multiples of the compute-optimal ones, k_N and k_D.
    overhead : float
        Its compute beyond that of the optimum, as a share of that: 0.5 is half as much again.
    """

    N: float
    D: float
    N_ratio: float
    D_ratio: float
    overhead: float


def overtrain(law: Law, C: float, N_ratio: float, compute: Compute = SIX_ND) -> Overtraining:
    """Return what it takes to reach the loss of the optimum at C FLOPs with N_ratio times its parameters.

    Parameters
    ----------
    law : Law
    C : float
        The compute of the optimum, in FLOPs; the other model needs more.
    N_ratio : float
        k_N, below 1 for a smaller model.
    compute : Compute
        How C follows from N and D.

    Raises
    ------
    InputError
        If a number is not positive and finite, the law has no optimum at C, no amount of data brings a model of that
        size to the loss, or it has less than one parameter.
    """
    C, k_N = as_positive_number(C, "C"), as_positive_number(N_ratio, "N_ratio")
    N_best, D_best = (float(value) for value in allocate(law, C, compute))
    N = k_N * N_best
    if N < 1:
        raise InputError("N_ratio", "must leave at least one parameter", got=f"{k_N:g}")
    k_D = _D_ratio(law, N_best, D_best, k_N, compute)
    if not (np.isfinite(k_D) and k_D * D_best >= 1):
        rule = "must leave a model that some amount of data brings to the loss of the optimum"
        raise InputError("N_ratio", rule, got=f"{k_N:g}", remedy="choose a ratio nearer to 1")
    D = k_D * D_best
    return Overtraining(N, D, k_N, k_D, float(compute.C(N, D) / C) - 1)


def _D_ratio(law: Law, N_best: float, D_best: float, k_N: float, compute: Compute) -> float:
    if isinstance(law, ScalingLaw) and isinstance(compute, ProductCompute):
        with np.errstate(all="ignore"):
            rest = 1 - np.expm1(-law.alpha * np.log(k_N)) * law.beta / law.alpha
            return float(np.float64(rest if rest > 0 else np.nan) ** (-1 / law.beta))
    return tokens_for_same_loss(law, N_best, D_best, k_N) / D_best
