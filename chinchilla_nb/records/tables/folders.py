"""A table of the JSON files in a folder, such as those that training runs write one by one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chinchilla_nb.checks import as_folder, brief
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.records.tables.reading import read_table
from chinchilla_nb.records.tables.table import Rejected, Table, distinct_names

__all__ = ["json_files", "read_table_folder"]

ENDINGS = (".json", ".json.gz")


SESSION_FILE = "chinchilla_nb.session.json"
"""The file that keeps a session in the folder of a project, which holds no runs."""


def json_files(folder: Path) -> list[Path]:
    """Return the JSON files in a folder that are not hidden, by name."""
    files = (path for path in folder.iterdir() if path.name.lower().endswith(ENDINGS) and path.name[0] != ".")
    files = (path for path in files if path.name != SESSION_FILE)
    return sorted(path for path in files if path.is_file())


def read_table_folder(folder: str | os.PathLike[str]) -> Table:
    """Read the JSON files in a folder as one table.

    Returns
    -------
    Table
        A column ``file`` names the file of each row, without its ending. The place of a row is its number in the
        folder, counted through the files by name.

    Raises
    ------
    InputError
        If there is no such folder, or no JSON file in it.
    """
    path = as_folder(folder, "folder")
    read: list[tuple[str, Mapping[str, Any]]] = []
    places: list[int] = []
    rejected: list[Rejected] = []
    number = 0
    for file in json_files(path):
        try:
            table = read_table(file.name, file.read_bytes())
        except (InputError, OSError) as error:
            number += 1
            rejected.append(Rejected(number, str(error), "cannot be read"))
            continue
        rejected += [Rejected(number + one.place, f"{file.name}: {one.reason}", one.kind) for one in table.rejected]
        places += [number + place for place in table.places]
        read += [(_stem(file), row) for row in table.rows]
        number += max([*table.places, *(one.place for one in table.rejected)])
    if not number:
        raise InputError(brief(str(path)), "holds no JSON file")
    names = tuple(dict.fromkeys(name for _, row in read for name in row))
    title = distinct_names([*names, "file"])[-1]
    rows = tuple({title: stem, **row} for stem, row in read)
    return Table((title, *names), rows, tuple(places), tuple(rejected))


def _stem(file: Path) -> str:
    return next(file.name[: -len(ending)] for ending in reversed(ENDINGS) if file.name.lower().endswith(ending))
