"""Keys of runs that survive sorting, appending and rereading: N, D, the loss and a count among equal runs.

C is left out because it can follow from a convention, which may change while runs are excluded.
"""

from __future__ import annotations

import numbers
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.conversion import MOST_VALUES, check_type, first_items
from chinchilla_nb.engine.errors import InputTypeError
from chinchilla_nb.engine.runs import Runs

__all__ = ["RunKey", "as_run_keys", "is_among", "keys_at", "run_keys", "without"]

RunKey = tuple[float, float, float, int]
"""N, D and loss of a run, and the number of earlier runs with the same three values."""

KEY_LENGTH = 4
"""Number of values of a `RunKey`."""


def run_keys(runs: Runs) -> tuple[RunKey, ...]:
    """Return the key of every run.

    A key depends only on the run and the runs equal to it, not on its position: it still identifies the same run after
    others are added, removed or reordered.

    Raises
    ------
    InputTypeError
        If `runs` are something else.
    """
    check_type(runs, "runs", Runs)
    seen: Counter[tuple[float, float, float]] = Counter()
    keys = []
    for values in zip(runs.N.tolist(), runs.D.tolist(), runs.loss.tolist(), strict=True):
        keys.append((*values, seen[values]))
        seen[values] += 1
    return tuple(keys)


def keys_at(runs: Runs, rows: Sequence[int] | NDArray[np.intp]) -> list[RunKey]:
    """Return the keys of the runs in some rows, without those of all others: a session may have 100,000 runs."""
    rows = np.asarray(rows, dtype=np.intp)
    # All runs that are equal to one of these have its N.
    alike = np.flatnonzero(np.isin(runs.N, runs.N[rows]))
    keys = run_keys(runs.take(alike))
    return [keys[at] for at in np.searchsorted(alike, rows).tolist()]


def as_run_keys(keys: Iterable[RunKey]) -> frozenset[RunKey]:
    """Return keys of runs as a set.

    Raises
    ------
    InputTypeError
        If they are something else, which would stand for no run.
    """
    given = first_items(keys, MOST_VALUES)
    if given is not None and all(isinstance(key, tuple) and len(key) == KEY_LENGTH for key in given):
        with suppress(TypeError):  # a key that holds a list
            return frozenset(given)
    raise InputTypeError("keys", "must be keys of runs, as run_keys returns them", got=brief(keys))


def is_among(runs: Runs, keys: frozenset[RunKey]) -> NDArray[np.bool_]:
    """Return which runs have one of the keys."""
    if not keys:
        return np.zeros(len(runs), dtype=bool)
    among = np.zeros(len(runs), dtype=bool)
    # All runs that are equal to one with a key have its N, so that their counts are those among all runs.
    given: list[Any] = [key[0] for key in keys]  # a user's keys may hold anything
    sizes = [size for size in given if isinstance(size, numbers.Real) and size <= sys.float_info.max]
    alike = np.flatnonzero(np.isin(runs.N, np.array(sizes, dtype=np.float64)))
    among[alike] = [key in keys for key in run_keys(runs.take(alike))]
    return among


def without(runs: Runs, excluded: frozenset[RunKey]) -> Runs:
    """Return the runs that are not excluded; the same object if none is."""
    left_out = is_among(runs, excluded)
    return runs.take(~left_out) if left_out.any() else runs
