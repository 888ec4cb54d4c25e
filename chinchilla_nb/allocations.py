"""Compute-optimal N and D of several budgets, as an array whose unpacking cannot be misunderstood."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from opcode import opname
from types import FrameType
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.compute.product import SIX_ND
from chinchilla_nb.engine.conversion import as_positive_values
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.allocation import allocate
from chinchilla_nb.engine.laws.family import Law

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Allocations", "allocations_of"]

STARRED = ("CALL_FUNCTION_EX", "LIST_EXTEND")
"""Instructions with which Python unpacks ``*allocations``, alone in a call or among other items."""


class Allocations(np.ndarray):
    """An array of shape (k, 2) with N and D of a budget in each row, and with `N` and `D` as its columns.

    It is an ordinary array, also for loops over its rows, except that ``N, D = allocations`` gives the columns, as in
    the package ``chinchilla``. The allocations of two budgets are not unpacked, because two names could stand for
    their rows as well. Functions of each element, such as ``np.log10``, keep this; other views and copies are ordinary
    arrays in all respects.

    Parameters
    ----------
    N, D : ndarray, shape (k,)

    Attributes
    ----------
    has_budgets : bool
        Whether the rows are budgets and the columns are N and D; a transposed array, for example, has none.

    Raises
    ------
    InputError
        If the allocations of two budgets are unpacked.
    """

    has_budgets = False

    def __new__(cls, N: NDArray[np.float64], D: NDArray[np.float64]) -> Self:
        """Return the columns as an array."""
        allocations = np.stack([N, D], axis=1).view(cls)
        allocations.has_budgets = True
        return allocations

    @property
    def N(self) -> NDArray[np.float64]:
        """Parameters for each budget, shape (k,)."""
        return self._column(0)

    @property
    def D(self) -> NDArray[np.float64]:
        """Tokens for each budget, shape (k,)."""
        return self._column(1)

    def __iter__(self) -> Iterator[Any]:
        if self.has_budgets:
            # Only the instruction that asks for the items tells ``N, D = allocations`` from a loop over its rows.
            instruction, argument = _instruction(sys._getframe(1))  # noqa: SLF001
            into_two = instruction == "UNPACK_SEQUENCE" and argument == 2
            if len(self) == 2 and (into_two or instruction in STARRED):
                rule = "must not be unpacked, because both their rows and their columns are two"
                remedy = "use .N and .D, or [0] and [1] for the budgets"
                raise InputError("the allocations of two budgets", rule, remedy=remedy)
            if into_two:
                return iter((self.N, self.D))
        return iter(self.view(np.ndarray))

    def __getitem__(self, key: Any) -> Any:
        return self.view(np.ndarray)[key]

    def __array_wrap__(self, array: Any, *details: Any) -> Any:
        if not self.has_budgets or array.shape != self.shape:
            return np.asarray(array)[()]  # a number where there is no dimension left
        wrapped = super().__array_wrap__(array, *details).view(type(self))
        wrapped.has_budgets = True
        return wrapped

    def __reduce__(self) -> tuple[Any, ...]:
        rebuild, arguments, state = cast("tuple[Any, Any, Any]", super().__reduce__())
        return rebuild, arguments, (state, self.has_budgets)

    def __setstate__(self, state: tuple[Any, bool]) -> None:  # type: ignore[override]
        array_state, self.has_budgets = state
        super().__setstate__(array_state)

    def _column(self, index: int) -> NDArray[np.float64]:
        if not self.has_budgets:
            raise AttributeError("this array is a view or copy of allocations: take N and D of the allocations instead")
        return np.asarray(self[:, index])


def _instruction(frame: FrameType) -> tuple[str, int]:
    """Return the name and the argument of the instruction that a frame is executing."""
    code, at = frame.f_code.co_code, frame.f_lasti
    return opname[code[at]], code[at + 1]


def allocations_of(law: Law, C: ArrayLike, compute: Compute = SIX_ND) -> tuple[float, float] | Allocations:
    """Return N and D that minimise the loss of a law at one budget, or at several.

    Parameters
    ----------
    law : Law
    C : float or array_like, shape (k,)
        Budgets in FLOPs.
    compute : Compute
        How C follows from N and D.

    Raises
    ------
    InputError
        If a budget is not positive and finite, there is more than one dimension, or the law has no optimum there.
    """
    budgets = as_positive_values(C, "C")
    if budgets.ndim > 1:
        raise InputError("C", "must be one-dimensional", got=f"an array of shape {budgets.shape}")
    N, D = allocate(law, budgets, compute)
    return (float(N), float(D)) if budgets.ndim == 0 else Allocations(N, D)
