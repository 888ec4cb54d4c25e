"""The least compute with which a law reaches a loss, and the N and D to spend it on.

Along a curve of equal loss, compute has one minimum, where the falls of the loss that one percent more compute buys,
spent on N or on D, are equal: it is the optimum of its own compute, so that this is the inverse of `allocate`. For
L = E + A / N^alpha + B / D^beta and C = kappa ND it has a closed form, in which the two terms share L - E as beta to
alpha: A / N^alpha = (L - E) beta / (alpha + beta) and B / D^beta = (L - E) alpha / (alpha + beta). For other laws and
conventions, `rising_zero` finds it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.compute.product import SIX_ND, ProductCompute
from chinchilla_nb.engine.conversion import as_positive_values, check_type
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.allocation import LARGEST_LOG, has_optimum, marginal_slope, optima
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.laws.frontier import FrontierLaw
from chinchilla_nb.engine.laws.notation import TEXT
from chinchilla_nb.engine.laws.rising_zero import rising_zero

__all__ = ["allocation_for_loss", "check_reachable", "first", "least_compute", "log_budget_for_loss"]

Array = NDArray[Any]

LARGEST_LOG_BUDGET = 230.0
"""Logarithm of the largest budget, 1e100 FLOPs, at which a loss is looked for where there is no simpler way."""


def least_compute(law: Law, loss: ArrayLike, compute: Compute = SIX_ND) -> NDArray[np.float64]:
    """Return the least compute with which a law reaches each loss, in FLOPs.

    Parameters
    ----------
    law : Law
        A frontier law L = E + A / C^alpha is solved for C, whatever the convention.
    loss : array_like
    compute : Compute
        How C follows from N and D.

    Raises
    ------
    InputError
        As for `allocation_for_loss`.
    """
    check_type(law, "law", Law)
    check_type(compute, "compute", Compute)
    if not isinstance(law, FrontierLaw):
        return np.asarray(compute.C(*allocation_for_loss(law, loss, compute)))
    loss = as_positive_values(loss, "loss")
    check_reachable(law, loss)
    with np.errstate(all="ignore"):
        C = np.exp((np.log(law.A) - np.log(loss - law.E)) / law.alpha)
    if not (np.isfinite(C) & (C > 0)).all():
        raise InputError("loss", "must be reached at a finite compute", place=f"with {law.equation(TEXT)}")
    return np.asarray(C)


def allocation_for_loss(
    law: Law, loss: ArrayLike, compute: Compute = SIX_ND
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the N and D that reach each loss with the least compute.

    Parameters
    ----------
    law : Law
    loss : array_like
    compute : Compute
        How C follows from N and D.

    Raises
    ------
    InputError
        If the law is not one of N and D with an optimum, a loss is not above that of an infinite model on infinite
        data, or it is so high or so low that N or D would be below one or beyond float64.
    """
    if not has_optimum(law):
        remedy = "fit runs that span a wider range of N and D"
        raise InputError("law", "must fall with N and with D to reach a loss", got=law.equation(TEXT), remedy=remedy)
    check_type(compute, "compute", Compute)
    loss = as_positive_values(loss, "loss")
    check_reachable(law, loss)
    with np.errstate(all="ignore"):
        if isinstance(law, ScalingLaw) and isinstance(compute, ProductCompute):
            N, D = _in_closed_form(law, loss)
        elif compute.kinks.size:
            N, D = _inverted(law, loss, compute)
        else:
            N, D = _numerical(law, loss, compute)
        bad = ~((N >= 1) & (D >= 1) & np.isfinite(N) & np.isfinite(D))
    if bad.any():
        raise InputError(
            "loss",
            "must be reached by at least one parameter and one token, and by a finite number of them",
            got=f"{first(loss, bad):.6g}",
            place=f"with {law.equation(TEXT)}",
        )
    return N, D


def check_reachable(law: Law, loss: Array) -> None:
    """Check that losses are above those of an infinite model on infinite data.

    Raises
    ------
    InputError
        If one is not.
    """
    axes = (np.inf,) if isinstance(law, FrontierLaw) else (np.inf, np.inf)
    floor = law.loss(*axes)
    below = ~(loss > floor)
    if below.any():
        rule = f"must be above {first(floor, below):.6g}, which this law does not reach with any compute"
        raise InputError("loss", rule, got=f"{first(loss, below):.6g}")


def first(values: ArrayLike, where: NDArray[np.bool_]) -> float:
    """Return the first of some values that a condition of the shape of a result holds for, for a message."""
    return float(np.broadcast_to(values, where.shape)[where].flat[0])


def _in_closed_form(law: ScalingLaw, loss: Array) -> tuple[Array, Array]:
    excess = np.log((loss - law.E) / (law.alpha + law.beta))
    N = np.exp((np.log(law.A) - np.log(law.beta) - excess) / law.alpha)
    D = np.exp((np.log(law.B) - np.log(law.alpha) - excess) / law.beta)
    return N, D


def log_budget_for_loss(law: Law, loss: Array, compute: Compute, largest: Array) -> Array:
    """Return the logarithm of the budget whose optimum has each loss, up to that of a largest one; NaN beyond that."""

    def excess(log_C: Array) -> Array:
        N, D = optima(law, np.exp(log_C), compute)
        # Budgets without an optimum of one parameter and one token are too small.
        return np.where(
            np.isnan(N), -1.0, loss - law.loss(np.where(np.isnan(N), 1.0, N), np.where(np.isnan(D), 1.0, D))
        )

    return rising_zero(excess, np.zeros_like(loss), largest)


def _inverted(law: Law, loss: Array, compute: Compute) -> tuple[Array, Array]:
    """Return the optimum whose loss is the one asked for: with kinks, compute can have several minima along a curve."""
    log_C = log_budget_for_loss(law, loss, compute, np.full_like(loss, LARGEST_LOG_BUDGET))
    return optima(law, np.exp(np.where(np.isnan(log_C), 0.0, log_C)), compute)


def _numerical(law: Law, loss: Array, compute: Compute) -> tuple[Array, Array]:
    def log_D(log_N: Array) -> Array:
        # The curve of equal loss runs from the smallest model, with infinite data, to infinite models.
        D = law.iso_loss_D(loss, np.exp(log_N))
        return np.where(np.isnan(D), LARGEST_LOG, np.minimum(np.log(D), LARGEST_LOG))

    def slope(log_N: Array) -> Array:
        # A model too small for the loss lies below the optimum, whatever the slope there.
        too_small = np.isnan(law.iso_loss_D(loss, np.exp(log_N)))
        found = marginal_slope(law, log_N, log_D(log_N), compute)
        return np.where(too_small | np.isnan(found), -1.0, found)

    smallest = np.log(law.iso_loss_N(loss, np.full_like(loss, np.inf)))
    # The compute of the largest models that are tried is still below the largest float64.
    log_N = rising_zero(slope, np.maximum(smallest, 0.0), np.full_like(loss, LARGEST_LOG / 2))
    return np.exp(log_N), np.asarray(law.iso_loss_D(loss, np.exp(log_N)))
