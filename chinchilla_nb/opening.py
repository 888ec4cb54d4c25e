"""Open a session on a project, a study, a folder, a configuration file or a table of runs."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from chinchilla_nb import datasets
from chinchilla_nb._logger import get_logger
from chinchilla_nb.checks import brief
from chinchilla_nb.config.allowed_functions import AllowedFunctions
from chinchilla_nb.config.callables import Finder
from chinchilla_nb.config.reading import is_configuration, read_settings
from chinchilla_nb.config.settings import Settings
from chinchilla_nb.database import Database
from chinchilla_nb.engine.errors import InputError, InputTypeError
from chinchilla_nb.engine.fitting.loss_words import loss_in_words
from chinchilla_nb.engine.fitting.losses import log_huber
from chinchilla_nb.followed_database import FollowedDatabase
from chinchilla_nb.printable import printable
from chinchilla_nb.records.columns.given import NOT_READ
from chinchilla_nb.records.columns.questions import UnclearColumns
from chinchilla_nb.records.columns.reading import Reading, read_columns
from chinchilla_nb.records.csv_file import CsvFile
from chinchilla_nb.records.importers.sources import RunLogs, at_address, is_address, recognise
from chinchilla_nb.records.importing import Preview, preview_reading
from chinchilla_nb.records.rows import frame_of_rows
from chinchilla_nb.records.tables import (
    FORMATS_TEXT,
    Table,
    is_table_name,
    json_files,
    read_table,
    read_table_folder,
    table_from_frame,
)
from chinchilla_nb.run_origin import PROJECT_FILE
from chinchilla_nb.session import Session

__all__ = ["RowsLeftOutWarning", "TableChoices", "open_session", "read_runs", "session_of_source"]

LONGEST_PATH = 300
"""Characters of a path that an error shows, so that its end, the name, is among them."""
MAX_NAMED = 3
"""Number of left-out rows that a message names one by one."""


class RowsLeftOutWarning(UserWarning):
    """A table was opened without the rows that are not valid runs.

    ``session.left_out`` of `open_session`, and ``attrs["left_out"]`` of `read_runs`, have all of them.
    """


@dataclass(frozen=True, slots=True)
class TableChoices:
    """What a user says of a table; the fields are the arguments of `open_session`."""

    N: Any = None
    D: Any = None
    C: Any = None
    loss: Any = None
    checkpoints: str | None = None
    failed: bool = False

    def given(self) -> dict[str, Any]:
        """Return the arguments of `open_session` that differ from their defaults."""
        return {one.name: value for one in fields(self) if (value := getattr(self, one.name)) != one.default}

    def reading(self, table: Table) -> Reading:
        """Return how a table is read with these choices."""
        return read_columns(table, N=self.N, D=self.D, C=self.C, loss=self.loss, checkpoints=self.checkpoints)


def open_session(
    source: Any,
    *,
    allow_functions: Iterable[str] = (),
    N: Any = None,
    D: Any = None,
    C: Any = None,
    loss: Any = None,
    checkpoints: str | None = None,
    failed: bool = False,
) -> Session:
    """Return the session of a project, of a study, of a data frame, or of the folder or file at a path.

    What was taken of a table, and how, is logged, and kept as `Session.remarks`, and what was left out as
    `Session.left_out_remark`.

    Parameters
    ----------
    source : Chinchilla, Session, Study, DataFrame, str or path
        A path leads to a folder of runs, opened with default settings, a configuration file, or a table of runs, whose
        columns are recognised by names, values and consistency. A folder without ``df.csv`` whose JSON files hold runs
        is a table, too. A folder or file with logs of a tracker or a training framework, or the address of a tracker's
        server, is a table with a row for each run, and followed as it grows. Text that is not a path is taken as the
        name of a shipped study. Runs appended to a study, a table or logs are kept in memory only.
    allow_functions : iterable of str
        Functions that a configuration file may name, ``package.module:function``; they are imported. Others, except
        those that the notebook defines, are refused, because importing a module runs its code.
    N, D, C, loss : str, number, Source or Product, optional
        What a table holds, if that cannot be recognised, as for `read_columns`: ``D="Training bytes"``, ``N="size:M"``.
    checkpoints : {"last", "lowest", "all"}, optional
        Which rows are taken of a table with a row for each checkpoint; the last of each run by default.
    failed : bool
        Whether to take runs that crashed, failed or diverged, if they have a loss.

    Raises
    ------
    UnclearColumns
        If a table does not say what its columns mean; the error names the columns and how to choose.
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
    choices = TableChoices(N, D, C, loss, checkpoints, failed)
    session = session_of_source(source, choices, allow_functions=allow_functions)
    if session.remarks and getattr(source, "session", source) is not session:
        get_logger("INFO", "chinchilla_nb.opening").info("%s", " ".join(session.all_remarks))
    return session


