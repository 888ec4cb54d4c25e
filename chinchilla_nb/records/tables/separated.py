"""Tables in text: values separated by commas, semicolons, tabs, bars or blanks, with comments between the rows."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.records.csv_rows import BrokenRow, split_rows
from chinchilla_nb.records.tables.grid import GridRow, table_from_grid
from chinchilla_nb.records.tables.header import find_header
from chinchilla_nb.records.tables.table import Rejected, Table

__all__ = ["read_separated"]

SEPARATORS = "\t;|,"
"""In order of preference where a text splits into columns equally well: commas stand in numbers and sentences, too."""
COMMENTS = ("#", "%", "//")
SAMPLE = 1 << 16
"""Characters from which the separator is found."""
_SEPARATOR_LINE = re.compile(r"\s*sep=(.)\r?\n")
"""The first line that spreadsheets understand: ``sep=;``."""
_RULE = " \t-:=+"
"""Characters of lines that are drawn between the names and the rows."""
_CELL = re.compile(r'"[^"]*"|\S+')


def read_separated(name: str, text: str, ending: str) -> Table:
    """Read a table from text.

    Parameters
    ----------
    name : str
        Name of the file, for messages.
    text : str
    ending : str
        A ``.tsv`` has tabs, the separator of other files is found.

    Raises
    ------
    InputError
        If there is no row with the names of columns, or it is not certain which numbers a column holds.
    """
    declared = _SEPARATOR_LINE.match(text)
    if declared:
        text = "\n" + text[declared.end() :]  # lines keep their numbers
    separator = declared[1] if declared else "\t" if ending == ".tsv" else _separator(text)
    rows, comments = _without_comments(_aligned_rows(text) if separator is None else list(_rows(text, separator)))
    names = _names_in_comment(rows, comments)
    table = table_from_grid(name, [names, *rows] if names else rows, semicolons=separator == ";")
    # The name of a run may look like a comment.
    unclear = [
        row for row in comments if table.places and row.place > table.places[0] and len(row.cells) == len(table.columns)
    ]
    rejected = [
        Rejected.of(row.place, InputError("", "begins like a comment, but has a value for each column"))
        for row in unclear
    ]
    left_out = len(comments) - len(unclear) - (names is not None)
    notes = (f"{left_out} comment {'line was' if left_out == 1 else 'lines were'} left out",) if left_out else ()
    together = sorted([*table.rejected, *rejected], key=lambda one: one.place)
    return replace(table, rejected=tuple(together), notes=(*notes, *table.notes))


def _separator(text: str) -> str | None:
    """Return the separator that splits most lines, and most of those into the same number of columns.

    None stands for blanks, if no other separator is there and the blanks split all lines into as many columns.
    """

    def fitness(separator: str) -> tuple[int, int]:
        widths = Counter(len(row.cells) for row in _rows(text[:SAMPLE], separator) if not _is_comment(row))
        del widths[1]
        return widths.total(), max(widths.values(), default=0)

    best = max(SEPARATORS, key=fitness)
    if fitness(best) != (0, 0):
        return best
    aligned = {len(row.cells) for row in _aligned_rows(text) if not _is_comment(row)}
    return None if len(aligned) == 1 and aligned != {1} else ","


def _rows(text: str, separator: str) -> Iterator[GridRow]:
    """Yield the rows of a text that are not blank or a drawn line; one whose end cannot be found is the last."""
    if '"' not in text:
        yield from _rows_without_quotes(text, separator)
        return
    try:
        for row in split_rows(text, separator):
            if any(value.strip(_RULE) for value in row.values):
                cells = [
                    value if quoted else value.strip() for value, quoted in zip(row.values, row.quoted, strict=True)
                ]
                yield GridRow(row.line, cells, row.mistake, is_quoted=row.quoted[0])
    except BrokenRow as error:
        yield GridRow(error.line, [], f"cannot be read, and neither can the lines after it ({error.reason})")


def _rows_without_quotes(text: str, separator: str) -> Iterator[GridRow]:
    """Yield the rows of a text in which each line is a row: most tables, and several times faster."""
    drawn = _RULE + separator
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    padded = _may_be_padded(text, separator)
    for place, line in enumerate(text.split("\n"), 1):
        if line.strip(drawn):
            cells = line.split(separator)
            yield GridRow(place, [cell.strip() for cell in cells] if padded else cells)


def _may_be_padded(text: str, separator: str) -> bool:
    """Return whether blanks may stand around the values of some line."""
    if not text.replace("\n", "").replace(separator, "").isprintable():
        return True  # there may be other blanks than spaces
    ends = (separator, "\n")
    return text[:1] == " " or text[-1:] == " " or any(f"{end} " in text or f" {end}" in text for end in ends)


def _aligned_rows(text: str) -> list[GridRow]:
    """Return the rows of a text whose columns are separated by any number of blanks.

    Where all rows have one value more than the first, as R and pandas print them, the column of their names gets none.
    """
    lines = enumerate(re.split(r"\r\n|\n|\r", text), 1)
    cells = ((place, [cell.strip('"') for cell in _CELL.findall(line)]) for place, line in lines)
    rows = [GridRow(place, row) for place, row in cells if any(value.strip(_RULE) for value in row)]
    if {len(row.cells) for row in rows[1:]} == {len(rows[0].cells) + 1 if rows else 0}:
        rows[0].cells.insert(0, "")
    return rows


def _without_comments(rows: Sequence[GridRow]) -> tuple[list[GridRow], list[GridRow]]:
    """Return the rows that are not comments, and those that are: none where most runs begin with such a mark."""
    comments = [row for row in rows if _is_comment(row)]
    if not comments:
        return list(rows), []
    others = [row for row in rows if not _is_comment(row)]
    width = _width(rows)
    if sum(len(row.cells) == width for row in comments) > sum(len(row.cells) == width for row in others):
        return list(rows), []
    return others, comments


def _names_in_comment(rows: Sequence[GridRow], comments: Sequence[GridRow]) -> GridRow | None:
    """Return the names of the columns where they stand in the last comment above the rows, as NumPy writes them."""
    if not rows or find_header([row.cells for row in rows]) is not None:
        return None
    width = _width(rows)
    for row in reversed(comments):
        first = row.cells[0].strip().lstrip("".join(COMMENTS)).strip()
        cells = [first or row.cells[0], *row.cells[1:]] if first or len(row.cells) == width else row.cells[1:]
        if row.place < rows[0].place and len(cells) == width:
            return GridRow(row.place, cells)
    return None


def _is_comment(row: GridRow) -> bool:
    return bool(row.cells) and not row.is_quoted and row.cells[0].lstrip().startswith(COMMENTS)


def _width(rows: Sequence[GridRow]) -> int:
    return statistics.mode(len(row.cells) for row in rows) if rows else 0
