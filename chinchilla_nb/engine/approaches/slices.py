"""IsoFLOP slices: runs of one compute budget and several model sizes, found from their C or taken from a column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.cancellation import cancellation_point
from chinchilla_nb.engine.conversion import as_float, check_type
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.runs import Runs, read_only
from chinchilla_nb.engine.uncertainty.groups import numbered_groups
from chinchilla_nb.quantity import percent, scientific

__all__ = ["TOLERANCE", "Slice", "Slices", "as_tolerance", "find_slices"]

TOLERANCE = 0.05
"""Relative difference of C within a slice. Whole numbers of batches and of layers make budgets differ by a few percent,
and along the frontier 5 % more compute lowers the loss by less than 1 % of what is above its floor. Sweeps have
budgets apart by a factor of 1.5 or more."""
LARGEST_TOLERANCE = 1.0
"""With a larger tolerance, budgets that differ by a factor of two, a usual step of a sweep, would be one slice."""
_MISSING = ("", "nan", "None", "<NA>", "NaT")
"""Texts of a cell without a value."""


@dataclass(frozen=True, eq=False, slots=True)
class Slice:
    """Runs of one budget.

    Attributes
    ----------
    name : str
        As messages write it: ``C = 1.2×10¹⁸``, or the value of the column.
    C : float
        Geometric mean of the compute of its runs, in FLOPs.
    runs : ndarray of int, shape (n,), read-only
        Their indices, by size.
    spread : float
        Relative difference of the largest and the smallest compute of its runs.
    """

    name: str
    C: float
    runs: NDArray[np.intp]
    spread: float


@dataclass(frozen=True, eq=False, slots=True)
class Slices:
    """The isoFLOP slices of some runs.

    Attributes
    ----------
    runs : Runs
    tolerance : float
        Relative difference of C up to which runs are of one slice.
    by : str or None
        The column that the slices were taken from, instead.
    found : tuple of Slice
        By compute; each has at least two runs.
    """

    runs: Runs
    tolerance: float
    by: str | None
    found: tuple[Slice, ...]

    @property
    def rule(self) -> str:
        """What makes a slice, in words."""
        if self.by is not None:
            return f"runs with one value of {self.by}"
        return f"runs whose C differ by at most {percent(self.tolerance)}"

    @property
    def alone(self) -> int:
        """Number of runs that are in no slice."""
        return len(self.runs) - sum(len(one.runs) for one in self.found)


def as_tolerance(tolerance: float) -> float:
    """Return the tolerance of slices as a float.

    Raises
    ------
    InputError
        If it is not a number from 0 to 1.
    """
    number = as_float(tolerance, "tolerance")
    if not 0 <= number <= LARGEST_TOLERANCE:
        rule = f"must be a number from 0 to {LARGEST_TOLERANCE:g}"
        raise InputError("tolerance", rule, got=f"{number:g}", remedy=f"pass {TOLERANCE} for {percent(TOLERANCE)}")
    return number


def find_slices(runs: Runs, tolerance: float = TOLERANCE, by: str | None = None) -> Slices:
    """Find the isoFLOP slices of runs.

    The first slice is the range of C, no wider than the tolerance, that holds the most runs; the next one is found in
    the same way among the remaining runs, until no range holds two. Runs scattered between two budgets therefore
    neither join these nor shift them, unless they lie within the tolerance.

    Parameters
    ----------
    runs : Runs
    tolerance : float
        Largest relative difference of C within a slice: 0.05 for 5 %.
    by : str, optional
        Column of the runs whose values are the slices; runs without a value are in none. The tolerance then does not
        apply.

    Raises
    ------
    InputError
        If the runs have no N and D or no such column, or the tolerance is not a number from 0 to 1.
    """
    check_type(runs, "runs", Runs)
    check_type(by, "by", str, type(None))
    tolerance = as_tolerance(tolerance)
    sizes = runs.N  # raises an error for runs without sizes
    if by is not None:
        found = _of_column(runs, by)
    else:
        members = _densest(np.log(runs.C), np.log1p(tolerance))
        found = [_slice(runs, one[np.argsort(sizes[one], kind="stable")]) for one in members]
    return Slices(runs, tolerance, by, tuple(sorted(found, key=lambda one: one.C)))


def _of_column(runs: Runs, by: str) -> list[Slice]:
    number = numbered_groups(runs, by, "")
    values = runs.columns[by] if by in runs.columns else getattr(runs, by)
    found = []
    for group in range(int(number.max(initial=-1)) + 1):
        members = np.flatnonzero(number == group)
        value = str(values[members[0]])
        if len(members) < 2 or value in _MISSING:
            continue
        found.append(_slice(runs, members[np.argsort(runs.N[members], kind="stable")], f"{by} = {value}"))
    return found


def _slice(runs: Runs, members: NDArray[np.intp], name: str = "") -> Slice:
    log_C = np.log(runs.C[members])
    C = float(np.exp(log_C.mean()))
    return Slice(name or f"C = {scientific(C)}", C, read_only(members), float(np.expm1(np.ptp(log_C))))


def _densest(log_C: NDArray[np.float64], width: float) -> list[NDArray[np.intp]]:
    """Return the indices of the runs of each slice, the slice with the most runs first."""
    order = np.argsort(log_C, kind="stable")
    x = log_C[order]
    width += 4 * np.finfo(float).eps * np.abs(x).max(initial=0.0)  # equal budgets may differ in rounding
    found = []
    # Runs with a wider gap between them are never in one slice.
    for left in np.split(np.arange(len(x)), np.flatnonzero(np.diff(x) > width) + 1):
        part = left
        while len(part) > 1:
            cancellation_point()
            end = np.searchsorted(x[part], x[part] + width, side="right")
            count = end - np.arange(len(part))
            most = np.flatnonzero(count == count.max())
            if count[most[0]] < 2:
                break
            # Of several ranges with as many runs, the narrowest one.
            first = most[np.argmin(x[part][end[most] - 1] - x[part][most])]
            found.append(order[part[first : end[first]]])
            part = np.delete(part, np.arange(first, end[first]))
    return found
