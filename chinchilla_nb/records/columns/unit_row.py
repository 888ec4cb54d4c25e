"""A row of units under the header: ``M, B, nats``."""

from __future__ import annotations

from collections.abc import Mapping

from chinchilla_nb.records.columns.cells import is_empty, read_cell
from chinchilla_nb.records.columns.units import find_unit
from chinchilla_nb.records.tables import Table

__all__ = ["without_unit_row"]

_LONGEST = 40
"""Characters of the longest unit; a longer text is a note."""


def without_unit_row(table: Table) -> tuple[Table, dict[str, str]]:
    """Return a table without its row of units, and those units by column; the table itself if it has none.

    The first row is one if it holds text only, with a unit above numbers at least once.
    """
    if len(table.rows) < 2:
        return table, {}
    first, second = table.rows[0], table.rows[1]
    texts = {column: value for column, value in first.items() if not is_empty(value)}
    if not texts or not all(isinstance(text, str) and len(text) <= _LONGEST for text in texts.values()):
        return table, {}
    units = {column: find_unit(text) for column, text in texts.items() if _is_number(second, column)}
    known = {column: unit for column, unit in units.items() if unit is not None}
    if not known or any(_is_number(first, column) and column not in known for column in texts):
        return table, {}
    return Table(table.columns, table.rows[1:], table.places[1:], table.rejected), known


def _is_number(row: Mapping[str, object], column: str) -> bool:
    return not is_empty(row.get(column)) and read_cell(row[column]) is not None
