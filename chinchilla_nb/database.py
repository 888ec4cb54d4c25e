"""The runs as a table, kept in memory or in ``df.csv``."""

from __future__ import annotations

import html
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from threading import RLock
from typing import Any

import numpy as np
import pandas as pd
from traitlets import HasTraits, Int

from chinchilla_nb._logger import get_logger
from chinchilla_nb.checks import as_folder, brief
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.printable import printable
from chinchilla_nb.records.csv_file import CsvFile
from chinchilla_nb.records.rows import (
    REQUIRED,
    CheckedRow,
    as_integers,
    check_columns,
    checked_frame,
    checked_row,
    empty_table,
)

__all__ = ["Database"]

SHOWN = 10
"""Number of rows of a database that a notebook shows."""


class Database(HasTraits):
    """Stores training runs: compute, parameters, samples, loss and any further values.

    Parameters
    ----------
    project_dir : str or path, optional
        Folder of the file ``df.csv``, which is read if it exists and created by the first `append`. None keeps the runs
        in memory.
    columns : sequence of str
        Columns of a new table; C, N, D and loss are always among them.
    log_level : int or str
        30 hides standard messages, above 30 hides all.

    Attributes
    ----------
    project_dir : str, path or None
    columns : list of str
        Columns of a new table.
    logger : Logger
        Reports what was read, and warns about what was not.
    revision : int
        Changes whenever the runs do; observe it to follow them. Observers run in the thread that changed the runs.
    former : DataFrame or None
        The runs as they were before the file lost some of them, until it holds as many again or `df` is assigned.

    Raises
    ------
    ValueError
        If `project_dir` does not exist, or the file has bad rows; the message names the place.
    FileExistsError
        If `project_dir` is a file.

    Examples
    --------
    >>> database = Database()
    >>> database.append(N=1_000, D=20_000, loss=3.5, lr=1e-3)
    >>> database.df
                 C     N      D  loss     lr
    0  120000000.0  1000  20000   3.5  0.001
    """

    revision = Int(0)

    former: pd.DataFrame | None
    _table: pd.DataFrame
    _runs: Runs | None

    def __init__(
        self,
        project_dir: str | os.PathLike[str] | None = None,
        columns: Sequence[str] = ("C", "N", "D", "loss"),
        log_level: int | str = 30,
    ) -> None:
        super().__init__()
        if project_dir is not None:
            as_folder(project_dir)
        if isinstance(columns, str) or not np.iterable(columns):
            raise InputError("columns", "must be a list of names", got=brief(columns))
        check_columns(columns)
        self._set_up(project_dir, [*dict.fromkeys([*REQUIRED, *columns])], log_level)
        if self._file is None:
            self._table = empty_table(self.columns)
        else:
            self._table = self._file.read()
            self._warn_of_cut_off()
            self.logger.info("%d runs in %s", len(self._table), self._file.path)

    @property
    def df(self) -> pd.DataFrame:
        """The runs: C, N, D, loss, then the user's columns.

        N and D are integers, whose products wrap silently beyond 9.2e18: compute is ``df.C``, or ``6.0 * df.N * df.D``.
        This is a copy. To change the runs, assign a table: it is checked, and replaces the whole file.
        """
        return self._rows().copy()

    @df.setter
    def df(self, frame: pd.DataFrame) -> None:
        checked = checked_frame(frame)
        with self._lock:
            if self._file is not None:
                self._file.rewrite(checked)
            self.former = None
            revision = self._keep(checked)
        self._announce(revision)

    @property
    def gone(self) -> bool:
        """Whether the file that runs were read from is found missing by `refresh`."""
        with self._lock:
            return self._file is not None and self.former is not None and not self._file.path.exists()

    @property
    def lost(self) -> str:
        """One sentence on what the file has lost since it was read and what to do; empty if it has lost nothing."""
        with self._lock:
            if self._file is None or self.former is None:
                return ""
            path, before = self._file.path, len(self.former)
            if self.gone:
                return (
                    f"{path} is gone, with the {before:,} rows read from it: restore it, write them again with "
                    "session.database.df = session.database.former, or open the folder again to start without them"
                )
            return (
                f"{path.name} lost {before - self._left:,} of {before:,} rows since it was read: restore {path} from "
                f"a copy; session.database.former holds the {before:,} rows while this kernel runs"
            )

    @property
    def runs(self) -> Runs:
        """The runs as arrays; the same object until they change."""
        with self._lock:
            if self._runs is None:
                rows = self._rows()
                columns = {name: rows[name].to_numpy() for name in rows.columns if name not in REQUIRED}
                self._runs = Runs(rows["N"], rows["D"], rows["loss"], rows["C"], columns)
            return self._runs

    def append(self, /, **result: Any) -> None:
        """Append a run; once this returns, it is on disk if there is a file.

        Parameters
        ----------
        **result
            N, D and loss; C, in FLOPs, is 6ND unless given. C, N and D are rounded to integers. Any other number or
            text becomes a column of that name.

        Raises
        ------
        ValueError
            If N, D, C or loss is missing, not a number, infinite or not positive; the message names it, and
            nothing is written.
        """
        self.extend([result])

    def extend(self, results: Iterable[Mapping[str, Any]]) -> None:
        """Append several runs at once: all of them, or none if one is not valid.

        Parameters
        ----------
        results : iterable of mapping
            Each as for `append`.

        Raises
        ------
        ValueError
            If a run is not valid; nothing is written.
        """
        try:
            rows = [checked_row(result) for result in results]
        except InputError as error:
            remedy = "; ".join(part for part in (error.remedy, "nothing was appended") if part)
            raise InputError(error.where, error.rule, got=error.got, place=error.place, remedy=remedy) from None
        if not rows:
            return
        with self._lock:
            if self._file is None or self._file.append(*rows):
                self._added.extend(rows)
                revision = self._changed()
            else:
                revision = self._take(*self._file.read_new())
        self._announce(revision)

    def refresh(self) -> bool:
        """Read what other processes have written to the file, and return whether there was anything new.

        If there was not, this costs no more than a check of the file's size and time.
        """
        with self._lock:
            if self._file is None:
                return False
            rows, everything = self._file.read_new()
            if not len(rows) and not (everything and len(self)):
                return False
            revision = self._take(rows, everything)
        self._announce(revision)
        return True

    def __len__(self) -> int:
        with self._lock:
            return len(self._table) + len(self._added)

    def __repr__(self) -> str:
        runs = "1 run" if len(self) == 1 else f"{len(self):,} runs"
        return f"Database({runs}, {'in memory' if self._file is None else printable(str(self._file.path))})"

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(repr(self))}</p>{self._rows().to_html(max_rows=SHOWN)}"

    def __getstate__(self) -> dict[str, Any]:
        return {
            "project_dir": self.project_dir,
            "columns": self.columns,
            "log_level": self.log_level,
            "table": self._rows(),
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._set_up(state["project_dir"], state["columns"], state["log_level"])
        self._table = state["table"].copy()

    def _set_up(self, project_dir: str | os.PathLike[str] | None, columns: list[str], log_level: int | str) -> None:
        self.project_dir = project_dir
        self.columns = columns
        self.log_level = log_level
        self.logger = get_logger(log_level, "chinchilla_nb.database")
        self._lock = RLock()
        self._added: list[CheckedRow] = []  # rows not in the table yet, as an append must not copy it
        self._runs = None
        self.former = None
        self._left = 0  # rows remaining in the file after it lost others
        self._changes = 0
        self._file: CsvFile | None = None
        if project_dir is not None:
            self._file = CsvFile(Path(project_dir) / "df.csv", columns)

    def _rows(self) -> pd.DataFrame:
        with self._lock:
            if self._added:
                self._table = _joined(self._table, pd.DataFrame([dict(row) for row in self._added]))
                self._added = []
            return self._table

    def _take(self, rows: pd.DataFrame, everything: bool) -> int:
        self._warn_of_cut_off()
        if not everything:
            return self._keep(_joined(self._rows(), rows))
        before, fewer = self._rows() if self.former is None else self.former, len(rows) < len(self)
        if len(rows) < len(before):
            self.former, self._left = before, len(rows)
        revision = self._keep(rows)
        if fewer:
            self.logger.warning("%s", self.lost)
        return revision

    def _keep(self, table: pd.DataFrame) -> int:
        self._table, self._added = table, []
        return self._changed()

    def _changed(self) -> int:
        self._runs = None
        if self.former is not None and len(self) >= len(self.former):
            self.former = None
        self._changes += 1
        return self._changes

    def _announce(self, revision: int) -> None:
        """Notify observers without holding the lock: they may read the runs from another thread and wait for it."""
        self.revision = max(self.revision, revision)

    def _warn_of_cut_off(self) -> None:
        if self._file is not None and self._file.cut_off:
            self.logger.warning(
                "%s ends in a row that was not completely written and is ignored: %s; "
                "add a line break to keep it, or the next append moves it to %s",
                self._file.path,
                self._file.cut_off,
                self._file.set_aside_path.name,
            )
            self._file.cut_off = ""


def _joined(table: pd.DataFrame, more: pd.DataFrame) -> pd.DataFrame:
    """Return both tables as one, with the columns of both and NaN where a row has no value."""
    names = [*table.columns, *(name for name in more.columns if name not in table.columns)]
    columns: dict[str, Any] = {}
    for name in names:
        parts = [
            part[name].to_numpy() if name in part else np.full(len(part), np.nan) for part in (table, more) if len(part)
        ]
        if not parts:
            columns[name] = table[name] if name in table else more[name]
        elif name in REQUIRED:
            values = np.concatenate([part.astype(np.float64) for part in parts])
            columns[name] = as_integers(values) if name in ("N", "D") else values
        elif len({part.dtype.kind for part in parts}) == 1 or all(part.dtype.kind in "iuf" for part in parts):
            columns[name] = np.concatenate(parts)
        else:  # numbers and text, or True and NaN: values keep their types
            columns[name] = pd.Series([value for part in parts for value in part.tolist()])
    return pd.DataFrame(columns)
