"""How to spend compute: the N and D that minimise L(N, D) subject to 6ND = C, for any law.

A law with a closed form gives it itself. For any other, the loss along an isoFLOP line has one minimum, where its slope
dL/d log N = N dL/dN - D dL/dD changes sign; bisection of a bracket finds it, for all budgets at once.
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
"""How far a bracket is widened to either side, in units of log N: beyond every number there is."""
HALVINGS = 70
"""A bracket of `WIDEST` is then narrower than a float64 can tell."""
PROBE = 1e3
"""Ratio of the two budgets between which exponents without a closed form are measured."""


def exponents(law: Law, C: float = 1e20) -> tuple[float, float]:
    """Return a and b, the exponents of N* and D* in C; they add up to one.

    Parameters
    ----------
    law : Law
    C : float
        Budget in FLOPs at which they are measured for a law whose exponents have no closed form.

    Raises
    ------
    InputError
        If the law has no optimum inside.
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
        If a budget is not positive and finite, or the law has no optimum inside (a term that is zero or flat).
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
        # More data makes the term of the model the one that is worth more compute.
        return np.asarray(D * dD - N * dN)

    return np.exp(_rising_zero(slope, np.log(N)))


def isoflop_D(C: ArrayLike, N: ArrayLike) -> NDArray[np.float64]:
    """Return the tokens a budget of C FLOPs buys for a model of N parameters."""
    return np.asarray(np.asarray(C, dtype=float) / (6 * np.asarray(N, dtype=float)))


def has_optimum(law: Law) -> bool:
    """Whether the law has a compute-optimal allocation: both of its terms fall."""
    return _flat(law) is None


def _rising_zero(slope: Callable[[Array], Array], start: Array) -> Array:
    """Return where a function that rises through zero does so, for each element, from a bracket around `start`."""
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
    """Return a parameter that takes a term out of the law by being zero, what the term depends on, and its axis."""
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
