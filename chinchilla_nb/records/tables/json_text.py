"""Tables in JSON and JSON Lines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from chinchilla_nb.checks import brief
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.records.tables.json_shapes import json_rows
from chinchilla_nb.records.tables.nested import flat
from chinchilla_nb.records.tables.table import Rejected, Table, one_line

__all__ = ["read_json", "read_json_lines", "table_from_objects"]

_NEXT = re.compile(r"[^ \t\r\n]")
"""The beginning of the next value: any character but the white space of JSON."""


def read_json(name: str, text: str) -> Table:
    """Read a table from JSON, or from JSON Lines, as many of which are named ``.json``.

    Raises
    ------
    InputError
        If it is neither, or holds several tables.
    """
    try:
        found = json_rows(_parsed(text))
        if found and not any(isinstance(row, dict) and row for row in found):
            remedy = 'write each run as {"N": 1e8, "D": 2e9, "loss": 3.1}'
            raise InputError("", "has no names of columns", remedy=remedy)
        return table_from_objects(enumerate(found, 1))
    except InputError as error:
        raise InputError(brief(name), error.rule, remedy=error.remedy) from None
    except json.JSONDecodeError as error:
        if "\n" not in text.strip():
            raise InputError(brief(name), f"is not JSON ({error})") from None
        objects = _one_after_another(text)
        if objects:
            return table_from_objects(objects)
    except (ValueError, RecursionError) as error:
        raise InputError(brief(name), f"cannot be read: {_reason(error)}") from None
    return read_json_lines(text)


def _one_after_another(text: str) -> list[tuple[int, str]]:
    """Return the JSON values in a text that follow each other, with their lines; none if something else is there."""
    decoder = json.JSONDecoder()
    values = []
    line, end = 1, 0
    try:
        while start := _NEXT.search(text, end):
            line += text.count("\n", end, start.start())
            position, (_, end) = start.start(), decoder.raw_decode(text, start.start())
            values.append((line, text[position:end]))
            line += text.count("\n", position, end)
    except (ValueError, RecursionError):
        return []
    return values


def read_json_lines(text: str) -> Table:
    """Read a table from lines, each of which is an object in JSON; others are rejected."""
    return table_from_objects((place, line) for place, line in enumerate(text.split("\n"), 1) if line.strip())


def table_from_objects(items: Iterable[tuple[int, Any]]) -> Table:
    """Return the table of objects, or of texts of objects in JSON, with the place of each; others are rejected.

    Objects inside them are flattened: their values get names with points.
    """
    rows, places, rejected = [], [], []
    for place, item in items:
        try:
            value = _parsed(item) if isinstance(item, str) else item
            row = _distinct_keys(_cells(value)) if isinstance(value, dict) else None
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


def _cells(value: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the cells of a row with the names of their columns; lists become text."""
    for name, inner in flat(value):
        yield one_line(name) or "column", json.dumps(inner) if isinstance(inner, list) else inner


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
