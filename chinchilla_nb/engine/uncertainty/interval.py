"""An interval around a value, or around each value of an array."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.errors import InputError

__all__ = ["Interval", "tail_of"]


@dataclass(frozen=True, eq=False, slots=True)
class Interval:
    """A value of the fitted law and the ends of its interval; arrays of one shape.

    Without an upper limit the high end is infinite, and without a lower one the low end is 0: parameters, sizes and
    losses are not negative.
    """

    value: NDArray[Any]
    low: NDArray[Any]
    high: NDArray[Any]


def tail_of(level: float) -> float:
    """Return the probability beyond either end of an interval with a level.

    Raises
    ------
    InputError
        If the level is not between 0 and 1.
    """
    if not (isinstance(level, (int, float, np.number)) and 0 < level < 1):
        raise InputError("level", "must be a number between 0 and 1", got=repr(level), remedy="pass 0.95 for 95 %")
    return (1 - float(level)) / 2
