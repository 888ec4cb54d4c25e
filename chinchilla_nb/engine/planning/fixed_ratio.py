"""Plans with fixed tokens per parameter: the model that a budget trains, or that reaches a loss, at D = r N."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.compute.product import SIX_ND, ProductCompute
from chinchilla_nb.engine.conversion import as_positive_number, as_positive_values, check_type
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.allocation import LARGEST_LOG, has_optimum
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.laws.notation import TEXT
from chinchilla_nb.engine.laws.rising_zero import rising_zero
from chinchilla_nb.engine.planning.target_loss import check_reachable, first

__all__ = ["N_for_budget", "N_for_loss"]


def N_for_budget(C: Any, tokens_per_parameter: float, compute: Compute = SIX_ND) -> NDArray[np.float64]:
    """Return the parameters that each budget trains at fixed tokens per parameter, sqrt(C / (kappa r)) for kappa ND.

    Raises
    ------
    InputError
        If a number is not positive and finite, or a budget trains less than one parameter or one token.
    """
    C, ratio = as_positive_values(C, "C"), as_positive_number(tokens_per_parameter, "tokens_per_parameter")
    check_type(compute, "compute", Compute)
    with np.errstate(all="ignore"):
        if isinstance(compute, ProductCompute):
            N = np.sqrt(C / compute.kappa) / np.sqrt(ratio)
        else:

            def excess(log_N: NDArray[np.float64]) -> NDArray[np.float64]:
                N = np.exp(log_N)
                return np.asarray(np.log(compute.C(N, ratio * N)) - np.log(C))

            N = np.exp(rising_zero(excess, np.full_like(C, -LARGEST_LOG / 2), np.full_like(C, LARGEST_LOG / 2)))
    few = ~((N >= 1) & (ratio * N >= 1))
    if few.any():
        place = f"at {ratio:.6g} tokens per parameter"
        rule = "must train at least one parameter on one token"
        raise InputError("C", rule, got=f"{first(C, few):.6g}", place=place, remedy="choose a larger C")
    return np.asarray(N)


def N_for_loss(law: Law, loss: Any, tokens_per_parameter: float) -> NDArray[np.float64]:
    """Return the parameters with which a law reaches each loss at fixed tokens per parameter.

    Raises
    ------
    InputError
        If a number is not positive and finite, the law does not fall with N and D, or no model of between one parameter
        and 1e153 reaches a loss.
    """
    loss, ratio = as_positive_values(loss, "loss"), as_positive_number(tokens_per_parameter, "tokens_per_parameter")
    if not has_optimum(law):
        raise InputError("law", "must fall with N and with D to reach a loss", got=law.equation(TEXT))
    check_reachable(law, loss)

    def excess(log_N: NDArray[np.float64]) -> NDArray[np.float64]:
        N = np.exp(log_N)
        return np.asarray(loss - law.loss(N, ratio * N))

    # A model has a parameter, and a token.
    least = max(0.0, -float(np.log(ratio)))
    N = np.exp(rising_zero(excess, np.full_like(loss, least), np.full_like(loss, LARGEST_LOG / 2)))
    none = np.isnan(N)
    if none.any():
        place = f"at {ratio:.6g} tokens per parameter"
        raise InputError("loss", "must be that of some model", got=f"{first(loss, none):.6g}", place=place)
    return N
