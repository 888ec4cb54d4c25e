"""Open a session on a project, a study, a folder, a configuration file or a table of runs."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from chinchilla_nb import datasets
from chinchilla_nb.checks import brief
from chinchilla_nb.config.allowed_functions import AllowedFunctions
from chinchilla_nb.config.callables import Finder
from chinchilla_nb.config.file_text import SUFFIXES
from chinchilla_nb.config.reading import read_settings
from chinchilla_nb.config.settings import Settings
from chinchilla_nb.database import Database
from chinchilla_nb.engine.errors import InputError, InputTypeError
from chinchilla_nb.engine.fitting.losses import log_huber
from chinchilla_nb.printable import printable
from chinchilla_nb.records.csv_file import CsvFile
from chinchilla_nb.records.importing import guess_sources, preview_import
from chinchilla_nb.records.tables import read_table
from chinchilla_nb.session import Session

__all__ = ["RowsLeftOutWarning", "open_session"]

TABLES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
LONGEST_PATH = 300
"""Characters of a path that an error shows, so that its end, the name, is among them."""
MAX_NAMED = 3
"""Number of left-out rows that a message names one by one."""


class RowsLeftOutWarning(UserWarning):
    """A table was opened without the rows that are not valid runs."""


def open_session(source: Any, *, allow_functions: Iterable[str] = ()) -> Session:
    """Return the session of a project, of a study, or of the folder or file at a path.

    Parameters
    ----------
    source : Chinchilla, Session, Study, str or path
        A path leads to a folder of runs, opened with default settings, a configuration file, or a table of runs: CSV,
        TSV, JSON Lines or Parquet, whose columns are recognised by name. Text that is not a path is taken as the name
        of a shipped study. Runs appended to a study or a table are kept in memory only.
    allow_functions : iterable of str
        Functions that a configuration file may name, ``package.module:function``; they are imported. Others, except
        those that the notebook defines, are refused, because importing a module runs its code.

    Raises
    ------
    ValueError
        If there is nothing at the path, a file is of another kind, or its content is not valid, or a function is
        not found or not allowed.
    TypeError
        If `source` is none of these.

    Warns
    -----
    RowsLeftOutWarning
        If a table has rows that cannot be used; it names the first of them, by line and reason.
    """
    allowed = AllowedFunctions(allow_functions)
    session = getattr(source, "session", source)
    if isinstance(session, Session):
        return session
    if isinstance(source, (str, os.PathLike)) and os.fspath(source):
        return _open_path(Path(os.fsdecode(source)), allowed.find)
    if isinstance(source, datasets.Study):
        # Repeated runs scatter both ways; the default loss weighs over-prediction tenfold, Hoffmann's does not.
        loss_fn = partial(log_huber, delta=1e-3)
        settings = Settings(seed_regime=source.seed_regime, loss_fn=loss_fn)
        return _in_memory(source.df, settings, source.data_unit)
    rule = "must be a Chinchilla, a study or its name, or the path of a folder, a configuration or a table of runs"
    raise InputTypeError("source", rule, got=brief(source))


def _open_path(path: Path, find: Finder) -> Session:
    try:
        is_folder, is_file = path.is_dir(), path.is_file()
    except OSError as error:  # a name too long
        raise InputError("source", f"{brief(str(path))} cannot be opened", remedy=str(error.strerror)) from None
    if is_folder:
        return Session(Database(path), Settings())
    if is_file:
        return _open_file(path, find)
    if str(path) in datasets.names():
        return open_session(datasets.load(str(path)))
    kinds = f"a folder, a .yaml, .json or .csv file, or {' or '.join(datasets.names())}"
    raise InputError(
        "", f"there is nothing at {brief(str(path), LONGEST_PATH)}, and no study of that name", remedy=f"give {kinds}"
    )


def _open_file(path: Path, find: Finder) -> Session:
    kind = path.suffix.lower()
    if kind in TABLES:
        return _in_memory(_read_runs(path), Settings())
    if kind in SUFFIXES:
        return _open_configuration(path, find)
    kinds = f"a .yaml or .json file, a .csv (a spreadsheet can be saved as one), {', '.join(TABLES[1:])}, or a folder"
    raise InputError(repr(str(path)), "is neither a configuration nor a table of runs", remedy=f"give {kinds}")


def _open_configuration(path: Path, find: Finder) -> Session:
    config = read_settings(path, find=find)
    # A file saved while a table was open does not name a project: its runs lie beside it.
    folder = config.folder or path.absolute().parent
    return Session(Database(folder, log_level=config.log_level), config.settings)


def _read_runs(path: Path) -> pd.DataFrame:
    """Read a table of runs as this package writes it, else by column names, without rows that are not valid."""
    if path.suffix.lower() == ".csv":
        try:
            runs = CsvFile(path).read()
        except ValueError:
            pass  # other names, or rows that cannot be used: both are reported below
        else:
            if len(runs):
                return runs
    table = read_table(path.name, path.read_bytes())
    sources = guess_sources(table.columns)
    try:
        preview = preview_import(table, sources)
    except ValueError:
        rule = f"does not say which of its columns ({', '.join(table.columns)}) are the loss and two of N, D and C"
        remedy = "rename them, or open a folder and choose the columns when importing the file in its run log"
        raise InputError(repr(str(path)), rule, remedy=remedy) from None
    reasons = "; ".join(f"line {row.place}: {row.reason}" for row in preview.rejected[:MAX_NAMED])
    if not preview.rows:
        raise InputError(repr(str(path)), "holds no valid run", remedy=reasons)
    if preview.rejected:
        more = len(preview.rejected) - MAX_NAMED
        rest = f"; and {more} more" if more > 0 else ""
        count = f"{len(preview.rejected)} of {len(preview.rejected) + len(preview.rows)} rows"
        left_out = printable(f"{str(path)!r}: {count} left out: {reasons}{rest}")
        warnings.warn(left_out, RowsLeftOutWarning, stacklevel=2)
    return pd.DataFrame([dict(row) for row in preview.rows])


def _in_memory(df: Any, settings: Settings, data_unit: str = "tokens") -> Session:
    database = Database()
    database.df = df
    return Session(database, settings, data_unit=data_unit)
