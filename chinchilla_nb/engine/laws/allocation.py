"""How to spend compute: the N and D that minimise L(N, D) subject to 6ND = C, for any law.

A law with a closed form provides its own allocation. For any other law, the loss along an isoFLOP line has one minimum,
where the slope dL/d log N = N dL/dN - D dL/dD changes sign; bisection finds it, for all budgets at once.

A model has at least one parameter and is trained on at least one token. Where the formula gives less, as it does for a
law that hardly depends on N or on D, there is no optimum: `allocate` raises an error, and `optima` returns NaN.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.engine.conversion import as_real_array
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.family import ClosedForm, Law
from chinchilla_nb.engine.laws.notation import TEXT
from chinchilla_nb.engine.laws.parameters import axes_of, terms_of

__all__ = ["allocate", "compute_optimal_D", "exponents", "flat_term", "has_optimum", "isoflop_D", "optima"]

Array = NDArray[Any]

LARGEST_LOG = 709.0
"""Largest logarithm of N or D: exp(709) is just below the largest float64."""
HALVINGS = 64
"""Bisection steps after which a bracket of `LARGEST_LOG` is narrower than float64 resolves."""
PROBE = 1e3
"""Ratio of the two budgets between which exponents without a closed form are measured."""


def exponents(law: Law, C: float = 1e20) -> tuple[float, float]:
    """Return a and b, the exponents of N* and D* in C; they add up to one.

    Parameters
    ----------
    law : Law
    C : float
        Budget in FLOPs around which the exponents are measured if the law has no closed form for them.

    Raises
    ------
    InputError
        If the law has no interior optimum.
    """
    _check_interior(law)
    if isinstance(law, ClosedForm):
        return law.exponents()
    N, _ = allocate(law, C * np.array([PROBE**-0.5, PROBE**0.5]))
    a = float(np.log(N[1] / N[0]) / np.log(PROBE))
    return a, 1 - a


def allocate(law: Law, C: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the compute-optimal N* and D* for each budget; `outside_the_runs` says how far that lies outside the runs.

    Parameters
    ----------
    law : Law
    C : array_like
        Budgets in FLOPs.

    Raises
    ------
    InputError
        If a budget is not positive and finite, the law has no interior optimum (a term is zero or flat), or the optimum
        at a budget has less than one parameter or one token.
    """
    _check_interior(law)
    N, D = optima(law, C)
    none = np.isnan(N)
    if none.any():
        raise InputError(
            "C",
            "must have an optimum of at least one parameter and one token",
            got=f"{np.asarray(C, dtype=float)[none].flat[0]:.6g}",
            place=f"with {law.equation(TEXT)}",
            remedy="choose a larger C, or fit runs that span a wider range of N and D",
        )
    return N, D


def optima(law: Law, C: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the compute-optimal N* and D* for each budget, as for a chart; NaN for a budget without an optimum.

    Parameters
    ----------
    law : Law
    C : array_like
        Budgets in FLOPs.

    Raises
    ------
    InputError
        If a budget is not positive and finite.
    """
    C = _check_positive(C, "C")
    if not has_optimum(law):
        return np.full(C.shape, np.nan), np.full(C.shape, np.nan)
    with np.errstate(all="ignore"):
        N, D = law.allocate(C) if isinstance(law, ClosedForm) else _bisected(law, C)
        # Neither can exceed float64 then, since their product is C / 6.
        real = (N >= 1) & (D >= 1)
    return np.where(real, N, np.nan), np.where(real, D, np.nan)


def _bisected(law: Law, C: Array) -> tuple[Array, Array]:
    log_budget = np.log(C / 6)

    def slope(log_N: Array) -> Array:
        return _slope(law, log_N, log_budget - log_N)

    log_N = _rising_zero(slope, np.zeros_like(log_budget), log_budget)
    return np.exp(log_N), np.exp(log_budget - log_N)


def compute_optimal_D(law: Law, N: ArrayLike) -> NDArray[np.float64]:
    """Return the tokens at which a model of N parameters is compute-optimal.

    Raises
    ------
    InputError
        If a size is not positive and finite, the law has no interior optimum, or those are less than one token or more
        than float64 can hold.
    """
    N = _check_positive(N, "N")
    _check_interior(law)
    with np.errstate(all="ignore"):
        D = law.optimal_D(N) if isinstance(law, ClosedForm) else _bisected_D(law, N)
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


def _bisected_D(law: Law, N: Array) -> Array:
    log_N = np.log(N)

    def slope(log_D: Array) -> Array:
        # The sign is reversed: with more data, compute is better spent on the model, so this slope rises through zero.
        return -_slope(law, log_N, log_D)

    return np.exp(_rising_zero(slope, np.zeros_like(log_N), np.full_like(log_N, LARGEST_LOG)))


def isoflop_D(C: ArrayLike, N: ArrayLike) -> NDArray[np.float64]:
    """Return the tokens a budget of C FLOPs buys for a model of N parameters."""
    return np.asarray(np.asarray(C, dtype=float) / (6 * np.asarray(N, dtype=float)))


def has_optimum(law: Law) -> bool:
    """Return whether the law has a compute-optimal allocation, that is, whether its terms in N and in D decrease."""
    return axes_of(law.parameters) == ("N", "D") and flat_term(law) is None


def _slope(law: Law, log_N: Array, log_D: Array) -> Array:
    """Return the sign of dL/d log N along the isoFLOP line through N and D, between -1 and 1; NaN if it underflows."""
    N, D = np.exp(log_N), np.exp(log_D)
    dN, dD = law.gradient(N, D)
    by_size, by_data = N * dN, D * dD
    return np.asarray((by_data - by_size) / (by_data + by_size))


def _rising_zero(slope: Callable[[Array], Array], low: Array, high: Array) -> Array:
    """Return where an increasing function crosses zero between two ends, for each element; NaN where it does not."""
    crosses = (slope(low) <= 0) & (slope(high) >= 0)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        below = slope(middle) < 0
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.where(crosses, (low + high) / 2, np.nan)


def flat_term(law: Law) -> tuple[str, str, str] | None:
    """Return a parameter whose zero removes a term, what the term depends on, and its axis; None without one."""
    values = law.as_dict()
    for term in terms_of(law.parameters):
        for name in (term.factor, term.exponent):
            if values[name] <= 0:
                return name, term.size, term.axis
    return None


def _check_interior(law: Law) -> None:
    if axes_of(law.parameters) != ("N", "D"):
        remedy = "fit law='chinchilla' to runs with N and D"
        raise InputError(
            "law", "must be a function of N and D to allocate compute", got=law.equation(TEXT), remedy=remedy
        )
    flat = flat_term(law)
    if flat is not None:
        name, size, axis = flat
        raise InputError(
            "",
            f"no compute-optimal allocation exists with {name} = 0: the law says that {size} does not matter",
            remedy=f"fit runs that span a wider range of {axis}",
        )


def _check_positive(values: ArrayLike, name: str) -> NDArray[np.float64]:
    array = as_real_array(values, name)
    bad = ~(np.isfinite(array) & (array > 0))
    if bad.any():
        raise InputError(name, "must be positive and finite", got=str(array[bad].flat[0]))
    return array
