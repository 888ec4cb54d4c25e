"""Check the rows of runs: four numbers, checked and rounded, and any further values.

A row is checked once, on its way in: `checked_row` checks what a program appends, and the import checks what it
reads from a file. Both give a `CheckedRow`, which the database and its file accept without another check.
"""

from __future__ import annotations

import math
import numbers
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chinchilla_nb.checks import as_float, brief
from chinchilla_nb.engine.errors import InputError, InputTypeError

__all__ = [
    "REQUIRED",
    "WHOLE",
    "CheckedRow",
    "are_plain",
    "as_integers",
    "check_columns",
    "check_header",
    "checked_frame",
    "checked_row",
    "empty_table",
    "first_bad",
    "frame_of_rows",
    "row_of",
    "row_of_plain",
    "rows_beyond",
    "rows_missing",
    "tidy",
    "with_line_breaks",
]

REQUIRED = ("C", "N", "D", "loss")
WHOLE = ("C", "N", "D")
CONTROL = re.compile("[\0-\x08\x0a-\x1f\ud800-\udfff]")
LINE_BREAK = re.compile("[\n\v\f\r\x1c-\x1e]")
_PLAIN_TYPES = frozenset({str, int, float, bool, type(None)})
NOT_NUMBERS = (str, bytes, bool, np.bool_)
"""Types that `float` accepts although they are not numbers."""
LONGEST_HEADER = 80
MOST_COLUMNS = 10_000
"""More columns are a mistake, such as rows written as columns: a file has a value of each column in every row."""
LONGEST_INTEGER = 308
"""Digits of integers that are in the range of float64, without which the oldest pandas cannot hold them."""
EXACT = 2.0**53
"""A float64 holds every integer up to this one, so N and D are int64 up to it and float64 beyond."""


