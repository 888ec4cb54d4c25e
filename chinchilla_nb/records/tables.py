"""Read tables from files of several formats, and report the rows that cannot be read."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import pandas as pd

from chinchilla_nb.checks import brief
from chinchilla_nb.engine.conversion import check_type
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.records.csv_rows import BrokenRow, split_rows

__all__ = ["FORMATS", "Rejected", "Table", "read_table"]

# Digits of other scripts, no-break spaces and underscores, which `int` and `float` accept, are not numbers of a table.
_INTEGER = re.compile(r"[-+]?[0-9]{1,400}")
_FLOAT = re.compile(r"[-+]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|(?i:nan|inf(?:inity)?))")

FORMATS = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet")


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that cannot be used.

    Attributes
    ----------
    place : int
        Its line in the file, or its number in a file without lines.
    reason : str
        Why it cannot be used.
    kind : str
        The quantity that is wrong, or what is wrong with the row as a whole; rows with the same mistake share it.
    """

    place: int
    reason: str
    kind: str

    @classmethod
    def of(cls, place: int, error: InputError) -> Rejected:
        """Reject a row because of an error, which is not stored: it would keep the whole table in memory."""
        return cls(place, str(error), error.where or error.rule)


@dataclass(frozen=True, eq=False, slots=True)
class Table:
    """A table as it was read.

    Attributes
    ----------
    columns : tuple of str
        Distinct names, in the order of the file.
    rows : tuple of dict
        Values by column; a column may be absent.
    places : tuple of int
        Line of each row in the file, from 1, or its number if the file has no lines.
    rejected : tuple of Rejected
        Rows that could not be read.
    taken_for : str
        What its source was recognised as, if that is not a file of one of the `FORMATS`.
    remarks : tuple of str
        What could not be read of a source although its rows could be.
    """

    columns: tuple[str, ...]
    rows: tuple[Mapping[str, Any], ...]
    places: tuple[int, ...]
    rejected: tuple[Rejected, ...] = ()
    taken_for: str = ""
    remarks: tuple[str, ...] = ()


def read_table(name: str, content: bytes) -> Table:
    """Read a CSV, TSV, JSON Lines, JSON or Parquet file.

    Parameters
    ----------
    name : str
        Name of the file; its extension determines the format.
    content : bytes

    Raises
    ------
    ValueError
        If the extension is not supported, the file is empty, its content does not match its extension, or is not
        bytes.
    """
    check_type(name, "name", str)
    check_type(content, "content", bytes)
    ending = PurePath(name).suffix.lower()
    if ending not in FORMATS:
        raise InputError(
            brief(name), f"must end in one of {', '.join(FORMATS)}", remedy="save the table as one of them"
        )
    if ending == ".parquet":
        table = _read_parquet(name, content)
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise InputError(brief(name), "is not UTF-8 text", remedy="save it as UTF-8") from None
        table = _read_separated(text, ending) if ending in (".csv", ".tsv") else _read_json(name, text, ending)
    if not table.rows and not table.rejected:
        raise InputError(brief(name), "holds no rows")
    return table


def _read_separated(text: str, ending: str) -> Table:
    first = text.lstrip().partition("\n")[0]
    separator = "\t" if ending == ".tsv" else max(",;\t|", key=first.count)
    rows, places, rejected = [], [], []
    columns: tuple[str, ...] = ()
    try:
        for row in split_rows(text, separator):
            if not any(value.strip() for value in row.values):
                continue
            if not columns:
                columns = _distinct(row.values)
            elif row.mistake or len(row.values) != len(columns):
                unfit = InputError("", row.mistake or f"has {len(row.values)} values for {len(columns)} columns")
                rejected.append(Rejected.of(row.line, unfit))
            else:
                rows.append(dict(zip(columns, row.values, strict=True)))
                places.append(row.line)
    except BrokenRow as error:
        unreadable = InputError("", "cannot be read, and neither can the lines after it", place=f"({error.reason})")
        rejected.append(Rejected.of(error.line, unreadable))
    return Table(columns, tuple(_typed(rows, columns)), tuple(places), tuple(rejected))


def _read_json(name: str, text: str, ending: str) -> Table:
    if ending == ".json":
        try:
            return _from_objects(enumerate(_json_rows(_parsed(text)), 1))
        except InputError as error:
            raise InputError(brief(name), error.rule, remedy=error.remedy) from None
        except json.JSONDecodeError as error:
            if "\n" not in text.strip():
                raise InputError(brief(name), f"is not JSON ({error})") from None
        except (ValueError, RecursionError) as error:
            raise InputError(brief(name), f"cannot be read: {_reason(error)}") from None
    # Many JSON Lines files are named .json.
    return _from_objects((place, line) for place, line in enumerate(text.split("\n"), 1) if line.strip())


