"""How to spend compute: the N and D that minimise L(N, D) at a compute of C, for any law and compute convention.

A law with a closed form provides its own allocation for C = kappa ND, and Chinchilla's law for C = k N^p D^q: in
N' = N^p and D' = D^q it is a law of the same form, with exponents alpha/p and beta/q, at the budget N'D' = C/k.

For any other law or convention, a minimum of the loss along an isoFLOP line is where the falls of the loss that one
percent more compute buys, spent on N or on D, are equal: (N dL/dN) / (d log C / d log N) = (D dL/dD) / (d log C /
d log D). Where C grows by another power of N from some size on, there can be several minima. They are bracketed on a
grid that contains these sizes, found for all budgets at once, and the one with the lowest loss is the optimum.

A model has at least one parameter and is trained on at least one token. Where the formula gives less, as it does for a
law that hardly depends on N or on D, there is no optimum: `allocate` raises an error, and `optima` returns NaN.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.compute.power import PowerCompute
from chinchilla_nb.engine.compute.product import SIX_ND, ProductCompute
from chinchilla_nb.engine.conversion import as_positive_number, as_real_array, check_type
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.laws.family import ClosedForm, Law
from chinchilla_nb.engine.laws.notation import TEXT
from chinchilla_nb.engine.laws.parameters import axes_of, check_interior, flat_term
from chinchilla_nb.engine.laws.rising_zero import rising_zero

__all__ = [
    "LARGEST_LOG",
    "allocate",
    "compute_optimal_D",
    "exponents",
    "has_optimum",
    "marginal_slope",
    "optima",
]

Array = NDArray[Any]

LARGEST_LOG = 709.0
"""Largest logarithm of N or D: exp(709) is just below the largest float64."""
SCANNED = 129
"""Sizes along an isoFLOP line between which minima are bracketed; minima between two of them are not told apart."""
BESIDE = 1e-9
"""Distance in log N below a size at which the growth of C jumps, where the growth below it is read."""
PROBE = 1e3
"""Ratio of the two budgets between which exponents without a closed form are measured."""


def exponents(law: Law, C: float = 1e20, compute: Compute = SIX_ND) -> tuple[float, float]:
    """Return a and b, the exponents of N* and D* in C; they add up to one if C is in proportion to N and to D.

    Parameters
    ----------
    law : Law
    C : float
        Budget in FLOPs around which the exponents are measured if there is no closed form for them.
    compute : Compute
        How C follows from N and D.

    Raises
    ------
    InputError
        If the law is not one or has no interior optimum, or the budget is not positive and finite.
    """
    _check_interior(law)
    C = as_positive_number(C, "C")
    check_type(compute, "compute", Compute)
    if isinstance(law, ClosedForm) and isinstance(compute, ProductCompute):
        return law.exponents()
    if isinstance(law, ScalingLaw) and isinstance(compute, PowerCompute):
        in_N, in_D = _substituted(law, compute).exponents()
        return in_N / compute.p, in_D / compute.q
    N, D = allocate(law, C * np.array([PROBE**-0.5, PROBE**0.5]), compute)
    a, b = (float(np.log(one[1] / one[0]) / np.log(PROBE)) for one in (N, D))
    return a, b


def allocate(law: Law, C: ArrayLike, compute: Compute = SIX_ND) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the compute-optimal N* and D* for each budget; `outside_the_runs` says how far that lies outside the runs.

    Parameters
    ----------
    law : Law
    C : array_like
        Budgets in FLOPs.
    compute : Compute
        How C follows from N and D.

    Raises
    ------
    InputError
        If the law is not one or has no interior optimum (a term is zero or flat), a budget is not positive and finite,
        or the optimum at a budget has less than one parameter or one token.
    """
    _check_interior(law)
    N, D = optima(law, C, compute)
    none = np.isnan(N)
    if none.any():
        raise InputError(
            "C",
            "must have an optimum of at least one parameter and one token",
            got=f"{np.broadcast_to(np.asarray(C, dtype=float), none.shape)[none].flat[0]:.6g}",
            place=f"with {law.equation(TEXT)}",
            remedy="choose a larger C, or fit runs that span a wider range of N and D",
        )
    return N, D


