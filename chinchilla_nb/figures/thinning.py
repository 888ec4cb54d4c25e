"""Selection of the runs to draw when there are too many for a browser to redraw."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.figures.ticks import Axis

__all__ = ["LATEST", "MAX_DOTS", "note", "settled", "thin"]

MAX_DOTS = 1_000
"""Most runs drawn in a chart."""
LATEST = 200
"""Most of the latest runs that are always drawn, so that an appended run is visible and the selection of the others is
stable."""
FEW, FEW_LATEST = 20_000, 50
"""Up to so many runs, selecting the others again takes no time, and so many of the latest ones are always drawn."""


def thin(
    *columns: NDArray[np.float64], order: NDArray[np.intp] | None = None, limit: int = MAX_DOTS
) -> NDArray[np.intp]:
    """Return the ascending indices of the runs to draw: at most ``limit``, or all if there are hardly more.

    The latest runs are always included, up to `FEW_LATEST`, or `LATEST` of many runs. The others are evenly spread
    along the first column and stay the same until as many more have been appended. The runs with the lowest and the
    highest value of every column are always included, so that no axis changes.

    Parameters
    ----------
    *columns : ndarray, shape (n_runs,)
    order : ndarray of int, shape (n_runs,), optional
        Indices of the runs by ascending first column, if they are known; equal ones in the order of the runs.
    limit : int
    """
    total = len(columns[0])
    count = settled(total)
    if count <= limit:
        return np.arange(total)
    columns = tuple(column[:count] for column in columns)
    order = np.argsort(columns[0], kind="stable") if order is None else order[order < count]
    return np.append(_spread(columns, order, limit - _latest(total)), np.arange(count, total))


def settled(total: int) -> int:
    """Return how many first runs decide which of them are drawn; those that follow all are."""
    latest = _latest(total)
    return max(0, total - 1) // latest * latest


def _latest(total: int) -> int:
    """Return how many of the latest runs are drawn at most."""
    return FEW_LATEST if total <= FEW else LATEST


def _spread(columns: Sequence[NDArray[np.float64]], order: NDArray[np.intp], limit: int) -> NDArray[np.intp]:
    extremes = np.unique([pick(column) for column in columns for pick in (np.argmin, np.argmax)])
    is_other = np.ones(len(order), dtype=bool)
    is_other[extremes] = False
    others = order[is_other[order]]
    spread = others[np.linspace(0, len(others) - 1, limit - len(extremes)).round().astype(np.intp)]
    return np.union1d(extremes, spread)


def note(shown: int, total: int, *excluded: tuple[Axis, NDArray[np.float64]]) -> str:
    """Return how many runs are drawn and how many excluded runs lie off these axes; empty if all are visible."""
    drawn = "" if shown == total else f"{shown:,} of {total:,} runs drawn"
    return " · ".join(filter(None, (drawn, _beyond(*excluded))))


def _beyond(*columns: tuple[Axis, NDArray[np.float64]]) -> str:
    """Return how many excluded runs lie off their axes; empty if none does."""
    off = np.any([(values < axis.low) | (values > axis.high) for axis, values in columns], axis=0)
    count = int(np.count_nonzero(off))
    return f"{count:,} excluded run{'' if count == 1 else 's'} beyond the charts" if count else ""
