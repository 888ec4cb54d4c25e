"""Runs as CSV text: write it, read it, and locate mistakes in it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from chinchilla_nb.checks import brief
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.records.rows import EXACT, REQUIRED, WHOLE, check_header, first_bad, tidy

__all__ = ["as_csv", "column_rows", "columns_as_csv", "read_header", "read_rows", "split_header", "widened"]

# Newer versions always read floats exactly, and warn if told to.
NEWER = tuple(int(part) for part in pd.__version__.split(".")[:2]) >= (3, 1)
EXACT_FLOATS: dict[str, Any] = {} if NEWER else {"float_precision": "round_trip"}


def as_csv(rows: Iterable[Sequence[Any]], separator: str = ",") -> bytes:
    """Return rows as CSV; floats as the shortest text that reads back to them, NaN and None as empty fields."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator="\n")
    for row in rows:
        writer.writerow(["" if isinstance(value, float) and value != value else value for value in row])
    return text.getvalue().encode()


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
        names = [name.strip() for name in next(csv.reader([text]))]
    except csv.Error:  # a carriage return within the line
        raise InputError(where, "ends in carriage returns", remedy="save the file with standard line breaks") from None
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
    # Quotes and null characters are rare, so the fast path covers only files without them and without mistakes.
    if b'"' in data or b"\0" in data or not _regular(data, len(header)):
        _find_mistake(data, header, path, lines_before)
    present = [name for name in REQUIRED if name in header]
    try:
        frame: pd.DataFrame = pd.read_csv(
            io.BytesIO(data),
            names=header,
            header=None,
            index_col=False,
            dtype=dict.fromkeys(present, np.float64),
            keep_default_na=False,
            na_values=["", "nan", "NaN"],
            **EXACT_FLOATS,
            low_memory=False,
        )
    except (ValueError, OverflowError) as error:  # pandas says what is wrong, we say where
        _find_mistake(data, header, path, lines_before)
        raise InputError(str(path), "is not a CSV file", remedy=str(error)) from None
    if any(first_bad(frame[name].to_numpy(), name) is not None for name in present):
        _find_mistake(data, header, path, lines_before)
    try:
        return tidy(frame)
    except InputError as error:  # no column C, and 6ND overflows
        raise InputError(error.where, error.rule, place=f"in {path}", remedy=error.remedy) from None


def widened(data: bytes, tails: Sequence[Sequence[Any]]) -> bytes:
    """Return the lines of a file with further values behind each row; what is there keeps its text."""
    lines = (values for values in csv.reader(io.StringIO(data.decode(), newline="")) if values)
    return as_csv([*values, *tail] for values, tail in zip(lines, tails, strict=True))


def _regular(data: bytes, columns: int) -> bool:
    """Return whether every line that is not blank has one comma fewer than there are columns."""
    if not data.endswith(b"\n"):
        data += b"\n"
    octets = np.frombuffer(data, dtype=np.uint8)
    ends = np.flatnonzero(octets == ord("\n"))
    commas = np.searchsorted(np.flatnonzero(octets == ord(",")), ends)
    lengths = np.diff(ends, prepend=-1) - 1
    return bool(np.all((np.diff(commas, prepend=0) == columns - 1) | (lengths == 0)))


def _find_mistake(data: bytes, header: list[str], path: Path, lines_before: int) -> None:
    """Raise a ValueError for the first line with a mistake, if there is one."""
    reader = csv.reader(io.StringIO(_decode(data, path, lines_before + 1), newline=""), strict=True)
    columns = [(index, name) for index, name in enumerate(header) if name in REQUIRED]
    line = lines_before
    try:
        for row in reader:
            line, before = lines_before + reader.line_num, line
            if not row:
                continue
            where = f"{path}, line {before + 1}"
            if len(row) != len(header):
                found = brief(", ".join(row))
                rule = f"has {len(row)} values for {len(header)} columns"
                raise InputError(where, rule, got=found, remedy="correct or delete it")
            for index, name in columns:
                if not _is_allowed(row[index], name):
                    found = brief(row[index])
                    rule, remedy = "must be a positive number", "correct or delete it"
                    raise InputError(f"{where}, column {name}", rule, got=found, remedy=remedy)
    except csv.Error as error:
        rule = f"is not valid CSV ({error})"
        raise InputError(f"{path}, line {line + 1}", rule, remedy="correct or delete it") from None


def _is_allowed(text: str, name: str) -> bool:
    try:
        return first_bad(np.array([float(text)]), name) is None and "_" not in text
    except ValueError:
        return False


def _decode(data: bytes, path: Path, first_line: int) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = first_line + data[: error.start].count(b"\n")
        raise InputError(f"{path}, line {line}", "is not UTF-8 text", remedy="save the file as UTF-8") from None