def read_runs(
    source: Any,
    *,
    N: Any = None,
    D: Any = None,
    C: Any = None,
    loss: Any = None,
    checkpoints: str | None = None,
    failed: bool = False,
) -> pd.DataFrame:
    """Return the valid runs of a table, with N, D, C and loss in parameters, tokens, FLOPs and the unit of the loss.

    ``cc.database.extend(read_runs("export.csv", D="Training bytes"))`` imports them into a project.

    Parameters
    ----------
    source, N, D, C, loss, checkpoints, failed
        As for `open_session`.

    Returns
    -------
    DataFrame
        A row per run: C, N, D, loss, and the other columns of the table. ``attrs["remarks"]`` are sentences on what was
        taken of the table and what was left out, ``attrs["left_out"]`` has the line of each row that was left out and
        the reason, and ``attrs["data_unit"]`` is what D counts.

    Raises
    ------
    UnclearColumns, ValueError, TypeError
        As for `open_session`.

    Warns
    -----
    RowsLeftOutWarning
        As for `open_session`.
    """
    session = session_of_source(source, TableChoices(N, D, C, loss, checkpoints, failed))
    if not isinstance(session.database, Database):
        raise InputTypeError("source", "must hold a table of runs", got=brief(source))
    table = session.database.df.copy()
    left_out = [{one.place: row.place, "reason": row.reason} for one in session.left_out for row in one.rows]
    table.attrs.update(remarks=list(session.all_remarks), left_out=left_out, data_unit=session.data_unit)
    return table


def session_of_source(source: Any, choices: TableChoices, *, allow_functions: Iterable[str] = ()) -> Session:
    """Return the session of a source without logging what was taken of a table; otherwise as `open_session`."""
    allowed = AllowedFunctions(allow_functions)
    session = getattr(source, "session", source)
    if isinstance(session, Session):
        return session
    if isinstance(source, pd.DataFrame):
        return _open_table(table_from_frame(source), "the data frame", choices)
    if isinstance(source, str) and is_address(source):
        return _opened(_open_logs(at_address(source), source, choices), source)
    if isinstance(source, (str, os.PathLike)) and os.fspath(source):
        path = Path(os.fsdecode(source))
        return _opened(_open_path(path, allowed.find, choices), str(path.absolute()))
    if isinstance(source, datasets.Study):
        # Repeated runs scatter both ways; the default loss weighs over-prediction tenfold, Hoffmann's does not.
        loss_fn = partial(log_huber, delta=1e-3)
        settings = Settings(seed_regime=source.seed_regime, loss_fn=loss_fn)
        return _opened(_in_memory(source.df, settings, source.data_unit), f"the study {source.name}")
    rule = (
        "must be a Chinchilla, a study or its name, a data frame, or the path of a folder, a configuration or a table"
    )
    raise InputTypeError("source", rule, got=brief(source))


def _opened(session: Session, origin: str) -> Session:
    """Note where the runs of a session were read, unless that is known, as that of a study is."""
    session.opened_from = session.opened_from or origin
    return session


def _open_path(path: Path, find: Finder, choices: TableChoices) -> Session:
    try:
        is_folder, is_file = path.is_dir(), path.is_file()
    except OSError as error:  # a name too long
        raise InputError("source", f"{brief(str(path))} cannot be opened", remedy=str(error.strerror)) from None
    logs = None if (path / PROJECT_FILE).exists() else recognise(path)
    if logs is not None:
        return _open_logs(logs, repr(str(path)), choices)
    if is_folder:
        return _open_folder(path, choices)
    if is_file:
        return _open_file(path, find, choices)
    if str(path) in datasets.names():
        return open_session(datasets.load(str(path)))
    kinds = f"a folder, a .yaml, .json or .csv file, or {' or '.join(datasets.names())}"
    raise InputError(
        "", f"there is nothing at {brief(str(path), LONGEST_PATH)}, and no study of that name", remedy=f"give {kinds}"
    )


def _open_folder(path: Path, choices: TableChoices) -> Session:
    """Open a project, or the table that JSON files of runs in a folder without one make."""
    if not (path / PROJECT_FILE).exists() and any(not is_configuration(file) for file in json_files(path)):
        table = read_table_folder(path)
        if choices.given() or _may_hold_runs(choices.reading(table)):
            return _open_table(table, repr(str(path)), choices)
    return Session(Database(path), Settings())


def _may_hold_runs(reading: Reading) -> bool:
    """Return whether a table has columns for the loss and for N, D or C, whether or not they are clear."""
    mentioned = {*reading.taken, *(name for name, question in reading.questions.items() if question.options)}
    return "loss" in mentioned and bool(mentioned & {"N", "D", "C"})