def _parsed(text: str) -> Any:
    """Return a JSON value.

    Raises
    ------
    InputError
        If an object has a key twice: Python would keep the last value and drop the others.
    """
    return json.loads(text, object_pairs_hook=_distinct_keys)


def _distinct_keys(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return the entries of an object by name, each of which must be there once."""
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name in values:
            raise InputError("", f"has two values named {brief(name)}", remedy="rename or remove one")
        values[name] = value
    return values


def _reason(error: ValueError | RecursionError) -> str:
    """Return why Python rejects text although it is JSON."""
    return "it is nested too deeply" if isinstance(error, RecursionError) else "a number has thousands of digits"


def _json_rows(value: Any) -> list[Any]:
    """Return the rows of a list of objects, or of an object of columns as pandas writes it."""
    if isinstance(value, list):
        return value
    if isinstance(value, dict) and value and all(isinstance(column, (list, dict)) for column in value.values()):
        columns = {name: column.values() if isinstance(column, dict) else column for name, column in value.items()}
        rows: list[dict[str, Any]] = [{} for _ in range(max(map(len, columns.values())))]
        for name, column in columns.items():
            for row, one in zip(rows, column, strict=False):  # columns may be shorter than others
                row[name] = one
        return rows
    return [value]


def _from_objects(items: Iterable[tuple[int, Any]]) -> Table:
    rows, places, rejected = [], [], []
    for place, item in items:
        try:
            value = _parsed(item) if isinstance(item, str) else item
            row = _distinct_keys(_flat(value)) if isinstance(value, dict) else None
        except InputError as error:
            rejected.append(Rejected.of(place, error))
            continue
        except json.JSONDecodeError as error:
            at = f"({error.msg} at column {error.colno})"
            rejected.append(Rejected.of(place, InputError("", "is not JSON", place=at)))
            continue
        except (ValueError, RecursionError) as error:
            rejected.append(Rejected.of(place, InputError("", f"is not a row: {_reason(error)}")))
            continue
        if row is not None:
            rows.append(row)
            places.append(place)
        else:
            unfit = InputError("", "is not an object of columns and values", got=brief(value))
            rejected.append(Rejected.of(place, unfit))
    columns = tuple(dict.fromkeys(name for row in rows for name in row))
    return Table(columns, tuple(rows), tuple(places), tuple(rejected))


def _flat(value: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the leaves of nested objects under dotted names; lists become text."""
    for name, inner in value.items():
        if isinstance(inner, dict):
            yield from _flat(inner, f"{before}{name}.")
        else:
            yield _one_line(f"{before}{name}") or "column", json.dumps(inner) if isinstance(inner, list) else inner


def _read_parquet(name: str, content: bytes) -> Table:
    try:
        frame = pd.read_parquet(io.BytesIO(content))
    except ImportError:
        remedy = "pip install pyarrow, or save the table as CSV"
        raise InputError("", "reading Parquet needs pyarrow", remedy=remedy) from None
    except Exception as error:  # noqa: BLE001  pyarrow and fastparquet each raise their own
        raise InputError(brief(name), f"is not a Parquet file ({error})") from None
    columns = _distinct([str(column) for column in frame.columns])
    rows = [
        {column: _plain(value) for column, value in zip(columns, values, strict=True)}
        for values in frame.itertuples(index=False, name=None)
    ]
    return Table(columns, tuple(rows), tuple(range(1, len(rows) + 1)))


def _plain(value: Any) -> Any:
    """Return a value of a data frame as a plain Python value, converting anything but numbers and text to text."""
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    value = value.item() if getattr(value, "ndim", None) == 0 else value
    return value if isinstance(value, (bool, int, float, str)) else str(value)


def _distinct(header: Iterable[str]) -> tuple[str, ...]:
    """Name columns without a name, and number those that share one."""
    names: dict[str, None] = {}
    next_number: dict[str, int] = {}
    for position, name in enumerate(header, 1):
        wanted = _one_line(name) or f"column {position}"
        new = wanted
        while new in names:
            number = next_number.get(wanted, 2)
            next_number[wanted] = number + 1
            new = f"{wanted} ({number})"
        names[new] = None
    return tuple(names)


def _one_line(name: str) -> str:
    return " ".join(name.split())


def _typed(rows: list[dict[str, str]], columns: Iterable[str]) -> list[dict[str, Any]]:
    """Convert text columns that hold only numbers, to integers if all of them are."""
    typed: list[dict[str, Any]] = [dict(row) for row in rows]
    for column in columns:
        texts = [row[column].strip(" \t") for row in rows]
        for kind, pattern in ((int, _INTEGER), (float, _FLOAT)):
            if all(not text or pattern.fullmatch(text) for text in texts):
                for row, text in zip(typed, texts, strict=True):
                    row[column] = kind(text) if text else None
                break
    return typed
