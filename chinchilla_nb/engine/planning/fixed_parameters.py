"""Plans with a fixed model: the tokens that a budget pays for, or that bring its loss to a target."""

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

__all__ = ["D_for_budget", "D_for_loss"]


def D_for_budget(C: Any, N: Any, compute: Compute = SIX_ND) -> NDArray[np.float64]:
    """Return the tokens on which a budget trains N parameters; C and N broadcast.

    Raises
    ------
    InputError
        If a number is not positive and finite, or a budget does not pay for one token.
    """
    C, N = as_magnitudes(C=as_positive_values(C, "C"), N=as_positive_values(N, "N"))
    check_type(compute, "compute", Compute)
    with np.errstate(all="ignore"):
        D = compute.D(C, N)
    few = ~(D >= 1)
    if few.any():
        got = f"{first(C, few):.6g}"
        size = f"{first(N, few):.6g}"
        rule = f"must pay for training {size} parameters on at least one token"
        raise InputError(
            "C", rule, got=got, place=f"with C = {compute.text}", remedy="choose a larger C or a smaller N"
        )
    return D


def D_for_loss(law: Law, loss: Any, N: Any) -> NDArray[np.float64]:
    """Return the tokens with which N parameters reach a loss; loss and N broadcast.

    Raises
    ------
    InputError
        If a number is not positive and finite, no amount of data is enough, or less than one token is.
    """
    loss, N = as_magnitudes(loss=as_positive_values(loss, "loss"), N=as_positive_values(N, "N"))
    D = np.asarray(law.iso_loss_D(loss, N))
    none = np.isnan(D)
    if none.any():
        size = first(N, none)
        got = f"{first(loss, none):.6g}"
        floor = first(law.loss(size, np.inf), none)
        rule = f"must be above {floor:.6g}, the loss of {size:.6g} parameters on unlimited data"
        raise InputError("loss", rule, got=got, remedy="choose a larger N or a higher loss")
    if (D < 1).any():
        got = f"{first(loss, D < 1):.6g}"
        raise InputError("loss", "must need at least one token", got=got, remedy="choose a lower loss or a smaller N")
    return D
