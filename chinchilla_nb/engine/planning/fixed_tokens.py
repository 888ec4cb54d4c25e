"""Plans with fixed data: the parameters that a budget trains on D tokens, or with which D tokens reach a loss."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.compute.product import SIX_ND
from chinchilla_nb.engine.conversion import as_magnitudes, as_positive_values, check_type
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.planning.target_loss import first

__all__ = ["parameters_for_budget", "parameters_for_loss"]


def parameters_for_budget(C: Any, D: Any, compute: Compute = SIX_ND) -> NDArray[np.float64]:
    """Return the parameters that a budget trains on D tokens; C and D broadcast.

    Raises
    ------
    InputError
        If a number is not positive and finite, or a budget does not pay for one parameter.
    """
    C, D = as_magnitudes(C=as_positive_values(C, "C"), D=as_positive_values(D, "D"))
    check_type(compute, "compute", Compute)
    with np.errstate(all="ignore"):
        N = compute.N(C, D)
    few = ~(N >= 1)
    if few.any():
        got = f"{first(C, few):.6g}"
        tokens = f"{first(D, few):.6g}"
        rule = f"must pay for training at least one parameter on {tokens} tokens"
        raise InputError(
            "C", rule, got=got, place=f"with C = {compute.text}", remedy="choose a larger C or a smaller D"
        )
    return N


def parameters_for_loss(law: Law, loss: Any, D: Any) -> NDArray[np.float64]:
    """Return the parameters with which D tokens reach a loss; loss and D broadcast.

    Raises
    ------
    InputError
        If a number is not positive and finite, no model is large enough, or less than one parameter is.
    """
    loss, D = as_magnitudes(loss=as_positive_values(loss, "loss"), D=as_positive_values(D, "D"))
    N = np.asarray(law.iso_loss_N(loss, D))
    none = np.isnan(N)
    if none.any():
        tokens = first(D, none)
        got = f"{first(loss, none):.6g}"
        floor = first(law.loss(np.inf, tokens), none)
        rule = f"must be above {floor:.6g}, the loss of infinite models on {tokens:.6g} tokens"
        raise InputError("loss", rule, got=got, remedy="choose a larger D or a higher loss")
    if (N < 1).any():
        got = f"{first(loss, N < 1):.6g}"
        raise InputError(
            "loss", "must need at least one parameter", got=got, remedy="choose a lower loss or a smaller D"
        )
    return N