def optima(law: Law, C: ArrayLike, compute: Compute = SIX_ND) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the compute-optimal N* and D* for each budget, as for a chart; NaN for a budget without an optimum.

    Parameters
    ----------
    law : Law
    C : array_like
        Budgets in FLOPs.
    compute : Compute
        How C follows from N and D.

    Raises
    ------
    InputError
        If the law is not one, or a budget is not positive and finite.
    """
    interior = has_optimum(law)
    check_type(compute, "compute", Compute)
    C = _check_positive(C, "C")
    if not interior:
        return np.full(C.shape, np.nan), np.full(C.shape, np.nan)
    with np.errstate(all="ignore"):
        if isinstance(law, ClosedForm) and isinstance(compute, ProductCompute):
            N, D = law.allocate(C * (6 / compute.kappa))
        elif isinstance(law, ScalingLaw) and isinstance(compute, PowerCompute):
            N, D = _substituted(law, compute).allocate(6 * (C / compute.k))
            N, D = N ** (1 / compute.p), D ** (1 / compute.q)
        else:
            N, D = _numerical(law, C, compute)
        # Neither can exceed float64 then, since C grows with both.
        real = (N >= 1) & (D >= 1)
    return np.where(real, N, np.nan), np.where(real, D, np.nan)


def _substituted(law: ScalingLaw, compute: PowerCompute) -> ScalingLaw:
    """Return the law as a function of N^p and D^q."""
    return ScalingLaw(law.E, law.A, law.B, law.alpha / compute.p, law.beta / compute.q)


def _numerical(law: Law, C: Array, compute: Compute) -> tuple[Array, Array]:
    """Return the optimum of each budget: of the minima along its isoFLOP line, the one with the lowest loss."""
    if np.ndim(law.loss(1.0, 1.0)):
        return _of_each(law, C, compute)
    budgets = C.ravel()

    def slope(log_N: Array, at: Array) -> Array:
        return marginal_slope(law, log_N, compute.log_D(at, log_N), compute)

    grid = _grid(budgets, compute)
    slopes = slope(grid, budgets[:, None])
    budget, place = np.nonzero((slopes[:, :-1] <= 0) & (slopes[:, 1:] >= 0))
    at = budgets[budget]
    log_N = rising_zero(lambda log_N: slope(log_N, at), grid[budget, place], grid[budget, place + 1])
    loss = law.loss(np.exp(log_N), np.exp(compute.log_D(at, log_N)))
    best = np.full(budgets.shape, np.nan)
    # From the highest loss to the lowest: the last value assigned to a budget is its optimum.
    order = np.argsort(-loss, kind="stable")
    best[budget[order]] = log_N[order]
    found = best.reshape(C.shape)
    return np.exp(found), np.exp(compute.log_D(C, found))


def _of_each(law: Law, C: Array, compute: Compute) -> tuple[Array, Array]:
    """Return the optimum of each law of a `LawStack`, for a convention without kinks, which leave one minimum."""

    def slope(log_N: Array) -> Array:
        return marginal_slope(law, log_N, compute.log_D(C, log_N), compute)

    log_N = rising_zero(slope, np.zeros_like(C), np.log(compute.N(C, np.ones_like(C))))
    return np.exp(log_N), np.exp(compute.log_D(C, log_N))


def _grid(C: Array, compute: Compute) -> Array:
    """Return log N along the isoFLOP lines of budgets, from one parameter to one token, shape (n_budgets, n_sizes)."""
    ends = np.log(compute.N(C, np.ones_like(C)))[:, None]
    even = np.linspace(0, 1, SCANNED) * ends
    kinks = np.concatenate([compute.kinks - BESIDE, compute.kinks])
    both = np.broadcast_to(kinks, (len(C), len(kinks)))
    return np.sort(np.clip(np.concatenate([even, both], axis=1), 0, np.maximum(ends, 0)), axis=1)


def compute_optimal_D(law: Law, N: ArrayLike, compute: Compute = SIX_ND) -> NDArray[np.float64]:
    """Return the tokens at which a model of N parameters is compute-optimal.

    Parameters
    ----------
    law : Law
    N : array_like
        Numbers of parameters.
    compute : Compute
        How C follows from N and D.

    Raises
    ------
    InputError
        If the law is not one or has no interior optimum, a size is not positive and finite, or those are less than one
        token or more than float64 can hold.
    """
    _check_interior(law)
    check_type(compute, "compute", Compute)
    N = _check_positive(N, "N")
    with np.errstate(all="ignore"):
        D = _optimal_D(law, N, compute)
        none = ~((D >= 1) & np.isfinite(D))
    if none.any():
        raise InputError(
            "N",
            f"must be compute-optimal at between 1 and {np.finfo(float).max:.2g} tokens",
            got=f"{N[none].flat[0]:.6g}",
            place=f"with {law.equation(TEXT)}",
            remedy="fit runs that span a wider range of N and D",
        )
    return D


def _optimal_D(law: Law, N: Array, compute: Compute) -> Array:
    if isinstance(law, ClosedForm) and isinstance(compute, ProductCompute):
        return law.optimal_D(N)
    log_N = np.log(N)

    def slope(log_D: Array) -> Array:
        # The sign is reversed: with more data, compute is better spent on the model, so this slope rises through zero.
        return -marginal_slope(law, log_N, log_D, compute)

    return np.exp(rising_zero(slope, np.zeros_like(log_N), np.full_like(log_N, LARGEST_LOG)))


def has_optimum(law: Law) -> bool:
    """Return whether the law has a compute-optimal allocation, that is, whether its terms in N and in D decrease."""
    check_type(law, "law", Law)
    return axes_of(law.parameters) == ("N", "D") and flat_term(law.as_dict(), law.parameters) is None


def marginal_slope(law: Law, log_N: Array, log_D: Array, compute: Compute) -> Array:
    """Return the sign of dL/d log N along the isoFLOP line through N and D, between -1 and 1; NaN if it underflows."""
    N, D = np.exp(log_N), np.exp(log_D)
    dN, dD = law.gradient(N, D)
    in_N, in_D = compute.elasticities(N, D)
    by_size, by_data = N * dN * in_D, D * dD * in_N
    return np.asarray((by_data - by_size) / (by_data + by_size))


def _check_interior(law: Law) -> None:
    check_type(law, "law", Law)
    if axes_of(law.parameters) != ("N", "D"):
        remedy = "fit law='chinchilla' to runs with N and D"
        raise InputError(
            "law", "must be a function of N and D to allocate compute", got=law.equation(TEXT), remedy=remedy
        )
    check_interior(law.as_dict(), law.parameters)


def _check_positive(values: ArrayLike, name: str) -> NDArray[np.float64]:
    array = as_real_array(values, name)
    bad = ~(np.isfinite(array) & (array > 0))
    if bad.any():
        raise InputError(name, "must be positive and finite", got=str(array[bad].flat[0]))
    return array
