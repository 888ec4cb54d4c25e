"""Read tables from files of several formats, and report the rows that cannot be read."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath
from typing import Any

import pandas as pd

from chinchilla_nb.checks import brief
from chinchilla_nb.engine.conversion import check_type
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.records.csv_rows import BrokenRow, split_rows
from chinchilla_nb.records.tables.frames import table_from_frame
from chinchilla_nb.records.tables.table import Rejected, Table, distinct_names, one_line

__all__ = ["FORMATS", "read_table"]

# Digits of other scripts, no-break spaces and underscores, which `int` and `float` accept, are not numbers of a table.
_INTEGER = re.compile(r"[-+]?[0-9]{1,400}")
_FLOAT = re.compile(r"[-+]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|(?i:nan|inf(?:inity)?))")

FORMATS = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet")


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
                columns = distinct_names(row.values)
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
            yield one_line(f"{before}{name}") or "column", json.dumps(inner) if isinstance(inner, list) else inner


def _read_parquet(name: str, content: bytes) -> Table:
    try:
        frame = pd.read_parquet(io.BytesIO(content))
    except ImportError:
        remedy = "pip install pyarrow, or save the table as CSV"
        raise InputError("", "reading Parquet needs pyarrow", remedy=remedy) from None
    except Exception as error:  # noqa: BLE001  pyarrow and fastparquet each raise their own
        raise InputError(brief(name), f"is not a Parquet file ({error})") from None
    return table_from_frame(frame)


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
