"""Tables in Excel workbooks."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from chinchilla_nb.checks import brief
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.records.tables.file_bytes import MOST_BYTES
from chinchilla_nb.records.tables.grid import GridRow, table_from_grid
from chinchilla_nb.records.tables.header import number_columns
from chinchilla_nb.records.tables.table import Table

__all__ = ["read_excel"]

FEWEST_NUMBER_COLUMNS = 2
"""Columns of numbers on a sheet that is taken for a table of runs rather than for notes."""


def read_excel(name: str, content: bytes) -> Table:
    """Read a table from the first sheet of a workbook that has columns of numbers, or, if none has, any rows.

    Raises
    ------
    InputError
        If openpyxl is not installed, it is not a workbook or holds too much, or the sheet has no names of columns.
    """
    sheets = {title: rows for title, rows in _sheets(name, content).items() if rows}
    with_numbers = (title for title, rows in sheets.items() if _has_numbers(rows))
    chosen = next(with_numbers, next(iter(sheets), None))
    if chosen is None:
        return Table((), (), ())
    table = table_from_grid(name, sheets[chosen])
    if len(sheets) == 1:
        return table
    others = ", ".join(brief(title) for title in sheets if title != chosen)
    note = f"the sheet {brief(chosen)} was read, and not {others}"
    return replace(table, notes=(note, *table.notes))


def _has_numbers(rows: list[GridRow]) -> bool:
    return len(number_columns([row.cells for row in rows[1:]])) >= FEWEST_NUMBER_COLUMNS


def _sheets(name: str, content: bytes) -> dict[str, list[GridRow]]:
    """Return the rows of each sheet that are not blank; of formulas, the values that Excel has stored."""
    try:
        from openpyxl import load_workbook
    except ImportError:
        remedy = "pip install openpyxl, or save the sheet as CSV"
        raise InputError("", "reading Excel workbooks needs openpyxl", remedy=remedy) from None
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            size = sum(part.file_size for part in parts.infolist())
        if size <= MOST_BYTES:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # it does not know every feature of Excel
                book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
                return {sheet.title: _rows(sheet.iter_rows(values_only=True)) for sheet in book.worksheets}
    except Exception as error:  # noqa: BLE001  openpyxl raises errors of many kinds
        raise InputError(brief(name), f"is not an Excel workbook ({error})", remedy="save it as .xlsx or CSV") from None
    raise InputError(brief(name), f"holds more than {MOST_BYTES >> 20} MiB", remedy="save the sheet as CSV")


def _rows(sheet: Iterable[tuple[Any, ...]]) -> list[GridRow]:
    rows = (GridRow(number, [_plain(cell) for cell in cells]) for number, cells in enumerate(sheet, 1))
    return [row for row in rows if any(cell is not None for cell in row.cells)]


def _plain(cell: Any) -> Any:
    """Return a number or text; blank text is None, and dates become text."""
    if isinstance(cell, str):
        return cell if cell.strip() else None
    return cell if cell is None or isinstance(cell, (bool, int, float)) else str(cell)
