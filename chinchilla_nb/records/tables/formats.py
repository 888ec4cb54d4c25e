"""The formats of tables that are read, by the ending of a file's name."""

from __future__ import annotations

from pathlib import PurePath

from chinchilla_nb.checks import brief
from chinchilla_nb.engine.errors import InputError

__all__ = ["COMPRESSED", "FORMATS", "FORMATS_TEXT", "format_of", "is_table_name"]

FORMATS = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".parquet", ".xlsx")
"""Endings of the files that are read as tables; each may be followed by `COMPRESSED`."""
COMPRESSED = ".gz"
FORMATS_TEXT = "CSV, TSV, text, JSON, JSON Lines, Parquet or Excel (.xlsx), each also compressed with gzip (.gz)"
"""`FORMATS` in words, for messages and help."""


def format_of(name: str) -> str:
    """Return the ending of a file's name that says which format it has, in lower case: ``.csv`` of ``Runs.CSV.gz``.

    Raises
    ------
    InputError
        If it is not one of `FORMATS`.
    """
    ending = _ending(name)
    if ending not in FORMATS:
        rule = f"must end in one of {', '.join(FORMATS)}, or in one of them and {COMPRESSED}"
        raise InputError(brief(name), rule, remedy="save the table as one of them")
    return ending


def is_table_name(name: str) -> bool:
    """Return whether a file of this name is read as a table."""
    return _ending(name) in FORMATS


def _ending(name: str) -> str:
    path = PurePath(name.lower())
    return PurePath(path.stem).suffix if path.suffix == COMPRESSED else path.suffix
