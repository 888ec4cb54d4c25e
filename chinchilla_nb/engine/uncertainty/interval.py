"""An interval around a value, or around each value of an array."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.conversion import as_float
from chinchilla_nb.engine.errors import InputError

__all__ = ["AS_DONE", "IF_HOLDS", "WIDENED", "Interval", "as_level", "interval_title", "tail_of"]

IF_HOLDS, AS_DONE = "if the law holds", "as it has done on these runs"
"""Keys of the two intervals of a predicted loss, without and with what roll-outs show; files of forecasts hold them."""
WIDENED = "widened by the roll-outs"
"""What texts call the interval `AS_DONE`."""


@dataclass(frozen=True, eq=False, slots=True)
class Interval:
    """A value of the fitted law and the ends of its interval; arrays of one shape.

    Without an upper limit the high end is infinite, and without a lower one the low end is 0: parameters, sizes and
    losses are not negative.
    """

    value: NDArray[Any]
    low: NDArray[Any]
    high: NDArray[Any]


def interval_title(key: str) -> str:
    """Return what texts call the interval of a predicted loss with a key."""
    return WIDENED if key == AS_DONE else key


def as_level(level: float) -> float:
    """Return the level of an interval as a float.

    Raises
    ------
    InputError
        If the level is not between 0 and 1.
    """
    try:
        number = as_float(level, "level")
    except InputError:
        number = 0.0
    if not 0 < number < 1:
        raise InputError("level", "must be a number between 0 and 1", got=brief(level), remedy="pass 0.95 for 95 %")
    return number


def tail_of(level: float) -> float:
    """Return the probability beyond either end of an interval with a level.

    Raises
    ------
    InputError
        If the level is not between 0 and 1.
    """
    return (1 - as_level(level)) / 2
