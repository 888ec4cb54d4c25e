"""Numbers beyond float64 during a search."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numpy as np

__all__ = ["may_overflow"]

P = ParamSpec("P")
T = TypeVar("T")


def may_overflow(function: Callable[P, T]) -> Callable[P, T]:
    """Let a function meet numbers beyond float64 without warnings.

    A search may try any law inside the box. One whose predictions are not numbers is rejected by its objective.
    """

    @functools.wraps(function)
    def quiet(*args: P.args, **kwargs: P.kwargs) -> T:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            return function(*args, **kwargs)

    return quiet
