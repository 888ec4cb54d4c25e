"""Runs divided into groups by the values of a column."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.conversion import check_type
from chinchilla_nb.engine.errors import FitError, InputError, nearest_or_all
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.printable import printable

__all__ = ["MOST_GROUPS", "GroupedRuns", "dividing_columns", "group_runs"]

MOST_GROUPS = 12
"""A column with more values, such as a learning rate or a name, is no division that a chart or a table can show."""
FEWEST_RUNS = 2
"""A group needs as many runs as it has factors of its own under shared exponents."""
NAMED = 5
"""Most groups that a message names."""
QUANTITIES = ("N", "D", "C", "loss")
"""What a law describes: runs that are alike in one of them determine no law."""


@dataclass(frozen=True, eq=False, slots=True)
class GroupedRuns:
    """Runs and the group of each.

    Attributes
    ----------
    by : str
        The column whose values are the groups.
    names : tuple of str
        The groups in order: numbers by size, then texts by alphabet.
    runs : Runs
        The runs that belong to a group.
    number : ndarray of int, shape (n_runs,)
        The place in `names` of the group of each run.
    notes : tuple of str
        Which runs were left out, in sentences without a full stop.
    """

    by: str
    names: tuple[str, ...]
    runs: Runs
    number: NDArray[np.intp]
    notes: tuple[str, ...]

    @property
    def counts(self) -> NDArray[np.intp]:
        """The number of runs of each group, shape (n_groups,)."""
        return np.bincount(self.number, minlength=len(self.names))

    def of(self, name: str) -> Runs:
        """Return the runs of a group."""
        return self.runs.take(self.number == self.names.index(name))


def group_runs(runs: Runs, by: str) -> GroupedRuns:
    """Divide runs into groups by the values of a column; runs without a value, and groups of one run, are left out.

    Raises
    ------
    InputError
        If the runs have no such column, it is a quantity of the law, or it has more than twelve values.
    FitError
        If fewer than two groups of at least two runs remain.
    """
    check_type(runs, "runs", Runs)
    labels = [None if _is_missing(value) else _label(value) for value in _column(runs, by)]
    found = sorted({label for label in labels if label is not None}, key=_order)
    if len(found) > MOST_GROUPS:
        rule = f"must be a column of at most {MOST_GROUPS} values"
        remedy = "choose another column, or add one with classes such as 'small' and 'large'"
        raise InputError("by", rule, got=f"{brief(by)} with {len(found):,} values", remedy=remedy)
    small = [name for name in found if labels.count(name) < FEWEST_RUNS]
    names = tuple(name for name in found if name not in small)
    if len(names) < 2:
        got = f"{_listed(found)} of {brief(by)}" if found else f"{brief(by)}, which is empty"
        if found and small:
            got += f", of which {_listed(small)} {_have(small)} one run"
        rule = f"must have two values with at least {FEWEST_RUNS} runs each to be compared"
        raise FitError("by", rule, got=got, remedy="add runs, or choose another column")
    number = np.array([names.index(label) if label in names else -1 for label in labels], dtype=np.intp)
    inside = number >= 0
    return GroupedRuns(by, names, runs.take(inside), number[inside], tuple(_left_out(by, labels.count(None), small)))


def dividing_columns(runs: Runs) -> tuple[str, ...]:
    """Return the columns that `group_runs` can divide runs by, those of texts first."""
    found = [name for name, values in runs.columns.items() if name not in QUANTITIES and _divides(values)]
    return tuple(sorted(found, key=lambda name: runs.columns[name].dtype.kind in "biuf"))


def _divides(values: NDArray[Any]) -> bool:
    counts: dict[str, int] = {}
    for value in values:
        if not _is_missing(value):
            label = _label(value)
            counts[label] = counts.get(label, 0) + 1
            if len(counts) > MOST_GROUPS:  # most columns of large tables end here
                return False
    return sum(count >= FEWEST_RUNS for count in counts.values()) >= 2


def _left_out(by: str, missing: int, small: Sequence[str]) -> Iterable[str]:
    if missing:
        runs = "1 run has" if missing == 1 else f"{missing:,} runs have"
        yield f"{runs} no value of {brief(by)} and {'is' if missing == 1 else 'are'} left out"
    if small:
        yield f"{_listed(small)} {_have(small)} one run and {'is' if len(small) == 1 else 'are'} left out"


def _column(runs: Runs, by: str) -> NDArray[Any]:
    check_type(by, "by", str)
    if by in QUANTITIES:
        rule = "must be a column that divides the runs into groups"
        raise InputError("by", rule, got=f"{by!r}, which the law describes", remedy=_choices(runs))
    if by not in runs.columns:
        remedy = nearest_or_all(by, runs.columns) if runs.columns else _choices(runs)
        raise InputError("by", "must be a column of the runs", got=brief(by), remedy=remedy)
    return runs.columns[by]


def _choices(runs: Runs) -> str:
    return nearest_or_all("", runs.columns) if runs.columns else "the runs have no other columns: add one"


def _is_missing(value: Any) -> bool:
    """Return whether a cell is empty: None, an empty text, NaN, NaT or NA, which do not equal themselves."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return True
    try:
        return not bool(value == value)
    except TypeError:  # NA of pandas is neither equal nor unequal to itself
        return True


def _label(value: Any) -> str:
    """Return the name of the group of a value; whole numbers that a column with gaps holds as floats lose their .0."""
    if isinstance(value, (float, np.floating)):
        return str(int(value)) if float(value).is_integer() else str(float(value))
    return printable(str(value).strip())


def _order(label: str) -> tuple[float, str, str]:
    """Return what groups are sorted by: numbers by size, then texts by alphabet."""
    try:
        return float(label), "", label
    except ValueError:
        return np.inf, label.casefold(), label


def _listed(names: Sequence[str]) -> str:
    shown = [brief(name) for name in names[:NAMED]]
    more = [f"{len(names) - NAMED} more"] if len(names) > NAMED else []
    parts = shown + more
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _have(names: Sequence[str]) -> str:
    return "has" if len(names) == 1 else "have"
