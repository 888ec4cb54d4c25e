"""HTML tables of plain text: all tables in notebooks and panels are made here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

__all__ = ["html_table"]


def html_table(
    rows: Iterable[Sequence[str]],
    head: Iterable[str] = (),
    *,
    named_rows: bool = False,
    table_class: str = "",
    row_classes: Iterable[str] = (),
    cell_style: str = "",
) -> str:
    """Return a table; its cells are plain text, which is escaped here.

    Parameters
    ----------
    rows : iterable of sequence of str
    head : iterable of str
        Names of the columns; empty for a table without a header row.
    named_rows : bool, default False
        Whether the first cell of each row is a row heading.
    table_class : str
        CSS classes of the table.
    row_classes : iterable of str
        CSS classes of the rows, in order; missing or empty ones are omitted.
    cell_style : str
        Inline style of each cell, for places without a style sheet.
    """
    style = f" style='{escape(cell_style)}'" if cell_style else ""
    names = "".join(f"<th{style}>{escape(name)}</th>" for name in head)
    classes = iter(row_classes)
    lines = []
    for row in rows:
        cells = [f"<td{style}>{escape(cell)}</td>" for cell in row]
        if named_rows:
            cells[0] = f"<th scope='row'{style}>{escape(row[0])}</th>"
        lines.append(f"<tr{_class(next(classes, ''))}>{''.join(cells)}</tr>")
    top = f"<thead><tr>{names}</tr></thead>" if names else ""
    return f"<table{_class(table_class)}>{top}<tbody>{''.join(lines)}</tbody></table>"


def _class(name: str) -> str:
    return f' class="{escape(name)}"' if name else ""
