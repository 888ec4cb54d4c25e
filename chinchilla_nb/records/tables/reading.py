"""Read tables from files of several formats, and report the rows that cannot be read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePath

from chinchilla_nb.checks import brief
from chinchilla_nb.engine.conversion import check_type
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.records.rows import with_line_breaks
from chinchilla_nb.records.tables.excel import read_excel
from chinchilla_nb.records.tables.file_bytes import decoded, decompressed
from chinchilla_nb.records.tables.formats import COMPRESSED, format_of
from chinchilla_nb.records.tables.json_text import read_json, read_json_lines
from chinchilla_nb.records.tables.parquet import read_parquet
from chinchilla_nb.records.tables.separated import read_separated
from chinchilla_nb.records.tables.table import Table

__all__ = ["read_table"]


def read_table(name: str, content: bytes) -> Table:
    """Read a table from a file of one of the `FORMATS`, which may be compressed with gzip.

    Parameters
    ----------
    name : str
        Name of the file; its ending determines the format.
    content : bytes

    Raises
    ------
    ValueError
        If the ending is not supported, the file is empty, its content does not match its ending, or is not bytes, or
        it is not certain which numbers it holds.
    """
    check_type(name, "name", str)
    check_type(content, "content", bytes)
    ending = format_of(name)
    if PurePath(name).suffix.lower() == COMPRESSED:
        content = decompressed(name, content)
    table = _read(name, content, ending)
    if not table.rows and not table.rejected:
        raise InputError(brief(name), "holds no rows")
    several = with_line_breaks(value for row in table.rows for value in row.items())
    if not several:
        return table
    return replace(table, notes=(*table.notes, f"a run keeps the text of {', '.join(several)} in one line"))


def _read(name: str, content: bytes, ending: str) -> Table:
    if ending == ".parquet":
        return read_parquet(name, content)
    if ending == ".xlsx":
        return read_excel(name, content)
    text, note = decoded(name, content)
    if ending == ".json":
        table = read_json(name, text)
    elif ending in (".jsonl", ".ndjson"):
        table = read_json_lines(text)
    else:
        table = read_separated(name, text, ending)
    return replace(table, notes=(note, *table.notes)) if note else table
