"""Tables from data frames."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pandas as pd

from chinchilla_nb.engine.conversion import check_type
from chinchilla_nb.records.tables.table import Table, distinct_names

__all__ = ["table_from_frame"]


def table_from_frame(frame: pd.DataFrame) -> Table:
    """Return a data frame as a table.

    Parameters
    ----------
    frame : DataFrame
        Its index becomes columns before the others, unless it has no name and only numbers the rows. The names of
        several levels of columns are joined with points.

    Returns
    -------
    Table
        The place of a row is its number, from 1. Values are numbers, text or None: missing values are None, except
        NaN among floats, and other objects become text.

    Raises
    ------
    InputError
        If it is not a data frame.
    """
    check_type(frame, "frame", pd.DataFrame)
    index = frame.index
    levels = () if _only_numbers_rows(index) else range(index.nlevels)
    columns: list[Iterable[Any]] = [index.get_level_values(level) for level in levels]
    columns += [frame.iloc[:, position] for position in range(frame.shape[1])]
    header = [_level_name(index, level) for level in levels] + [_column_name(name) for name in frame.columns]
    names = distinct_names(header)
    values = [[_plain(value) for value in column] for column in columns]
    rows = tuple(dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)) if names else ()
    return Table(names, rows, tuple(range(1, len(rows) + 1)))


def _only_numbers_rows(index: pd.Index) -> bool:
    return index.nlevels == 1 and index.name is None and pd.api.types.is_integer_dtype(index.dtype)


def _level_name(index: pd.Index, level: int) -> str:
    """Return the name of a level of an index, or, if it has none, the one that pandas gives such a column."""
    name = index.names[level]
    return str(name) if name is not None else f"level_{level}" if index.nlevels > 1 else "index"


def _column_name(name: Any) -> str:
    return ".".join(str(part) for part in name if str(part)) if isinstance(name, tuple) else str(name)


def _plain(value: Any) -> Any:
    """Return a value of a data frame as a plain Python value, converting anything but numbers and text to text."""
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, Decimal):
        return float(value)
    value = value.item() if getattr(value, "ndim", None) == 0 else value
    return value if isinstance(value, (bool, int, float, str)) else str(value)
