"""How to spend compute: the N and D that minimise L(N, D) subject to 6ND = C, for any law.

A law with a closed form provides its own allocation. For any other law, the loss along an isoFLOP line has one minimum,
where the slope dL/d log N = N dL/dN - D dL/dD changes sign; bisection of a bracket finds it, for all budgets at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.family import ClosedForm, Law
from chinchilla_nb.engine.laws.parameters import terms_of

__all__ = ["allocate", "compute_optimal_D", "exponents", "has_optimum", "isoflop_D"]

Array = NDArray[Any]

WIDEST = 512.0
"""Largest half-width of a bracket, in units of log N: ends that far out are beyond the range of float64."""
HALVINGS = 70
"""Bisection steps after which a bracket of `WIDEST` is narrower than float64 resolves."""
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
    """Return the compute-optimal N* and D* for each budget.

    Parameters
    ----------
    law : Law
    C : array_like
        Budgets in FLOPs.

    Raises
    ------
    InputError
        If a budget is not positive and finite, or the law has no interior optimum (a term is zero or flat).
    """
    C = _check_positive(C, "C")
    _check_interior(law)
    if isinstance(law, ClosedForm):
        return law.allocate(C)
    log_budget = np.log(C / 6)

    def slope(log_N: Array) -> Array:
        N, D = np.exp(log_N), np.exp(log_budget - log_N)
        dN, dD = law.gradient(N, D)
        return np.asarray(N * dN - D * dD)

    log_N = _rising_zero(slope, log_budget / 2)
    return np.exp(log_N), np.exp(log_budget - log_N)


def compute_optimal_D(law: Law, N: ArrayLike) -> NDArray[np.float64]:
    """Return the tokens at which a model of N parameters is compute-optimal."""
    N = _check_positive(N, "N")
    _check_interior(law)
    if isinstance(law, ClosedForm):
        return law.optimal_D(N)

    def slope(log_D: Array) -> Array:
        D = np.exp(log_D)
        dN, dD = law.gradient(N, D)
        # The sign is reversed: with more data, compute is better spent on the model, so this slope rises through zero.
        return np.asarray(D * dD - N * dN)

    return np.exp(_rising_zero(slope, np.log(N)))


def isoflop_D(C: ArrayLike, N: ArrayLike) -> NDArray[np.float64]:
    """Return the tokens a budget of C FLOPs buys for a model of N parameters."""
    return np.asarray(np.asarray(C, dtype=float) / (6 * np.asarray(N, dtype=float)))


def has_optimum(law: Law) -> bool:
    """Return whether the law has a compute-optimal allocation, that is, whether both of its terms decrease."""
    return _flat(law) is None


def _rising_zero(slope: Callable[[Array], Array], start: Array) -> Array:
    """Return where an increasing function crosses zero, for each element, from a bracket around `start`."""
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        width = np.ones_like(start)
        while (open_ends := (slope(start - width) > 0) | (slope(start + width) < 0)).any() and width.max() < WIDEST:
            width = np.where(open_ends, 2 * width, width)
        low, high = start - width, start + width
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            below = slope(middle) < 0
            low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.asarray((low + high) / 2)


def _flat(law: Law) -> tuple[str, str, str] | None:
    """Return a parameter whose zero removes a term, what the term depends on, and its axis; None without one."""
    values = law.as_dict()
    for term in terms_of(law.parameters):
        for name in (term.factor, term.exponent):
            if values[name] <= 0:
                return name, term.size, term.axis
    return None


def _check_interior(law: Law) -> None:
    flat = _flat(law)
    if flat is not None:
        name, size, axis = flat
        raise InputError(
            "",
            f"no compute-optimal allocation exists with {name} = 0: the law says that {size} does not matter",
            remedy=f"fit runs that span a wider range of {axis}",
        )


def _check_positive(values: ArrayLike, name: str) -> NDArray[np.float64]:
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError, OverflowError):
        raise InputError(name, "must be a number", got=repr(values)) from None
    bad = ~(np.isfinite(array) & (array > 0))
    if bad.any():
        raise InputError(name, "must be positive and finite", got=str(array[bad].flat[0]))
    return array
