"""Runs as CSV text: write it, read it, and locate mistakes in it."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.checks import brief
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.records.csv_rows import BrokenRow, Row, split_rows
from chinchilla_nb.records.rows import EXACT, LONGEST_INTEGER, REQUIRED, WHOLE, check_header, first_bad, tidy

__all__ = ["as_csv", "column_rows", "columns_as_csv", "read_header", "read_rows", "split_header", "widened"]

EMPTY = ["", "nan", "NaN"]
"""Values that are read as missing."""
# Newer versions always read floats exactly, and warn if told to.
NEWER = tuple(int(part) for part in pd.__version__.split(".")[:2]) >= (3, 1)
EXACT_FLOATS: dict[str, Any] = {} if NEWER else {"float_precision": "round_trip"}


# Text that a table of numbers and truth values would read as one of them, if it were not quoted.
_NUMBER = r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[-+]?[0-9]+)?"
_LIKE_NUMBER = re.compile(rf"\s*(?:{_NUMBER}|[-+]?inf(?:inity)?|nan|true|false)\s*", re.IGNORECASE | re.ASCII)
_NUMBER_AS_TEXT = re.compile(rf"\s*(?:{_NUMBER}|[-+]?inf(?:inity)?)\s*", re.IGNORECASE | re.ASCII)
_INTEGER = re.compile(rf"\s*[-+]?[0-9]{{1,{LONGEST_INTEGER}}}\s*", re.ASCII)
_PLAIN_NUMBER = re.compile(rf"\s*{_NUMBER}\s*", re.IGNORECASE | re.ASCII)

_LEADING_ZERO = re.compile(r"0[0-9]+")
"""Digits that are a name, such as that of run 00123, unless they stand in a column of C, N, D or loss."""
_ANY_LEADING_ZERO = re.compile(rb'(?:^|[,"])0[0-9]+(?:[,"\r\n]|$)', re.MULTILINE)

_EMPTY_ROW = '""'
"""A row of one empty field."""


def as_csv(rows: Iterable[Sequence[Any]], separator: str = ",") -> bytes:
    """Return rows as CSV; floats as the shortest text that reads back to them, NaN and None as empty fields.

    Text that looks like a number is quoted, so that it reads back as text.
    """
    special = re.compile(f'[{re.escape(separator)}"\r\n]')
    lines = (separator.join(_written(value, special) for value in row) for row in rows)
    # A blank line would not be a row.
    return "".join(f"{line or _EMPTY_ROW}\n" for line in lines).encode()


def _written(value: Any, special: re.Pattern[str]) -> str:
    if isinstance(value, str):
        quoted = special.search(value) or _LIKE_NUMBER.fullmatch(value)
        return '"' + value.replace('"', '""') + '"' if quoted else value
    return "" if value is None or value != value else str(value)


def columns_as_csv(columns: Mapping[str, ArrayLike]) -> bytes:
    """Return columns as CSV below a line of their names; C, N and D have no decimal point, and all digits.

    Parameters
    ----------
    columns : mapping of str to array_like, shape (n_rows,)
    """
    return as_csv(column_rows(columns))


def column_rows(columns: Mapping[str, ArrayLike]) -> list[Sequence[Any]]:
    """Return a row of the names of columns, and the rows of their values; whole C, N and D are integers."""
    values = {name: np.asarray(column).tolist() for name, column in columns.items()}
    for name in values.keys() & set(WHOLE):
        values[name] = [int(value) if value <= EXACT else value for value in values[name]]
    return [list(values), *zip(*values.values(), strict=True)]


def split_header(data: bytes, path: Path) -> tuple[list[str], bytes]:
    """Return the column names of a file (none if it is blank) and everything below their line.

    Raises
    ------
    ValueError
        If the first line does not name the columns of runs.
    """
    first, _, rest = data.partition(b"\n")
    header = read_header(first, path)
    if not header and rest.strip():
        rule, remedy = "is blank, but there is text below", "put the column names in the first line"
        raise InputError(f"{path}, line 1", rule, remedy=remedy)
    return header, rest


def read_header(line: bytes, path: Path) -> list[str]:
    """Return the column names in the first line of a file, none if it is blank.

    Raises
    ------
    ValueError
        If names are missing, repeated, or separated by anything but commas.
    """
    text = _decode(line.removeprefix(b"\xef\xbb\xbf"), path, 1)  # a byte order mark, as Excel writes it
    if not text.strip():
        return []
    where = f"{path}, line 1"
    for separator in ";\t|":
        if separator in text and "," not in text:
            raise InputError(where, f"has columns separated by {separator!r}", remedy="save the file with commas")
    try:
        rows = list(split_rows(text))
    except BrokenRow as error:
        raise InputError(where, error.reason, remedy="correct it") from None
    if len(rows) != 1:
        raise InputError(where, "ends in carriage returns", remedy="save the file with standard line breaks")
    if rows[0].mistake:
        raise InputError(where, rows[0].mistake, remedy="correct it")
    names = [name.strip() for name in rows[0].values]
    check_header(names, where)
    return names


def read_rows(data: bytes, header: list[str], path: Path, lines_before: int) -> pd.DataFrame:
    """Return the runs in the lines below the header.

    Parameters
    ----------
    data : bytes
    header : list of str
        Names of the columns in the file.
    path : Path
        Named in error messages.
    lines_before : int
        Number of lines in the file before `data`.

    Raises
    ------
    ValueError
        If a value is missing, not a number, infinite or not positive. The message names the file, line, column and
        value.
    """
    if not data.strip():
        return tidy(pd.DataFrame(columns=header, dtype=float))
    # Quotes, null characters and leading zeros are rare, so the fast path covers only files without them and mistakes.
    texts: dict[str, list[int]] = {}
    is_plain = not (b'"' in data or b"\0" in data or _ANY_LEADING_ZERO.search(data))
    if not (is_plain and _regular(data, len(header))):
        texts = _check_rows(data, header, path, lines_before)
    present = [name for name in REQUIRED if name in header]
    types: dict[str, Any] = dict.fromkeys(present, np.float64) | dict.fromkeys(texts, str)
    try:
        frame: pd.DataFrame = pd.read_csv(
            io.BytesIO(data),
            names=header,
            header=None,
            index_col=False,
            dtype=types,
            keep_default_na=False,
            na_values={name: [""] if name in texts else EMPTY for name in header} if texts else EMPTY,
            **EXACT_FLOATS,
            low_memory=False,
        )
    except (ValueError, OverflowError) as error:  # pandas says what is wrong, we say where
        _check_rows(data, header, path, lines_before)
        raise InputError(str(path), "is not a CSV file", remedy=str(error)) from None
    for name in header:
        if name in texts:
            frame[name] = frame[name].mask(frame.index.isin(texts[name]))
        elif frame[name].dtype.kind not in "biuf":
            frame[name] = _without_large_integers_as_text(frame[name])
    if any(_doubtful(frame[name].to_numpy(), name) for name in present):
        _check_rows(data, header, path, lines_before)
    try:
        return tidy(frame)
    except InputError as error:  # no column C, and 6ND overflows
        raise InputError(error.where, error.rule, place=f"in {path}", remedy=error.remedy) from None


def widened(data: bytes, tails: Iterable[Sequence[Any]]) -> bytes:
    """Return the rows of a file with further values behind each; what is there keeps its text."""
    text = data.decode()
    rows = (text[row.begin : row.end].encode() for row in split_rows(text))
    return b"".join(row + b"," + as_csv([tail]) for row, tail in zip(rows, tails, strict=True))


def _without_large_integers_as_text(column: pd.Series[Any]) -> pd.Series[Any]:
    """Return a column of numbers as numbers.

    Beside integers from 2^63 on, pandas keeps missing values, and with them all values, as they are written.
    """
    missing = column.isin(EMPTY)
    column = column.mask(missing) if missing.any() else column
    values = column.tolist()
    present = [value for value in values if value == value]
    if not present or not all(_NUMBER_AS_TEXT.fullmatch(str(value)) for value in present):
        return column
    is_whole = all(_INTEGER.fullmatch(str(value)) for value in present)
    # As text, because a Python integer that is too large for float64 is an error, and its text is infinite.
    numbers = [value if value != value else int(value) if is_whole else float(str(value)) for value in values]
    return pd.Series(numbers, index=column.index, dtype=object if is_whole else np.float64)


def _doubtful(values: NDArray[np.float64], name: str) -> bool:
    """Return whether numbers are wrong, or may have been read from the word True, as pandas does in a whole column."""
    return first_bad(values, name) is not None or bool(np.all(values == 1))


def _regular(data: bytes, columns: int) -> bool:
    """Return whether every line that is not blank has one comma fewer than there are columns."""
    if not data.endswith(b"\n"):
        data += b"\n"
    octets = np.frombuffer(data, dtype=np.uint8)
    ends = np.flatnonzero(octets == ord("\n"))
    commas = np.searchsorted(np.flatnonzero(octets == ord(",")), ends)
    lengths = np.diff(ends, prepend=-1) - 1
    return bool(np.all((np.diff(commas, prepend=0) == columns - 1) | (lengths == 0)))


def _check_rows(data: bytes, header: list[str], path: Path, lines_before: int) -> dict[str, list[int]]:
    """Raise a ValueError for the first row with a mistake; return the columns of text that looks like numbers.

    Such text has a leading zero, or is quoted and the numbers of its row are not: where they are, as some programs
    write them, quotes say nothing. For each of these columns, the rows are returned in which it has no value: in a
    column of text, pandas cannot tell a missing value, written nan, from the quoted word.
    """
    text = _decode(data, path, lines_before + 1)
    texts: set[str] = set()
    missing: dict[str, list[int]] = {}
    try:
        for number, row in enumerate(split_rows(text)):
            _check_row(row, header, f"{path}, line {lines_before + row.line}")
            fields = list(zip(header, row.values, row.quoted, strict=True))
            quotes_count = not any(quoted for name, _, quoted in fields if name in REQUIRED)
            for name, value, quoted in fields:
                if quoted and quotes_count and _LIKE_NUMBER.fullmatch(value):
                    texts.add(name)
                elif value in EMPTY:
                    missing.setdefault(name, []).append(number)
                elif name not in REQUIRED and _LEADING_ZERO.fullmatch(value):
                    texts.add(name)
    except BrokenRow as error:
        raise InputError(
            f"{path}, line {lines_before + error.line}", error.reason, remedy="correct or delete it"
        ) from None
    return {name: missing.get(name, []) for name in texts}


def _check_row(row: Row, header: list[str], where: str) -> None:
    """Raise an InputError if a row has a mistake."""
    if row.mistake:
        raise InputError(where, row.mistake, remedy="correct or delete it")
    if len(row.values) != len(header):
        found = brief(", ".join(row.values))
        rule = f"has {len(row.values)} values for {len(header)} columns"
        raise InputError(where, rule, got=found, remedy="correct or delete it")
    for name, value in zip(header, row.values, strict=True):
        if name in REQUIRED and not _is_allowed(value, name):
            rule, remedy = "must be a positive number", "correct or delete it"
            raise InputError(f"{where}, column {name}", rule, got=brief(value), remedy=remedy)


def _is_allowed(text: str, name: str) -> bool:
    """Return whether pandas reads a text as a number that a run may have: no digits but 0 to 9, no other signs."""
    return _PLAIN_NUMBER.fullmatch(text) is not None and first_bad(np.array([float(text)]), name) is None


def _decode(data: bytes, path: Path, first_line: int) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = first_line + data[: error.start].count(b"\n")
        raise InputError(f"{path}, line {line}", "is not UTF-8 text", remedy="save the file as UTF-8") from None
