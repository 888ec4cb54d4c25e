"""The values of runs by the names that tables, filters and charts use for them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.runs import Runs

__all__ = ["FIT_COLUMNS", "REASON", "own_title", "run_titles", "run_values"]

FIT_COLUMNS = ("forecast", "residual")
"""Columns of the table of runs that follow from fits and forecasts."""
REASON = "exclusion reason"
"""The column of the table of runs that says why some are excluded."""
_QUANTITIES = ("#", "N", "D", "D/N", "C", "loss")


def run_values(runs: Runs) -> dict[str, NDArray]:
    """Return what is known of each run, by name: its position counted from 1, its quantities, and its own columns."""
    quantities = (np.arange(1, len(runs) + 1), runs.N, runs.D, runs.D / runs.N, runs.C, runs.loss)
    own = {own_title(name): values for name, values in runs.columns.items()}
    return {**dict(zip(_QUANTITIES, quantities, strict=True)), **own}


def run_titles(runs: Runs) -> list[str]:
    """Return the names of what is known of each run, as of `run_values`."""
    return list(dict.fromkeys([*_QUANTITIES, *map(own_title, runs.columns)]))


def own_title(name: str) -> str:
    """Return the name of a column of the user's own, marked if it is also that of a quantity or of the session's."""
    return f"{name} (yours)" if name in {*_QUANTITIES, *FIT_COLUMNS, REASON} else name