class CheckedRow(Mapping[str, Any]):
    """A checked run: plain Python numbers and text, with C, N and D as integers.

    Only `checked_row`, `row_of` and `renamed` make one, and it cannot be changed, so it need not be checked again.
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

    def renamed(self, names: Mapping[str, str]) -> CheckedRow:
        """Return the run with other names of some columns, which must be distinct and names of columns."""
        return CheckedRow({names.get(name, name): value for name, value in self._values.items()})


def checked_row(result: Mapping[str, Any]) -> CheckedRow:
    """Check a run that a program gives; a `CheckedRow` is returned unchanged.

    Raises
    ------
    ValueError
        If N, D or loss is missing, one of them or C is not a positive, finite number, or another value is neither a
        number nor text without control characters.
    """
    if isinstance(result, CheckedRow):
        return result
    if not isinstance(result, Mapping):
        raise InputError("a run", "must map names to values", got=brief(result))
    missing = [name for name in ("N", "D", "loss") if name not in result]
    if missing:
        got = ", ".join(map(str, result)) or "nothing"
        rule = "is missing" if len(missing) == 1 else "are missing"
        raise InputError(" and ".join(missing), rule, got=got, remedy="a run needs N, D and loss")
    given = [name for name in ("N", "D", "C", "loss") if name != "C" or result.get("C") is not None]
    numbers_of = {name: _positive(result[name], name) for name in given}
    return row_of(numbers_of, {name: value for name, value in result.items() if name not in REQUIRED})


def row_of(numbers_of: Mapping[str, float], others: Mapping[str, Any]) -> CheckedRow:
    """Make a row from numbers that are known to be positive and finite, and from any further values.

    Parameters
    ----------
    numbers_of : mapping of str to number
        N, D and loss, and C unless it is 6ND.
    others : mapping of str to object
        The values of other columns.

    Raises
    ------
    ValueError
        If C, N or D is too small or too large for a whole number, another value is neither a number nor text without
        control characters, or its name cannot be a column name.
    """
    check_columns(others)
    return row_of_plain(numbers_of, {name: _plain(value, name) for name, value in others.items()})


def row_of_plain(numbers_of: Mapping[str, float], others: Mapping[str, Any]) -> CheckedRow:
    """Make a row as `row_of` does, from further values that are plain by `are_plain`, of columns that were checked."""
    N, D = _whole(numbers_of["N"], "N"), _whole(numbers_of["D"], "D")
    C = _whole(numbers_of.get("C", 6 * N * D), "C")
    return CheckedRow({"C": C, "N": N, "D": D, "loss": float(numbers_of["loss"]), **others})


def are_plain(values: Sequence[Any]) -> bool:
    """Return whether `row_of` keeps all values of a column, None apart, and text has no blanks but between words.

    It may be False where only a look at each value can tell.
    """
    if not _PLAIN_TYPES.issuperset(map(type, values)):
        return False
    texts = [value for value in values if type(value) is str]
    lines = "\n".join(["", *texts, ""])
    return "".join(texts).isprintable() and not any(blanks in lines for blanks in ("  ", " \n", "\n "))


def check_columns(names: Iterable[str]) -> None:
    """Raise a ValueError unless each name reads back unchanged from the header of a CSV file."""
    for name in names:
        if not isinstance(name, str) or not _reads_back(name):
            rule = "must be a single line of text without leading or trailing spaces"
            raise InputError("a column name", rule, got=brief(name), remedy="rename the column")


@lru_cache(maxsize=MOST_COLUMNS)
def _reads_back(name: str) -> bool:
    """Return whether a name reads back unchanged; every row has the same few."""
    return bool(name) and name == name.strip() and not CONTROL.search(name)


def _plain(value: Any, name: str) -> bool | int | float | str:
    """Return a value of a user's column as a plain Python value, NaN for None.

    Text of several lines becomes one: a row of the file is one line, so that an append is complete or absent.

    Raises
    ------
    ValueError
        If it is neither a number nor text without other control characters.
    """
    if type(value) is float:  # most are
        return value
    if type(value) is int:
        return _short(value, name)
    if isinstance(value, str):
        return _plain_text(value, name)
    if value is None or value is pd.NA:
        return math.nan
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    is_duration = isinstance(value, np.generic) and value.dtype.kind == "m"
    if isinstance(value, numbers.Integral) and not is_duration:
        return _short(int(value), name)
    if isinstance(value, numbers.Real):
        return as_float(value, name)
    if hasattr(value, "item"):  # an array or tensor of one element
        try:
            return _plain(value.item(), name)
        except Exception:  # noqa: BLE001, S110  a value of the user may raise anything when it is read
            pass
    raise InputError(name, "must be a number or text", got=brief(value), remedy="convert it with str()")


def _short(value: int, name: str) -> int:
    """Return an integer that can be written; errors as for `_plain`."""
    if value.bit_length() > LONGEST_INTEGER and abs(value) >= 10**LONGEST_INTEGER:  # a bit is less than a digit
        raise InputError(name, f"must have at most {LONGEST_INTEGER:,} digits", got=brief(value))
    return value


def _plain_text(value: str, name: str) -> str:
    """Return text as one line; errors as for `_plain`."""
    text = str.__str__(value)  # NumPy and others have types of their own for text
    if CONTROL.search(value):
        text = " ".join(text.split()) if LINE_BREAK.search(text) else text
        if CONTROL.search(text):
            raise InputError(name, "must be text without control characters", got=brief(value))
    return text


def with_line_breaks(values: Iterable[tuple[str, Any]]) -> list[str]:
    """Return the names of columns that hold text of several lines, from values with the names of their columns."""
    texts = [(name, value) for name, value in values if isinstance(value, str)]
    if not LINE_BREAK.search("".join([value for _, value in texts])):
        return []
    return list(dict.fromkeys(name for name, value in texts if LINE_BREAK.search(value)))


def frame_of_rows(rows: Sequence[CheckedRow]) -> pd.DataFrame:
    """Return checked rows as a table: C, N, D and loss as float64, then the other columns, NaN where a row has none."""
    values = [row._values for row in rows]  # noqa: SLF001  a mapping in Python would be asked for each value
    columns: dict[str, Any] = {name: np.array([row[name] for row in values], dtype=np.float64) for name in REQUIRED}
    others = [name for name in dict.fromkeys(chain.from_iterable(values)) if name not in columns]
    # As a list of dicts, pandas would convert columns with missing values in another way.
    return pd.DataFrame(columns | {name: pd.Series([row.get(name, np.nan) for row in values]) for name in others})


def tidy(frame: pd.DataFrame) -> pd.DataFrame:
    """Return checked rows with C, N, D and loss first, 6ND for a missing C, and N and D as integers."""
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
            raise InputError("C = 6ND", f"exceeds the largest float for N = {N} and D = {D}", remedy="correct them")
    columns: dict[str, Any] = {name: numbers_of[name] for name in REQUIRED}
    for name in ("N", "D"):
        columns[name] = as_integers(columns[name])
    others = frame.drop(columns=[name for name in REQUIRED if name in frame]).reset_index(drop=True)
    return pd.concat([pd.DataFrame(columns), others.set_axis(others.columns.astype(str), axis=1)], axis=1)


def empty_table(columns: list[str]) -> pd.DataFrame:
    """Return a table without rows."""
    return tidy(pd.DataFrame(columns=columns, dtype=float))


def as_integers(values: NDArray[np.float64]) -> NDArray[Any]:
    """Return whole numbers as int64 if a float64 holds all of them exactly, else unchanged."""
    return values.astype(np.int64) if np.all(values <= EXACT) else values


def first_bad(values: NDArray[np.float64], name: str) -> int | None:
    """Return the index of the first value that is not positive and finite; C, N and D must round to 1 or more."""
    rounded = np.rint(values) if name in WHOLE else values
    bad = np.flatnonzero(~(np.isfinite(rounded) & (rounded > 0)))
    return int(bad[0]) if bad.size else None


def rows_missing(frame: pd.DataFrame, among: pd.DataFrame) -> int:
    """Return how many rows of a table are not in another one, which may have its columns and rows in another order."""
    if not len(frame):
        return 0
    names = sorted({*frame.columns, *among.columns})
    return sum((Counter(_comparable(frame, names)) - Counter(_comparable(among, names))).values())


def rows_beyond(frame: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a table that another one has not, or has less often; the columns may have another order."""
    names = sorted({*frame.columns, *known.columns})
    left = Counter(_comparable(known, names))
    is_beyond = []
    for row in _comparable(frame, names):
        is_beyond.append(not left[row])
        left[row] -= not is_beyond[-1]
    return frame[is_beyond]


