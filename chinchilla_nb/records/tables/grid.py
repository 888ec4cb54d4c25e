"""A table from rows of cells, as they stand in a text or on a sheet: with titles, a row of units, empty columns."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any, NamedTuple

from chinchilla_nb.checks import brief
from chinchilla_nb.engine.errors import InputError, inputs_from
from chinchilla_nb.records.tables.header import are_more_names, find_header, holds_data
from chinchilla_nb.records.tables.number_columns import convert_columns
from chinchilla_nb.records.tables.table import Rejected, Table, distinct_names, is_blank, one_line
from chinchilla_nb.records.tables.unit_row import has_units, with_units

__all__ = ["GridRow", "table_from_grid"]


class GridRow(NamedTuple):
    """A row that is not blank.

    Attributes
    ----------
    place : int
        Its line in the file, or its number on a sheet.
    cells : list
        Text, numbers or None.
    mistake : str
        Why it is not valid; empty if it is.
    is_quoted : bool
        Whether the first cell stands in quotes.
    """

    place: int
    cells: list[Any]
    mistake: str = ""
    is_quoted: bool = False


def table_from_grid(name: str, rows: Sequence[GridRow], *, semicolons: bool = False) -> Table:
    """Return the table in rows of cells.

    Parameters
    ----------
    name : str
        Name of the file, for messages.
    rows : sequence of GridRow
        Those that do not fit below the names of the columns are rejected, with their number of values.
    semicolons : bool
        Whether semicolons separate the columns; see `convert_columns`.

    Raises
    ------
    InputError
        If there is no row with the names of columns, or it is not certain which numbers a column holds.
    """
    if not rows:
        return Table((), (), ())
    header, body, notes = _below_header(name, rows)
    names, remark = _full_names(header, body)
    if remark:
        body = body[1:]
        notes.append(remark)
    kept = [column for column in range(len(names)) if names[column].strip() or _has_values(body, column)]
    mistakes = [row.mistake or _misfit(row, header, kept) for row in body]
    rejected = tuple(
        Rejected.of(row.place, InputError("", mistake)) for row, mistake in zip(body, mistakes, strict=True) if mistake
    )
    fitting = [row for row, mistake in zip(body, mistakes, strict=True) if not mistake]
    columns = distinct_names(names[column].strip() or f"column {column + 1}" for column in kept)
    cells = {title: [row.cells[column] for row in fitting] for title, column in zip(columns, kept, strict=True)}
    with inputs_from(brief(name)):
        values, remarks = convert_columns(cells, semicolons=semicolons)
    converted = tuple(dict(zip(columns, row, strict=True)) for row in zip(*values.values(), strict=True))
    return Table(columns, converted, tuple(row.place for row in fitting), rejected, (*notes, *remarks))


def _below_header(name: str, rows: Sequence[GridRow]) -> tuple[GridRow, Sequence[GridRow], list[str]]:
    """Return the row with the names of the columns, the rows below it, and a note on those above it."""
    cells = [row.cells for row in rows]
    start = find_header(cells)
    if start is None:
        if holds_data(cells[0], cells[1:]):
            remedy = "write them above the first row"
            raise InputError(brief(name), "has no row with the names of the columns", remedy=remedy)
        start = 0  # no row fits below any other: those below the first are rejected
    titles = [one_line(" ".join(_text(cell) for cell in row.cells)) for row in rows[:start]]
    return rows[start], rows[start + 1 :], [f"the title {brief(title)} was left out" for title in titles]


def _full_names(header: GridRow, body: Sequence[GridRow]) -> tuple[list[str], str]:
    """Return the names of columns with what the first row below adds to them, and a note if it adds something."""
    names = [_text(cell) for cell in header.cells]
    if not body:
        return names, ""
    first, below = body[0], [row.cells for row in body[1:]]
    if has_units(first.cells, below):
        return with_units(names, first.cells), f"row {first.place} holds the units of the columns"
    if are_more_names(names, first.cells, below):
        more = zip_longest(names, map(_text, first.cells), fillvalue="")
        return [".".join(filter(None, pair)) for pair in more], f"row {first.place} holds more names of the columns"
    return names, ""


def _has_values(rows: Sequence[GridRow], column: int) -> bool:
    return any(column < len(row.cells) and not is_blank(row.cells[column]) for row in rows)


def _misfit(row: GridRow, header: GridRow, kept: Sequence[int]) -> str:
    """Return why a row does not have one value for each column, empty if it has; separators at its end add none."""
    if row.cells == header.cells:
        return "repeats the names of the columns"
    beyond = row.cells[len(header.cells) :]
    if (beyond and all(map(is_blank, beyond))) or (kept and kept[-1] < len(row.cells) <= len(header.cells)):
        return ""
    return f"has {len(row.cells)} values for {len(kept)} columns"


def _text(cell: Any) -> str:
    return "" if cell is None else str(cell)
