"""Find the row with the names of the columns, which titles may stand above."""

from __future__ import annotations

import re
import statistics
from collections.abc import Sequence
from typing import Any

from chinchilla_nb.records.tables.missing import MISSING
from chinchilla_nb.records.tables.table import is_blank

__all__ = ["are_more_names", "find_header", "holds_data", "is_number", "number_columns"]

Cells = Sequence[Any]

MOST_TITLES = 50
"""Rows among which the one with the names is looked for."""
MOST_COUNTED = 1_000
"""Rows whose filled cells are counted, evenly spread over the second half."""
MOST_JUDGED = 100
"""Rows from which it is judged which columns hold numbers."""
_NO_NAMES = MISSING | {"nan", "inf", "-inf", "+inf", "infinity", "-infinity"}
_NUMBER = re.compile(r"[-+\u2212]?[.,]?[0-9][^a-zA-Z]*(?:[eE][-+]?[0-9]+)?")


def find_header(rows: Sequence[Cells]) -> int | None:
    """Return the index of the row that holds the names of the columns, None if there is none.

    It is the first that has at least as many filled cells as the rows in the second half, and no number above a column
    of numbers. Its first cell may be empty: pandas gives an index no name.
    """
    half = rows[len(rows) // 2 :]
    typical = statistics.median_low(_filled(row) for row in half[:: max(1, len(half) // MOST_COUNTED)])
    for index, row in enumerate(rows[:MOST_TITLES]):
        is_above_rows = index == 0 or index + 1 < len(rows)
        named = _filled(row) + (len(row) > 1 and is_blank(row[0]))
        if is_above_rows and named >= typical and not holds_data(row, rows[index + 1 :]):
            return index
    return None


def holds_data(row: Cells, below: Sequence[Cells]) -> bool:
    """Return whether a row has a number above a column of numbers, as no names of columns have."""
    return any(is_number(row[column]) for column in number_columns(below) if column < len(row))


def are_more_names(names: Sequence[str], row: Cells, below: Sequence[Cells]) -> bool:
    """Return whether a row below the names holds more of them: text above every column of numbers that has a name."""
    named = [column for column in number_columns(below) if column < len(names) and names[column].strip()]
    return bool(named) and all(column < len(row) and _is_name(row[column]) for column in named)


def _is_name(cell: Any) -> bool:
    return isinstance(cell, str) and cell.strip().lower() not in _NO_NAMES and not is_number(cell)


def number_columns(rows: Sequence[Cells]) -> list[int]:
    """Return the columns whose filled cells are mostly numbers."""
    judged = rows[:MOST_JUDGED]
    found = []
    for column in range(max(map(len, judged), default=0)):
        filled = [row[column] for row in judged if column < len(row) and not is_blank(row[column])]
        if 2 * sum(map(is_number, filled)) > len(filled):
            found.append(column)
    return found


def is_number(cell: Any) -> bool:
    """Return whether a cell holds a number, or text of digits and signs, such as a date."""
    return _NUMBER.fullmatch(cell.strip()) is not None if isinstance(cell, str) else cell is not None


def _filled(row: Cells) -> int:
    return sum(not is_blank(cell) for cell in row)
