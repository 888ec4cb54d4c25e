"""What a table holds in its additional columns, and how its file reads back values that are appended to them.

A CSV file has no types: a column in which all values are numbers is read as numbers, one of True and False as truth
values, and any other as text, with NaN for empty fields. One text therefore changes how all other values of its column
are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Any

import numpy as np
import pandas as pd

from chinchilla_nb.records.rows import REQUIRED

__all__ = ["ColumnKinds"]

INT64 = np.iinfo(np.int64)
"""How integers beyond its range are read depends on the other values and on the version of pandas."""


class _Kind(Enum):
    NOTHING = "only missing values"
    NUMBER = "numbers"
    TRUTH = "True and False"
    TEXT = "text"
    OTHER = "anything else"


class ColumnKinds:
    """The kinds of the additional columns of a table.

    Parameters
    ----------
    table : DataFrame
        As it was read from a file.
    """

    def __init__(self, table: pd.DataFrame) -> None:
        self._kinds = {name: _kind_of_column(table[name]) for name in table.columns if name not in REQUIRED}

    def as_read(self, rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]] | None:
        """Return appended rows as the file reads them back; None if that is known only after reading all its rows."""
        kinds = dict(self._kinds)
        read = []
        for row in rows:
            values = dict(row)
            for name in values.keys() - set(REQUIRED):
                kind = _joined(kinds.get(name, _Kind.NOTHING), _kind_of([values[name]]))
                if kind is _Kind.OTHER:
                    return None
                kinds[name] = kind
                values[name] = _as_read(values[name], kind)
            read.append(values)
        self._kinds = kinds
        return read

    def goes_with(self, more: pd.DataFrame) -> bool:
        """Return whether rows that were read alone are what they are when they are read with the table."""
        for name, column in self._kinds.items():
            kind = _kind_of_column(more[name]) if name in more else _Kind.NOTHING
            if _joined(column, kind) is _Kind.OTHER or (column is _Kind.TEXT and kind not in (column, _Kind.NOTHING)):
                return False
        return True

    def add(self, more: pd.DataFrame) -> None:
        """Count in rows that go with the table."""
        names = [name for name in more.columns if name not in REQUIRED]
        added = {name: _joined(self._kinds.get(name, _Kind.NOTHING), _kind_of_column(more[name])) for name in names}
        self._kinds = self._kinds | added


def _kind_of_column(column: pd.Series[Any]) -> _Kind:
    """Return the kind of a column; one of floats is known without a look at each value in turn."""
    if column.dtype.kind == "f":
        return _Kind.NUMBER if column.notna().any() else _Kind.NOTHING
    return _kind_of(column.tolist())


def _kind_of(values: Sequence[Any]) -> _Kind:
    """Return the kind of a column of values: text if one of them is, which is mostly the first."""
    if any(isinstance(value, str) and value for value in values):
        return _Kind.TEXT
    kinds = {_kind_of_value(value) for value in values} - {_Kind.NOTHING}
    return _Kind.OTHER if len(kinds) > 1 else next(iter(kinds), _Kind.NOTHING)


def _kind_of_value(value: Any) -> _Kind:
    if isinstance(value, str):
        return _Kind.TEXT if value else _Kind.NOTHING
    if isinstance(value, bool):
        return _Kind.TRUTH
    if isinstance(value, int):
        return _Kind.NUMBER if INT64.min <= value <= INT64.max else _Kind.OTHER
    return _Kind.NUMBER if value == value else _Kind.NOTHING


def _joined(column: _Kind, value: _Kind) -> _Kind:
    """Return the kind of a column to which a value is appended; OTHER if earlier values may be read otherwise then."""
    if _Kind.OTHER in (column, value) and column is not _Kind.TEXT:
        return _Kind.OTHER
    if column is _Kind.TEXT or value in (column, _Kind.NOTHING):
        return column
    return value if column is _Kind.NOTHING else _Kind.OTHER


def _as_read(value: Any, kind: _Kind) -> Any:
    """Return a value as it is read from a column of a kind."""
    if _kind_of_value(value) is _Kind.NOTHING:
        return np.nan
    return str(value) if kind is _Kind.TEXT else value
