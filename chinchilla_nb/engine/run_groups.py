"""Groups of runs by the values of a column, few enough to be told apart by colour and shape."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.runs import read_only
from chinchilla_nb.quantity import compact, plain

__all__ = ["MOST_GROUPS", "NO_VALUE", "OTHERS", "RunGroups", "group_values"]

MOST_GROUPS = 7
"""Groups that colours and shapes tell apart, besides that of all others."""
BINS = 5
"""Groups of a column of more numbers than that, with about as many runs each."""
OTHERS, NO_VALUE = "other values", "no value"
"""Names of the groups of runs whose value is rare, and of those that have none."""
LEAST_REPEATED = 0.5
"""Least share of the runs that have a value in common with another run: other text, such as names, groups nothing."""
EXACT = 1e5
"""Whole numbers below this are written in full, such as a width or a batch size."""
DIGITS = 3, 6, 9
"""Digits of a number in the name of a group, until the names differ."""


@dataclass(frozen=True, eq=False, slots=True)
class RunGroups:
    """Which group each run belongs to.

    Attributes
    ----------
    names : tuple of str
        Names of the groups, in the order of their colours; `OTHERS` and `NO_VALUE` last.
    of : ndarray of int, shape (n_runs,)
        Index of the group of each run.
    """

    names: tuple[str, ...]
    of: NDArray[np.intp]

    @property
    def counts(self) -> tuple[int, ...]:
        """Number of runs in each group."""
        return tuple(np.bincount(self.of, minlength=len(self.names)).tolist())

    def among(self, names: frozenset[str]) -> NDArray[np.bool_]:
        """Return which runs belong to groups of these names, shape (n_runs,)."""
        return np.array([name in names for name in self.names], dtype=bool)[self.of]


def group_values(column: str, values: NDArray[Any]) -> RunGroups:
    """Group runs by a column: by equal values, or numbers by ranges with about as many runs each.

    Parameters
    ----------
    column : str
        Its name, for messages.
    values : ndarray, shape (n_runs,)

    Raises
    ------
    InputError
        If it holds text that hardly repeats.
    """
    absent = np.array([value is None or value != value or value == "" for value in values], dtype=bool)
    known = values[~absent]
    if values.dtype.kind in "iuf" and len(np.unique(known)) > MOST_GROUPS:
        names, of = _ranges(known.astype(float))
    else:
        names, of = _kinds(column, known)
    every = np.full(len(values), len(names))
    every[~absent] = of
    return RunGroups((*names, *([NO_VALUE] if absent.any() else [])), read_only(every))


def _kinds(column: str, values: NDArray[Any]) -> tuple[list[str], NDArray[np.intp]]:
    """Return the names of the groups of equal values, in ascending order, and the group of each value."""
    plain_values = values.tolist()
    counts = Counter(plain_values)
    if len(counts) > MOST_GROUPS:
        _check_repeated(column, counts)
    common = [value for value, _ in counts.most_common(MOST_GROUPS)]  # of equally many, the first ones
    common.sort(key=lambda value: (isinstance(value, str), value))
    index = {value: at for at, value in enumerate(common)}
    names = _names(common)
    of = np.array([index.get(value, len(common)) for value in plain_values], dtype=np.intp)
    return [*names, *([OTHERS] if len(counts) > len(common) else [])], of


def _check_repeated(column: str, counts: Counter[Any]) -> None:
    """Check that most runs share their value with another run."""
    every, single = counts.total(), sum(count == 1 for count in counts.values())
    if every - single < LEAST_REPEATED * every:
        rule = f"must have values that repeat to group runs, and {single:,} of {every:,} runs have one of their own"
        raise InputError(brief(column), rule, remedy="choose another column")


def _names(values: Sequence[Any]) -> list[str]:
    """Return names of distinct values that are distinct as well."""
    if all(isinstance(value, (bool, str)) for value in values):
        return [value if isinstance(value, str) else ("yes" if value else "no") for value in values]
    if all(isinstance(value, (int, float)) for value in values):
        return _numbers([float(value) for value in values])
    return [str(value) for value in values]


def _numbers(values: Sequence[float]) -> list[str]:
    """Return distinct numbers as distinct texts of as few digits as that takes."""
    for digits in DIGITS:
        texts = [_number(value, digits) for value in values]
        if len(set(texts)) == len(texts):
            return texts
    return [repr(value) for value in values]


def _number(value: float, digits: int) -> str:
    if abs(value) < EXACT and value == round(value):
        return f"{value:,.0f}"
    return compact(value, digits) if value >= EXACT else plain(value, digits)


def _ranges(values: NDArray[np.float64]) -> tuple[list[str], NDArray[np.intp]]:
    """Return the names of ranges that have about as many values each, and the range of each value."""
    starts = np.unique(np.sort(values)[np.arange(BINS) * len(values) // BINS])
    of = np.searchsorted(starts, values, side="right") - 1
    ends = [values[of == at].max() for at in range(len(starts))]
    low, high = (_numbers([float(value) for value in some]) for some in (starts, ends))
    return [start if start == end else f"{start} to {end}" for start, end in zip(low, high, strict=True)], of
