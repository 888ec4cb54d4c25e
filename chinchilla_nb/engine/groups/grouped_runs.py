"""Runs divided into groups by the values of a column, for laws: as charts group them, without the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.conversion import check_type
from chinchilla_nb.engine.errors import FitError, InputError, nearest_or_all
from chinchilla_nb.engine.run_groups import MOST_GROUPS, NO_VALUE, OTHERS, group_values
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.engine.sentences import enumerated

__all__ = ["GroupedRuns", "dividing_columns", "group_names", "group_runs"]

FEWEST_RUNS = 2
"""A group needs as many runs as it has factors of its own under shared exponents."""
NAMED = 5
"""Most groups that a message names."""
QUANTITIES = ("N", "D", "C", "loss")
"""What a law describes: runs that are alike in one of them determine no law."""
PLAIN = (str, bool, int, float)
"""Types of values that are groups by themselves; others are by their text."""


@dataclass(frozen=True, eq=False, slots=True)
class GroupedRuns:
    """Runs and the group of each.

    Attributes
    ----------
    by : str
        The column whose values are the groups.
    names : tuple of str
        The groups, in ascending order.
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
    """Divide runs into groups by the values of a column, as `group_values` does: many numbers become ranges.

    Runs without a value, with none of the most frequent values of a column of many, and groups of one run are left out.

    Raises
    ------
    InputError
        If the runs have no such column, it is a quantity of the law, or it holds text that hardly repeats.
    FitError
        If fewer than two groups of at least two runs remain.
    """
    check_type(runs, "runs", Runs)
    found = group_values(by, _plain(_column(runs, by)))
    counts = dict(zip(found.names, found.counts, strict=True))
    own = [name for name in found.names if name not in (NO_VALUE, OTHERS)]
    small = [name for name in own if counts[name] < FEWEST_RUNS]
    names = tuple(name for name in own if name not in small)
    if len(names) < 2:
        remedy = "use runs of another value as well, or choose another column"
        raise FitError(brief(by), f"{_too_few(own, small)} among the runs that count", remedy=remedy)
    place = np.array([names.index(name) if name in names else -1 for name in found.names], dtype=np.intp)
    number = place[found.of]
    inside = number >= 0
    return GroupedRuns(by, names, runs.take(inside), number[inside], tuple(_left_out(by, counts, small)))


def dividing_columns(runs: Runs) -> tuple[str, ...]:
    """Return the columns that `group_runs` can divide runs by, those of texts first."""
    found = [name for name in runs.columns if name not in QUANTITIES and _divides(runs, name)]
    return tuple(sorted(found, key=lambda name: runs.columns[name].dtype.kind in "biuf"))


def group_names(runs: Runs, by: str) -> tuple[str, ...]:
    """Return the names of all groups of a column, in the order in which charts colour them; none if there are none."""
    try:
        return group_values(by, _plain(_column(runs, by))).names
    except InputError:
        return ()


def _divides(runs: Runs, by: str) -> bool:
    try:
        group_runs(runs, by)
    except InputError:
        return False
    return True


def _too_few(own: Sequence[str], small: Sequence[str]) -> str:
    """Return which values a column has, where fewer than two of them can be groups."""
    if len(own) < 2:
        return f"has one value, {_listed(own)}," if own else "has no value"
    large = [name for name in own if name not in small]
    return f"has {_listed(large) if large else 'no value'} with two runs or more, and {_listed(small)} with one,"


def _left_out(by: str, counts: dict[str, int], small: Sequence[str]) -> Iterator[str]:
    for name, lacking in ((NO_VALUE, "no value"), (OTHERS, f"none of the {MOST_GROUPS} most frequent values")):
        if count := counts.get(name, 0):
            runs, are = ("1 run has", "is") if count == 1 else (f"{count:,} runs have", "are")
            yield f"{runs} {lacking} of {brief(by)} and {are} left out"
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


def _plain(values: NDArray[Any]) -> NDArray[Any]:
    """Return values that can be compared: empty cells of any kind as None, and other objects as their texts."""
    if values.dtype.kind in "biuf":
        return values
    return np.array([*(_plain_value(value) for value in values.tolist()), None], dtype=object)[:-1]


def _plain_value(value: Any) -> Any:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        missing = not bool(value == value)  # NaN and NaT do not equal themselves
    except TypeError:  # NA of pandas neither does nor does not
        missing = True
    if missing:
        return None
    return value if isinstance(value, PLAIN) else str(value)


def _listed(names: Sequence[str]) -> str:
    shown = [brief(name) for name in names[:NAMED]]
    more = [f"{len(names) - NAMED} more"] if len(names) > NAMED else []
    return enumerated(shown + more)


def _have(names: Sequence[str]) -> str:
    return "has" if len(names) == 1 else "have"
