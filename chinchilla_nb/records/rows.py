"""What a run must be to be kept: four numbers, checked and rounded, and whatever else is known of it.

A row is checked once, by whoever takes it in: `checked_row` checks what a program appends, the import what it reads of
someone else's file. Both end in a `CheckedRow`, which the database and its file take as it is.
"""

from __future__ import annotations

import math
import numbers
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chinchilla_nb.checks import brief
from chinchilla_nb.engine.errors import InputError

__all__ = [
    "REQUIRED",
    "WHOLE",
    "CheckedRow",
    "as_integers",
    "check_columns",
    "check_header",
    "checked_frame",
    "checked_row",
    "empty_table",
    "first_bad",
    "row_of",
    "tidy",
]

REQUIRED = ("C", "N", "D", "loss")
WHOLE = ("C", "N", "D")
CONTROL = re.compile("[\0-\x08\x0a-\x1f\ud800-\udfff]")
NO_NUMBERS = (str, bytes, bool, np.bool_)
"""Types that `float` takes and that are no numbers all the same."""
LONGEST_HEADER = 80
EXACT = 2.0**53
"""Up to here a float64 holds every integer, so N and D are int64; beyond they stay float64."""


class CheckedRow(Mapping[str, Any]):
    """A run that was checked: plain Python numbers and text, with C, N and D as integers.

    Only `checked_row` and `row_of` make one, and nothing changes it afterwards, so that nobody has to check it again.
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = dict(values)

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return repr(self._values)


def checked_row(result: Mapping[str, Any]) -> CheckedRow:
    """Return a run that a program gave, checked; one that was checked before as it is.

    Raises
    ------
    ValueError
        If N, D or loss is missing, or one of them or C is not a positive, finite number; if another value is neither
        a number nor text of one line.
    """
    if isinstance(result, CheckedRow):
        return result
    if not isinstance(result, Mapping):
        raise InputError("a run", "must map names to values", got=brief(result))
    missing = [name for name in ("N", "D", "loss") if name not in result]
    if missing:
        got = ", ".join(map(str, result)) or "nothing"
        raise InputError(" and ".join(missing), "missing", got=got, remedy="a run needs N, D and loss")
    given = [name for name in ("N", "D", "C", "loss") if name != "C" or result.get("C") is not None]
    numbers_of = {name: _positive(result[name], name) for name in given}
    return row_of(numbers_of, {name: value for name, value in result.items() if name not in REQUIRED})


def row_of(numbers_of: Mapping[str, float], others: Mapping[str, Any]) -> CheckedRow:
    """Make a row of numbers that were found positive and finite, and of whatever else is known of the run.

    Parameters
    ----------
    numbers_of : mapping of str to number
        N, D and loss, and C unless it is 6ND.
    others : mapping of str to object
        The values of other columns.

    Raises
    ------
    ValueError
        If C, N or D is too small or too large for a whole number; if another value is neither a number nor text of one
        line, or its name cannot be one of a column.
    """
    check_columns(others)
    N, D = _whole(numbers_of["N"], "N"), _whole(numbers_of["D"], "D")
    C = _whole(numbers_of.get("C", 6 * N * D), "C")
    row = {"C": C, "N": N, "D": D, "loss": float(numbers_of["loss"])}
    return CheckedRow(row | {name: _plain(value, name) for name, value in others.items()})


def check_columns(names: Iterable[str]) -> None:
    """Raise a ValueError unless each name comes back from the header of a CSV file as it is."""
    for name in names:
        if not isinstance(name, str) or not name or name != name.strip() or CONTROL.search(name):
            rule = "must be text of one line, without spaces at its ends"
            raise InputError("a column's name", rule, got=brief(name), remedy="rename it")


def _plain(value: Any, name: str) -> bool | int | float | str:
    """Return a value of a user's column as a plain Python value, NaN for None.

    Raises
    ------
    ValueError
        If it is neither a number nor text of one line.
    """
    if isinstance(value, str):
        if CONTROL.search(value):
            raise InputError(name, "must be text of one line without control characters", got=brief(value))
        return value
    if value is None or value is pd.NA:
        return math.nan
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value)
    if hasattr(value, "item"):  # an array or tensor of one element
        try:
            return _plain(value.item(), name)
        except (ValueError, RuntimeError):
            pass
    raise InputError(name, "must be a number or text", got=brief(value), remedy="make it text with str()")


def tidy(frame: pd.DataFrame) -> pd.DataFrame:
    """Return checked rows with C, N, D and loss in front, 6ND for a missing C, and N and D as integers."""
    numbers_of = {name: frame[name].to_numpy(np.float64) for name in REQUIRED if name in frame}
    for name in WHOLE:
        if name in numbers_of:
            numbers_of[name] = np.rint(numbers_of[name])
    if "C" not in numbers_of:
        with np.errstate(over="ignore"):
            numbers_of["C"] = 6 * numbers_of["N"] * numbers_of["D"]
        row = first_bad(numbers_of["C"], "C")
        if row is not None:
            N, D = (f"{numbers_of[name][row]:g}" for name in ("N", "D"))
            raise InputError("C = 6ND", f"is beyond every float for N = {N} and D = {D}", remedy="correct them")
    columns: dict[str, Any] = {name: numbers_of[name] for name in REQUIRED}
    for name in ("N", "D"):
        columns[name] = as_integers(columns[name])
    columns |= {str(name): frame[name].reset_index(drop=True) for name in frame.columns if name not in REQUIRED}
    return pd.DataFrame(columns)


def empty_table(columns: list[str]) -> pd.DataFrame:
    """Return a table without rows."""
    return tidy(pd.DataFrame(columns=columns, dtype=float))


def as_integers(values: NDArray[np.float64]) -> NDArray[Any]:
    """Return whole numbers as int64 if a float64 holds all of them exactly, else as they are."""
    return values.astype(np.int64) if np.all(values <= EXACT) else values


def first_bad(values: NDArray[np.float64], name: str) -> int | None:
    """Return where the first value stands that is not positive and finite; whole numbers must round to 1 or more."""
    rounded = np.rint(values) if name in WHOLE else values
    bad = np.flatnonzero(~(np.isfinite(rounded) & (rounded > 0)))
    return int(bad[0]) if bad.size else None


def checked_frame(frame: Any) -> pd.DataFrame:
    """Return a table that a user made, checked and tidied, with a new index.

    Raises
    ------
    ValueError
        If it lacks a column, has one twice, or holds a value that is not allowed, naming row, column and value.
    TypeError
        If it is not a DataFrame.
    """
    if not isinstance(frame, pd.DataFrame):
        raise TypeError(f"df must be a pandas DataFrame, got {type(frame).__name__}")
    names = [str(name) for name in frame.columns]
    check_header(names, "df")
    check_columns(names)
    frame = frame.set_axis(names, axis=1).reset_index(drop=True)
    for name in frame.columns:
        if name in REQUIRED:
            frame[name] = _numbers(frame[name], name)
        elif frame[name].dtype.kind not in "biuf":
            frame[name] = pd.Series([_plain(value, f"df, row {row}: {name}") for row, value in enumerate(frame[name])])
    return tidy(frame)


def check_header(names: list[str], where: str) -> None:
    """Raise a ValueError unless the column names are distinct, not empty, and include N, D and loss."""
    for position, name in enumerate(names, 1):
        if not name.strip():
            raise InputError(where, f"has no name for column {position}", remedy="give it one or remove it")
        if names.index(name) != position - 1:
            raise InputError(where, f"has two columns named {name!r}", remedy="rename or remove one")
    missing = [name for name in ("N", "D", "loss") if name not in names]
    if missing:
        found = ", ".join(names)[:LONGEST_HEADER] or "none"
        rule = f"has no column {' or '.join(missing)} among {found}"
        raise InputError(where, rule, remedy="name the columns N, D and loss")


def _numbers(series: pd.Series[Any], name: str) -> NDArray[np.float64]:
    if pd.api.types.is_any_real_numeric_dtype(series):
        values = series.to_numpy(np.float64, na_value=np.nan)
    else:
        values = np.array([_float_or_nan(value) for value in series])
    row = first_bad(values, name)
    if row is not None:
        got = series.iloc[row]
        got = brief(got.item() if isinstance(got, np.generic) else got)
        where, remedy = f"df, row {row}, column {name}", "correct it or drop the row"
        raise InputError(where, "must be a positive number", got=got, remedy=remedy)
    return values


def _float_or_nan(value: Any) -> float:
    """Return a number as a float; what would only turn into one, text or True, as NaN."""
    try:
        return math.nan if isinstance(value, NO_NUMBERS) else float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def _positive(value: Any, name: str) -> int | float:
    """Return a positive, finite number as int or float."""
    number = value
    if hasattr(value, "item") and not isinstance(value, numbers.Number):  # an array or tensor of one element
        try:
            number = value.item()
        except (ValueError, RuntimeError):
            number = None
    try:
        if number is None or isinstance(number, NO_NUMBERS):
            raise TypeError
        number = int(number) if isinstance(number, numbers.Integral) else float(number)
        allowed = math.isfinite(number) and number > 0
    except OverflowError:
        raise InputError(name, "must be below 1.8e308", got=brief(value)) from None
    except (TypeError, ValueError):
        raise InputError(name, "must be a positive number", got=brief(value)) from None
    if not allowed:
        raise InputError(name, "must be positive and finite", got=brief(value))
    return number


def _whole(number: float, name: str) -> int:
    """Round a positive number to an integer."""
    if number > sys.float_info.max:
        raise InputError(name, "must be below 1.8e308", got=brief(number))
    whole = round(number)
    if whole < 1:
        raise InputError(name, "must round to 1 or more", got=brief(number))
    return whole
