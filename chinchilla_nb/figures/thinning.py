"""Fewer dots than runs, where there are too many for a browser to redraw."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.figures.ticks import Axis

__all__ = ["LATEST", "MAX_DOTS", "note", "thin"]

MAX_DOTS = 1_000
LATEST = 50
"""Runs that are drawn however many there are: whoever appends one sees it, and the others stay what they were."""


def thin(*columns: NDArray[np.float64], limit: int = MAX_DOTS) -> NDArray[np.intp]:
    """Return indices, ascending, of the runs to draw: ``limit`` at most, or all where they are hardly more.

    The latest are always among them, from one to ``LATEST``; the others are evenly spread along the first column, and
    the same ones until so many more have been appended. The runs with the lowest and the highest value of every column
    are always among them, so that no axis changes.
    """
    total = len(columns[0])
    settled = max(0, total - 1) // LATEST * LATEST
    if settled <= limit:
        return np.arange(total)
    spread = _spread([column[:settled] for column in columns], limit - LATEST)
    return np.append(spread, np.arange(settled, total))


def _spread(columns: Sequence[NDArray[np.float64]], limit: int) -> NDArray[np.intp]:
    extremes = [pick(column) for column in columns for pick in (np.argmin, np.argmax)]
    order = np.argsort(columns[0], kind="stable")
    others = order[~np.isin(order, extremes)]
    count = limit - len(set(extremes))
    spread = others[np.linspace(0, len(others) - 1, count).round().astype(np.intp)]
    return np.union1d(extremes, spread).astype(np.intp)


def note(shown: int, total: int, *excluded: tuple[Axis, NDArray[np.float64]]) -> str:
    """Say how many of the runs are drawn, and how many excluded ones lie off these axes; nothing where all are seen."""
    drawn = "" if shown == total else f"{shown:,} of {total:,} runs drawn"
    return " · ".join(filter(None, (drawn, _beyond(*excluded))))


def _beyond(*columns: tuple[Axis, NDArray[np.float64]]) -> str:
    """Say how many of the excluded runs lie off their axes; nothing where none does."""
    off = np.any([(values < axis.low) | (values > axis.high) for axis, values in columns], axis=0)
    count = int(np.count_nonzero(off))
    return f"{count:,} excluded run{'' if count == 1 else 's'} beyond the charts" if count else ""