def _open_file(path: Path, find: Finder, choices: TableChoices) -> Session:
    if is_configuration(path):
        return _open_configuration(path, find)
    if is_table_name(path.name):
        table = read_table(path.name, path.read_bytes())
        if path.name == PROJECT_FILE and not choices.given() and {"N", "D", "loss"} <= set(table.columns):
            return _in_memory(CsvFile(path).read(), Settings())
        return _open_table(table, repr(str(path)), choices)
    kinds = f"a .yaml or .json configuration, {FORMATS_TEXT}, or a folder"
    raise InputError(repr(str(path)), "is neither a configuration nor a table of runs", remedy=f"give {kinds}")


def _open_configuration(path: Path, find: Finder) -> Session:
    config = read_settings(path, find=find)
    # A file saved while a table was open does not name a project: its runs lie beside it.
    folder = config.folder or path.absolute().parent
    return Session(Database(folder, log_level=config.log_level), config.settings)


def _open_table(table: Table, where: str, choices: TableChoices) -> Session:
    """Open a table in memory, without the rows that are not valid runs."""
    opened = _ValidRuns.of(table, where, choices)
    left_out = opened.left_out_remark(where, "line")
    session = _in_memory(opened.runs, Settings(), opened.reading.data_unit, opened.remarks(where), left_out)
    session.leave_out(where, opened.preview.rejected)
    return session


def _open_logs(logs: RunLogs, where: str, choices: TableChoices) -> Session:
    """Open the runs in logs, which are followed; later ones are read from the columns that these are read from."""
    opened = _ValidRuns.of(logs.read(), where, choices)
    taken = opened.reading.sources
    same = replace(choices, N=taken.get("N"), D=taken.get("D"), C=taken.get("C", NOT_READ), loss=taken["loss"])
    database = FollowedDatabase(logs, lambda table: _ValidRuns.of(table, where, same).runs)
    remarks, left_out = opened.remarks(where), opened.left_out_remark(where, "run")
    unit = opened.reading.data_unit
    session = Session(database, Settings(), data_unit=unit, remarks=remarks, left_out_remark=left_out)
    session.leave_out(where, opened.preview.rejected, "run")
    return session


@dataclass(frozen=True, slots=True, eq=False)
class _ValidRuns:
    """The valid runs of a table, and how it was read."""

    runs: pd.DataFrame
    reading: Reading
    preview: Preview

    @classmethod
    def of(cls, table: Table, where: str, choices: TableChoices) -> _ValidRuns:
        """Read a table."""
        reading = choices.reading(table)
        if reading.questions:
            raise UnclearColumns.of(where, reading)
        preview = preview_reading(reading, failed=choices.failed)
        if not preview.rows:
            raise InputError(where, "holds no valid run", remedy=_left_out(preview, "line"))
        return cls(frame_of_rows(preview.rows), reading, preview)

    def left_out_remark(self, where: str, place: str) -> str:
        """Return and warn what is left out, by its place: a line or a run; empty if nothing is."""
        left_out = _left_out(self.preview, place)
        if not left_out:
            return ""
        warnings.warn(printable(f"{where}: {left_out}"), RowsLeftOutWarning, stacklevel=_level_of_caller())
        return f"{left_out}."

    def remarks(self, where: str) -> list[str]:
        """Return the name of the table and what is taken of it."""
        loss = f'Fits minimise "{loss_in_words(Settings().loss_fn)}", the default, unless another loss is chosen.'
        return [f"{where}:", *self.reading.sentences(self.preview.rows), loss]


def _level_of_caller() -> int:
    """Return the stack level, for `warnings.warn`, of the first caller outside this file."""
    frame, level = sys._getframe(1), 1  # noqa: SLF001
    while frame.f_code.co_filename == __file__ and frame.f_back is not None:
        frame, level = frame.f_back, level + 1
    return level


def _left_out(preview: Preview, place: str) -> str:
    """Say which rows are left out and why; empty if none is."""
    if not preview.rejected:
        return ""
    reasons = "; ".join(f"{place} {row.place}: {row.reason}" for row in preview.rejected[:MAX_NAMED])
    more = len(preview.rejected) - MAX_NAMED
    rest = f"; and {more} more" if more > 0 else ""
    count = f"{len(preview.rejected)} of {len(preview.rejected) + len(preview.rows)} rows"
    return f"{count} left out: {reasons}{rest}"


def _in_memory(
    df: Any, settings: Settings, data_unit: str = "tokens", remarks: Iterable[str] = (), left_out_remark: str = ""
) -> Session:
    database = Database()
    database.df = df
    return Session(database, settings, data_unit=data_unit, remarks=remarks, left_out_remark=left_out_remark)
