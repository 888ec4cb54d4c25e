"""Arrays to which values are appended, in memory that has room for more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["GrowingArrays"]


class GrowingArrays:
    """Arrays of one length that grow: an append copies what is new, and rarely what was there before.

    Arrays that were returned never change: they show the first values of the memory, which are written once.

    Parameters
    ----------
    arrays : sequence of ndarray, shape (n_values,)
        At least one. They are not written to.
    """

    def __init__(self, arrays: Sequence[NDArray[Any]]) -> None:
        self._memory = list(arrays)
        self._ends = {len(arrays[0])}

    def append(self, count: int, new: Sequence[NDArray[Any]]) -> tuple[GrowingArrays, list[NDArray[Any]]]:
        """Return the first values of each array with new ones behind them, and what grows from there.

        Parameters
        ----------
        count : int
            Number of first values.
        new : sequence of ndarray, shape (n_new,)
            For each array, values of its type.

        Returns
        -------
        GrowingArrays
            These, or others if something else follows those first values here.
        list of ndarray, shape (count + n_new,)
        """
        try:
            self._ends.remove(count)  # in one step: of two threads, one goes on
        except KeyError:
            return GrowingArrays([values[:count] for values in self._memory]).append(count, new)
        end = count + len(new[0])
        if end > len(self._memory[0]):
            self._memory = [_moved(values[:count], end + end // 2) for values in self._memory]
        for values, added in zip(self._memory, new, strict=True):
            values[count:end] = added
        self._ends.add(end)
        return self, [values[:end] for values in self._memory]


def _moved(values: NDArray[Any], room: int) -> NDArray[Any]:
    """Return memory that begins with these values."""
    memory = np.empty(room, dtype=values.dtype)
    memory[: len(values)] = values
    return memory
