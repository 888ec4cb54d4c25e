"""The rows of a table in the shapes in which JSON holds one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.records.tables.table import distinct_names

__all__ = ["json_rows"]

INDEX = "index"
"""Column of the names under which an object holds its rows, as pandas names it."""
SHARED_KEYS = 2 / 3
"""Share of all keys that a row has at least on average; parts of one run, such as its settings and its results, share
fewer."""
MIXED = 20.0
"""Spread of values of which some are text, in powers of ten: more than any column of numbers has."""


def json_rows(value: Any) -> list[Any]:
    """Return the rows in a JSON value: an object each, or whatever stands in place of one.

    These shapes are known: a list of objects; lists below a list of names; an object of columns, of rows by name, or of
    ``columns`` and ``data``, as pandas and Weights & Biases write them; an object one of whose values is such a table,
    and whose other values are the same for all rows. Any other object is one row.

    Raises
    ------
    InputError
        If an object holds several tables.
    """
    if isinstance(value, list):
        return _below_names(value)
    if not isinstance(value, dict):
        return [value]
    if isinstance(value.get("columns"), list) and isinstance(value.get("data"), list):
        return _split(value)
    if isinstance(value.get("schema"), dict) and isinstance(value.get("data"), list):
        return list(value["data"])
    if _are_rows(value):
        return _columns_or_named_rows(value)
    tables = [name for name, inner in value.items() if _is_table(inner)]
    if len(tables) > 1:
        named = ", ".join(tables[:5])
        raise InputError("", f"holds several tables ({named})", remedy="keep one of them in a file of its own")
    if tables:
        others = {name: inner for name, inner in value.items() if name != tables[0]}
        return _with_constants(tables[0], json_rows(value[tables[0]]), others)
    if value and all(isinstance(inner, (dict, list)) for inner in value.values()):
        return _columns_or_named_rows(value)
    return [value]


def _is_table(value: Any) -> bool:
    """Return whether a value inside an object is a table: a list of objects, or an object of other shapes of rows."""
    if isinstance(value, list):
        return bool(value) and all(isinstance(item, dict) for item in value)
    if not isinstance(value, dict):
        return False
    is_split = isinstance(value.get("columns"), list) and isinstance(value.get("data"), list)
    return is_split or _are_rows(value) or _are_columns(value) or any(map(_is_table, value.values()))


def _are_rows(value: Mapping[str, Any]) -> bool:
    """Return whether the values of an object are several objects with mostly the same keys."""
    inner = list(value.values())
    if len(inner) < 2 or not all(isinstance(one, dict) for one in inner):
        return False
    keys = {key for one in inner for key in one}
    return sum(map(len, inner)) > SHARED_KEYS * len(keys) * len(inner)


def _are_columns(value: Mapping[str, Any]) -> bool:
    """Return whether the values of an object are several lists of one length, without objects in them."""
    lists = [inner for inner in value.values() if isinstance(inner, list)]
    if len(lists) < max(len(value), 2):
        return False
    return len({len(inner) for inner in lists}) == 1 and not any(isinstance(one, dict) for one in lists[0])


def _below_names(rows: list[Any]) -> list[Any]:
    """Return objects for lists below a list of names, other rows unchanged."""
    if len(rows) < 2 or not all(isinstance(row, list) for row in rows):
        return rows
    names = rows[0]
    if not names or not all(isinstance(name, str) for name in names):
        return rows
    return _named(distinct_names(names), rows[1:])


def _named(names: Sequence[str], rows: Iterable[Any]) -> list[Any]:
    """Return rows as objects; those without one value for each name stay lists, which are no rows."""
    return [
        dict(zip(names, row, strict=True)) if isinstance(row, list) and len(row) == len(names) else row for row in rows
    ]


def _split(value: Mapping[str, Any]) -> list[Any]:
    """Return the rows of an object of columns, data and perhaps an index, whose levels may have names."""
    rows, index = value["data"], value.get("index")
    header = [".".join(map(str, name)) if isinstance(name, list) else str(name) for name in value["columns"]]
    if isinstance(index, list) and len(index) == len(rows) and index != list(range(len(rows))):
        levels = [labels if isinstance(labels, list) else [labels] for labels in index]
        header = [*_level_names(value.get("index_names"), len(levels[0])), *header]
        rows = [[*labels, *row] if isinstance(row, list) else row for labels, row in zip(levels, rows, strict=True)]
    return _named(distinct_names(header), rows)


def _level_names(names: Any, count: int) -> list[str]:
    if isinstance(names, list) and len(names) == count:
        return [INDEX if name is None else str(name) for name in names]
    return [INDEX] if count == 1 else [f"level_{level}" for level in range(count)]


def _with_constants(name: str, rows: list[Any], constants: Mapping[str, Any]) -> list[Any]:
    """Return the rows of a table with the values beside it; of two with one name, that of the table gets its name."""
    return [
        {**constants, **{f"{name}.{key}" if key in constants else key: inner for key, inner in row.items()}}
        if isinstance(row, dict)
        else row
        for row in rows
    ]


def _columns_or_named_rows(value: Mapping[str, Any]) -> list[Any]:
    if not all(isinstance(inner, dict) for inner in value.values()):
        return _from_columns(value)
    if len(value) > 1 and not _are_rows(value):
        return [value]  # parts of one run
    by_name = [{INDEX: name, **row} if INDEX not in row else {**row} for name, row in value.items()]
    if any(isinstance(one, dict) for row in value.values() for one in row.values()):
        return by_name
    columns: dict[str, list[Any]] = {}
    for row in value.values():
        for key, one in row.items():
            columns.setdefault(key, []).append(one)
    labels_are_numbers = all(key.isdecimal() for key in columns)
    names_are_numbers = all(name.isdecimal() for name in value)
    if names_are_numbers != labels_are_numbers:
        return by_name if names_are_numbers else _from_columns(value)
    rows_spread, columns_spread = _spread(columns.values()), _spread(list(row.values()) for row in value.values())
    return by_name if rows_spread < columns_spread else _from_columns(value)


def _from_columns(columns: Mapping[str, Any]) -> list[Any]:
    """Return the rows of columns, which are lists or objects by the label of the row."""
    by_label: dict[str, dict[str, Any]] = {}
    for name, column in columns.items():
        labelled = column.items() if isinstance(column, dict) else ((str(row), one) for row, one in enumerate(column))
        for label, one in labelled:
            by_label.setdefault(label, {})[name] = one
    if all(label.isdecimal() for label in by_label):
        return list(by_label.values())
    return [{INDEX: label, **row} if INDEX not in row else row for label, row in by_label.items()]


def _spread(columns: Iterable[Sequence[Any]]) -> float:
    """Return how many powers of ten the values in a column span on average: few if it holds one quantity."""
    spreads = []
    for column in columns:
        filled = [value for value in column if value is not None]
        sizes = [abs(value) for value in filled if isinstance(value, (int, float)) and value]
        if any(isinstance(value, str) for value in filled) and sizes:
            spreads.append(MIXED)
        else:
            finite = [math.log10(size) for size in sizes if isinstance(size, int) or math.isfinite(size)]
            spreads.append(max(finite, default=0.0) - min(finite, default=0.0))
    return sum(spreads) / max(len(spreads), 1)
