"""Fewer dots than runs, where there are too many for a browser to redraw."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.figures.ticks import Axis

__all__ = ["MAX_DOTS", "beyond", "note", "thin"]

MAX_DOTS = 2_000


def thin(*columns: NDArray[np.float64], limit: int = MAX_DOTS) -> NDArray[np.intp]:
    """Return indices, ascending, of the runs to draw: all of them, or ``limit`` evenly spread along the first column.

    The runs with the lowest and the highest value of every column are always among them, so that no axis changes.
    """
    if len(columns[0]) <= limit:
        return np.arange(len(columns[0]))
    extremes = [pick(column) for column in columns for pick in (np.argmin, np.argmax)]
    order = np.argsort(columns[0], kind="stable")
    others = order[~np.isin(order, extremes)]
    count = limit - len(set(extremes))
    spread = others[np.linspace(0, len(others) - 1, count).round().astype(np.intp)]
    return np.union1d(extremes, spread).astype(np.intp)


def note(shown: int, total: int) -> str:
    """Say how many of the runs are drawn; nothing where all are."""
    return "" if shown == total else f"{shown:,} of {total:,} runs drawn"


def beyond(*columns: tuple[Axis, NDArray[np.float64]]) -> str:
    """Say how many of the excluded runs lie off their axes; nothing where none does."""
    off = np.any([(values < axis.low) | (values > axis.high) for axis, values in columns], axis=0)
    count = int(np.count_nonzero(off))
    return f"{count:,} excluded run{'' if count == 1 else 's'} beyond the charts" if count else ""
