"""The best of a list of real architectures, for a budget or for a target loss."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.compute.product import SIX_ND
from chinchilla_nb.engine.conversion import as_positive_array, as_positive_number, check_type
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.planning.model_search import ModelTable

__all__ = ["best_model_for_budget", "best_model_for_loss", "model_sizes"]


def model_sizes(models: Any) -> NDArray[np.float64]:
    """Return the sizes of a table of models, or of a list of sizes, shape (n,).

    Raises
    ------
    InputError
        If there is none, or one is not a positive, finite number.
    """
    sizes = np.asarray(models.N, dtype=float) if isinstance(models, ModelTable) else as_positive_array(models, "models")
    if not sizes.size:
        raise InputError("models", "must have at least one model", got="none")
    return sizes


def best_model_for_budget(law: Law, C: float, models: Any, compute: Compute = SIX_ND) -> tuple[int, float]:
    """Return the place in the list, and D, of the model whose loss is lowest at a budget of C FLOPs.

    Models that the budget does not train on a single token are passed over.

    Parameters
    ----------
    law : Law
    C : float
    models : ModelTable, or array_like of float
        The models of a model search, or sizes.
    compute : Compute
        How C follows from N and D.

    Raises
    ------
    InputError
        If the budget is not positive and finite, or trains none of the models.
    """
    C, sizes = as_positive_number(C, "C"), model_sizes(models)
    check_type(compute, "compute", Compute)
    with np.errstate(all="ignore"):
        D = compute.D(C, sizes)
    trained = D >= 1
    if not trained.any():
        rule = "must hold a model that the budget trains on at least one token"
        raise InputError("models", rule, got=f"{sizes.min():.6g} parameters and more", place=f"at C = {C:.6g}")
    loss = np.full(sizes.shape, np.inf)
    loss[trained] = law.loss(sizes[trained], D[trained])
    best = int(loss.argmin())
    return best, float(D[best])


def best_model_for_loss(law: Law, loss: float, models: Any, compute: Compute = SIX_ND) -> tuple[int, float]:
    """Return the place in the list, and D, of the model that reaches a loss with the least compute.

    Parameters and errors are those of `best_model_for_budget`, with a loss in the place of C: none of the models may
    be too small for it.
    """
    loss, sizes = as_positive_number(loss, "loss"), model_sizes(models)
    check_type(compute, "compute", Compute)
    D = np.asarray(law.iso_loss_D(loss, sizes))
    reaches = D >= 1
    if not reaches.any():
        rule = "must hold a model that reaches the loss"
        got = f"{sizes.max():.6g} parameters and fewer"
        remedy = "add larger models, or choose a higher loss"
        raise InputError("models", rule, got=got, place=f"at a loss of {loss:.6g}", remedy=remedy)
    C = np.full(sizes.shape, np.inf)
    C[reaches] = compute.C(sizes[reaches], D[reaches])
    best = int(C.argmin())
    return best, float(D[best])