def _comparable(frame: pd.DataFrame, names: list[str]) -> Iterator[tuple[Any, ...]]:
    """Yield rows that are equal if they have the same values: None for NaN and for a column that is missing."""
    columns = [frame[name].tolist() if name in frame else [None] * len(frame) for name in names]
    for values in zip(*columns, strict=True):
        yield tuple(None if value is pd.NA or value != value else value for value in values)


def checked_frame(frame: Any) -> pd.DataFrame:
    """Return a user's table, checked and tidied, with a new index.

    Raises
    ------
    ValueError
        If it lacks a column, has one twice, or holds a value that is not allowed; the message names the place.
    TypeError
        If it is not a DataFrame.
    """
    if not isinstance(frame, pd.DataFrame):
        raise InputTypeError("df", "must be a pandas DataFrame", got=type(frame).__name__)
    names = [str(name) for name in frame.columns]
    check_header(names, "df")
    check_columns(names)
    frame = frame.set_axis(names, axis=1).reset_index(drop=True)
    for name in frame.columns:
        if name in REQUIRED:
            frame[name] = _numbers(frame[name], name)
        elif frame[name].dtype.kind not in "biuf":
            frame[name] = _plain_column(frame[name].tolist(), name)
    return tidy(frame)


def _plain_column(values: list[Any], name: str) -> pd.Series[Any]:
    """Return a user's column as plain values; errors as for `checked_frame`."""
    texts = [value for value in values if type(value) is str]
    if {str, float, int}.issuperset(map(type, values)) and not CONTROL.search("".join(texts)):
        return pd.Series(values)
    return pd.Series([_plain(value, f"df, row {row}: {name}") for row, value in enumerate(values)])


def check_header(names: list[str], where: str) -> None:
    """Raise a ValueError unless the column names are distinct, not empty, not too many, and include N, D and loss."""
    if len(names) > MOST_COLUMNS:
        raise InputError(where, f"has {len(names):,} columns", remedy=f"keep at most {MOST_COLUMNS:,}")
    known: set[str] = set()
    for position, name in enumerate(names, 1):
        if not name.strip():
            raise InputError(where, f"has no name for column {position}", remedy="give it one or remove it")
        if name in known:
            raise InputError(where, f"has two columns named {brief(name)}", remedy="rename or remove one")
        known.add(name)
    missing = [name for name in ("N", "D", "loss") if name not in known]
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
    """Return a number as a float, and anything else as NaN, including text and True, which `float` would convert."""
    try:
        return math.nan if isinstance(value, NOT_NUMBERS) else float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def _positive(value: Any, name: str) -> int | float:
    """Return a positive, finite number as int or float."""
    number = value
    if hasattr(value, "item") and not isinstance(value, numbers.Number):  # an array or tensor of one element
        try:
            number = value.item()
        except Exception:  # noqa: BLE001  a value of the user may raise anything when it is read
            number = None
    try:
        is_complex = isinstance(number, numbers.Complex) and not isinstance(number, numbers.Real)
        if number is None or is_complex or isinstance(number, NOT_NUMBERS):
            raise TypeError
        number = int(number) if isinstance(number, numbers.Integral) else float(number)
        allowed = math.isfinite(number) and number > 0
    except OverflowError:
        raise InputError(name, "must be below 1.8e308", got=brief(value)) from None
    except Exception:  # noqa: BLE001  a value of the user may raise anything when it is converted
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
