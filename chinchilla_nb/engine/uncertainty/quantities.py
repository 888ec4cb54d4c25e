"""What is asked of an uncertain law: its parameters, its losses and its allocations, as functions of the law."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.allocation import exponents, has_optimum, optima
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.runs import Runs

__all__ = ["Quantities", "allocations", "exponents_at", "losses", "parameters"]

Array = NDArray[Any]

ALLOCATED = ("N", "D", "D_per_N", "loss")
"""What is known of an allocation, in the order of `allocations`."""


@dataclass(frozen=True, eq=False, slots=True)
class Quantities:
    """Some quantities of a law.

    Attributes
    ----------
    of : callable
        Returns the quantities of a law, shape (n,); NaN where it has none.
    logarithmic : ndarray of bool, shape (n,)
        Whether the errors of each are nearer to a normal distribution in its logarithm.
    of_many : callable, optional
        Returns those of several laws at once, shape (n_laws, n), where that is faster than one after the other.
    """

    of: Callable[[Law], Array]
    logarithmic: Array
    of_many: Callable[[Sequence[Law]], Array] | None = None

    def of_each(self, laws: Sequence[Law]) -> Array:
        """Return the quantities of each law, shape (n_laws, n)."""
        return np.array([self.of(law) for law in laws]) if self.of_many is None else self.of_many(laws)


def parameters(law: Law, runs: Runs) -> Quantities:
    """Return the parameters of laws of one form, and a and b, the exponents of N* and D* in C at the largest run."""
    factor = np.array([*(parameter.kind == "factor" for parameter in law.parameters), False, False])
    return Quantities(lambda law: _parameters(law, runs), factor)


def losses(N: Array, D: Array) -> Quantities:
    """Return the losses of models of N parameters trained on D tokens, shapes (n,)."""
    return Quantities(lambda law: law.loss(N, D), np.ones(len(N), dtype=bool))


def allocations(C: Array, compute: Compute) -> Quantities:
    """Return N*, D*, D*/N* and the loss there for budgets, shape (k,); k values of each, one after the other."""
    return Quantities(lambda law: _allocations(law, C, compute), np.ones(len(ALLOCATED) * len(C), dtype=bool))


def _parameters(law: Law, runs: Runs) -> Array:
    return np.array([*law.as_dict().values(), *exponents_at(law, runs)])


def exponents_at(law: Law, runs: Runs) -> tuple[float, float]:
    """Return the exponents of N* and D* in C at the largest C of the runs, by their convention; NaN without optimum."""
    if not has_optimum(law):
        return np.nan, np.nan
    try:
        return exponents(law, float(runs.C.max()), runs.compute)
    except InputError:  # without a closed form, no optimum near these budgets
        return np.nan, np.nan


def _allocations(law: Law, C: Array, compute: Compute) -> Array:
    N, D = optima(law, C, compute)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore", under="ignore"):
        return np.concatenate([N, D, D / N, law.loss(N, D)])
