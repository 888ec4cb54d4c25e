"""Fewer dots than runs, where there are too many for a browser to redraw."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.runs import Runs

__all__ = ["MAX_DOTS", "note", "thin"]

MAX_DOTS = 2_000


def thin(runs: Runs, limit: int = MAX_DOTS) -> NDArray[np.intp]:
    """Return indices, ascending, of the runs to draw: all of them, or ``limit`` evenly spread over compute.

    The runs with the lowest and highest N, D, C and loss are always among them, so that no axis changes.
    """
    if len(runs) <= limit:
        return np.arange(len(runs))
    extremes = [pick(getattr(runs, name)) for name in ("N", "D", "C", "loss") for pick in (np.argmin, np.argmax)]
    by_compute = np.argsort(runs.C, kind="stable")
    others = by_compute[~np.isin(by_compute, extremes)]
    count = limit - len(set(extremes))
    spread = others[np.linspace(0, len(others) - 1, count).round().astype(np.intp)]
    return np.union1d(extremes, spread).astype(np.intp)


def note(shown: int, total: int) -> str:
    """Say how many of the runs are drawn; nothing where all are."""
    return "" if shown == total else f"{shown:,} of {total:,} runs drawn"
