"""The runs as a table, kept in memory or in ``df.csv``."""

from __future__ import annotations

import html
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd
from traitlets import HasTraits, Int

from chinchilla_nb._logger import get_logger
from chinchilla_nb.checks import as_folder, as_names, brief
from chinchilla_nb.engine.errors import InputError, InputTypeError
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.printable import printable
from chinchilla_nb.records.column_case import columns_of, existing_columns, into_words
from chinchilla_nb.records.csv_file import CsvFile, Reading
from chinchilla_nb.records.held_rows import HeldRows
from chinchilla_nb.records.locks import ThreadLock
from chinchilla_nb.records.read_only_table import ReadOnlyTable
from chinchilla_nb.records.rows import (
    REQUIRED,
    CheckedRow,
    check_columns,
    checked_frame,
    checked_row,
    empty_table,
    rows_missing,
    with_line_breaks,
)
from chinchilla_nb.records.seen import Seen

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
    project_dir : str or None
    columns : list of str
        Columns of a new table.
    logger : Logger
        Reports what was read, and warns about what was not.
    revision : int
        Changes whenever the runs do; observe it to follow them. Observers run in the thread that changed the runs.
    former : DataFrame or None
        The runs as they were before the file lost some of them, until it holds them or as many again (not counting what
        this database has appended since), or `df` is assigned.

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
    _held: HeldRows
    _known: tuple[pd.DataFrame, Seen] | None

    def __init__(
        self,
        project_dir: str | os.PathLike[str] | None = None,
        columns: Sequence[str] = ("C", "N", "D", "loss"),
        log_level: int | str = 30,
    ) -> None:
        super().__init__()
        folder = None if project_dir is None else str(as_folder(project_dir))
        columns = as_names(columns, "columns")
        check_columns(columns)
        self._set_up(folder, [*dict.fromkeys([*REQUIRED, *columns])], log_level)
        self._held = HeldRows(empty_table(self.columns), Seen())
        if self._file is not None:
            reading = self._file.read_from(Seen())
            self._warn_of_cut_off(self._file, reading)
            self._held.replace(reading.rows, reading.seen)
            self.logger.info("%d runs in %s", len(self), self._file.path)

    @property
    def df(self) -> pd.DataFrame:
        """The runs: C, N, D, loss, then the user's columns.

        N and D are integers, whose products wrap silently beyond 9.2e18: compute is ``df.C``, or ``6.0 * df.N * df.D``.
        This is a copy, which refuses to be changed in place. To change the runs, change ``df.copy()`` and assign it:
        it is checked, and replaces the whole file, unless the file has rows that `df` has not returned yet, because
        another process or thread has added them: that is an error.
        """
        self._settle()
        self._known = self._held.snapshot()
        return ReadOnlyTable(self._known[0], copy=True)

    @df.setter
    def df(self, frame: pd.DataFrame) -> None:
        checked = checked_frame(frame)
        texts = (name for name in frame.columns if frame[name].dtype.kind not in "biuf")
        self._warn_of_line_breaks((str(name), value) for name in texts for value in frame[name])
        try:
            hold = self._changing.hold()
            with hold, hold:
                hold.acquire()
                seen = Seen()
                if self._file is not None:
                    known, known_seen = self._known or self._held.snapshot()
                    seen = self._file.rewrite(checked, known, known_seen)
                self._held.replace(checked, seen)
                self.former, self._known = None, None
                revision = self._changed()
            self._announce(revision)
        except BaseException:
            self._interrupted = True
            raise

    @property
    def grows(self) -> bool:
        """Whether `refresh` can find runs that others have logged."""
        return self._file is not None

    @property
    def gone(self) -> bool:
        """Whether the file that runs were read from is found missing by `refresh`."""
        return self._file is not None and self.former is not None and not self._file.path.exists()

    @property
    def lost(self) -> str:
        """One sentence on what the file has lost since it was read and what to do; empty if it has lost nothing."""
        former = self.former
        if self._file is None or former is None:
            return ""
        path, before = self._file.path, len(former)
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
        self._settle()
        return self._held.runs

    def append(self, /, **result: Any) -> None:
        """Append a run; once this returns, it is on disk if there is a file.

        Nothing is written if this raises an error. After an interrupt, `df` shows whether the run is in the file.

        Parameters
        ----------
        **result
            N, D and loss; C, in FLOPs, is 6ND unless given. C, N and D are rounded to integers. Any other number or
            text becomes a column of that name, or goes into the one column whose name differs from it only in case,
            which a logged message says; blanks replace line breaks, which a logged warning says. With a file,
            `df` shows what a new process reads: empty text is NaN, and a column that mixes text, numbers and truth
            values holds the text of each.

        Raises
        ------
        ValueError
            If N, D, C or loss is missing, not a number, infinite or not positive; the message names it, and
            nothing is written.
        OSError
            If the file cannot be written, or another process keeps it locked for a minute (a TimeoutError, which names
            the process where the system knows it).
        RuntimeError
            If a signal handler calls this while the same thread is writing the same file.
        """
        self.extend([result])

    def extend(self, results: Iterable[Mapping[str, Any]] | pd.DataFrame) -> None:
        """Append several runs at once: all of them, or none if one is not valid.

        Parameters
        ----------
        results : iterable of mapping, or DataFrame
            Each as for `append`; the rows of a data frame, such as that of `read_runs`. Names that differ only in case
            from each other, as ``name`` and ``Name``, stay two columns.

        Raises
        ------
        ValueError
            If a run is not valid; nothing is written.
        OSError, RuntimeError
            As for `append`; nothing is written.
        """
        try:
            given = list(_each(results))
            rows = [checked_row(result) for result in given]
        except InputError as error:
            remedy = "; ".join(part for part in (error.remedy, "nothing was appended") if part)
            raise InputError(error.where, error.rule, got=error.got, place=error.place, remedy=remedy) from None
        if not rows:
            return
        self._warn_of_line_breaks(
            value for result in given if not isinstance(result, CheckedRow) for value in result.items()
        )
        try:
            hold = self._changing.hold()
            with hold, hold:
                hold.acquire()
                into = existing_columns(columns_of(rows), self._held.columns)
                self._add(rows, into)
                revision = self._changed()
            if into:
                self.logger.info("values went into columns whose names differ only in case: %s", into_words(into))
            self._announce(revision)
        except BaseException:
            self._interrupted = True
            raise

    def refresh(self) -> bool:
        """Read what other processes have written to the file, and return whether there was anything new.

        If there was not, this costs no more than a check of the file's size and times. For two seconds after a change
        it also compares the content, because two changes may have the same time.

        Raises
        ------
        ValueError
            If the file has mistakes; the message names the place.
        OSError
            If the file cannot be read, or another thread writes to it for a minute.
        """
        return self._refresh(compare=True)

    def follow(self) -> bool:
        """Read what other processes have appended to the file, and return whether there was anything new.

        This is `refresh` for whoever calls it again and again: while the file grows, its cost does not grow with it. A
        row that was changed in the file meanwhile is found some seconds later. Errors as for `refresh`.
        """
        return self._refresh(compare=False)

    def _refresh(self, *, compare: bool) -> bool:
        if self._file is None:
            return False
        hold = self._changing.hold()
        with hold, hold:
            hold.acquire()
            # An interrupted append may have kept observers from learning about its rows, which are not new here then.
            new = self._read_new(self._file, compare=compare) or self._interrupted
            revision = self._changed() if new else self._changes
            self._interrupted = False
        self._announce(revision)
        return new

    def __len__(self) -> int:
        self._settle()
        return len(self._held)

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
        self._held = HeldRows(state["table"].copy(), Seen())

    def _set_up(self, project_dir: str | None, columns: list[str], log_level: int | str) -> None:
        self.project_dir = project_dir
        self.columns = columns
        self.log_level = log_level
        self.logger = get_logger(log_level, "chinchilla_nb.database")
        self._changing = ThreadLock("the database", self.logger.warning)
        self.former = None
        self._left = 0  # rows remaining in the file after it lost others
        self._added = 0  # rows appended since then, which do not make up for those lost
        # What the owner of this object knows: the table that `df` returned last, and the part of the file that holds
        # it; None if that is all there is.
        self._known = None
        self._changes = 0
        self._interrupted = False  # a change has not returned: the file may hold something else than the memory
        self._file: CsvFile | None = None
        if project_dir is not None:
            self._file = CsvFile(Path(project_dir) / "df.csv", columns, self.logger.warning)

    def _warn_of_line_breaks(self, values: Iterable[tuple[str, Any]]) -> None:
        """Say in which columns text of several lines becomes one line."""
        names = with_line_breaks(values)
        if names:
            self.logger.warning("line breaks were replaced by blanks in the text of %s", ", ".join(names))

    def _rows(self) -> pd.DataFrame:
        self._settle()
        return self._held.table

    def _settle(self) -> None:
        """Read the file if a change of it was interrupted. `refresh` says why it cannot be read."""
        if self._interrupted:
            with suppress(ValueError, OSError, RuntimeError):
                self.refresh()

    def _add(self, given: list[CheckedRow], into: Mapping[str, str]) -> None:
        """Append rows to the file, if there is one, and hold them, with other names of some columns."""
        rows = [row.renamed(into) for row in given] if into else given
        if self._file is None:
            self._held.add(rows, self._held.seen)
            return
        # The file may have other columns by now, with which it compares the names that were given.
        seen = self._file.append(*given, seen=self._held.seen)
        if self.former is not None:
            self._added += len(rows)
        if seen is not None:
            read = self._held.as_read(rows)
            self._held.add(rows if read is None else read, seen)
            if read is not None:
                return
        try:
            reading = self._read_more(self._file) if seen is None else self._file.read_from(Seen())
        except (ValueError, OSError) as error:  # not an error of this append: its rows are on disk
            if seen is None:
                self._held.add(rows, None)
            self.logger.warning("%s; what was appended is in the file, other new rows are not shown until then", error)
        else:
            self._take(self._file, reading, len(rows) if seen is None else 0)

    def _read_new(self, file: CsvFile, *, compare: bool) -> bool:
        """Hold what others have written to the file, and return whether there was anything."""
        seen = self._held.seen
        if file.is_settled(seen):
            return False
        reading = self._read_more(file, compare=compare)
        if reading.seen is seen:
            return False
        new = len(reading.rows) > 0
        if reading.everything and not new:  # the header may have changed alone
            new = len(self._held) > 0 or not reading.rows.columns.equals(self._held.table.columns)
        if new:
            self._take(file, reading)
        else:
            self._held.add_read(reading.rows, reading.seen)
        return new

    def _read_more(self, file: CsvFile, *, compare: bool = True) -> Reading:
        """Read what follows in the file; all of it if that changes how the values of a column are read."""
        reading = file.read_from(self._held.seen, compare=compare)
        return reading if reading.everything or self._held.goes_with(reading.rows) else file.read_from(Seen())

    def _take(self, file: CsvFile, reading: Reading, appended: int = 0) -> None:
        """Hold what was read from the file, to which this database has just appended some rows."""
        self._known = self._known or self._held.snapshot()
        self._warn_of_cut_off(file, reading)
        if not reading.everything:
            self._held.add_read(reading.rows, reading.seen)
            return
        rows = reading.rows
        if self.former is not None and not rows_missing(self.former, rows):
            self.former = None  # a copy of the file was restored, perhaps without what has been appended since
        before = self._held.table if self.former is None else self.former
        # The warning of a last line that is ignored says already what to do about that row.
        fewer = len(rows) - appended + bool(reading.cut_off) < len(self._held)
        added = appended if self.former is None else self._added
        if len(rows) - added < len(before):
            self.former, self._left, self._added = before, max(len(rows) - added, 0), added
        self._held.replace(rows, reading.seen)
        if fewer:
            self.logger.warning("%s", self.lost)

    def _changed(self) -> int:
        """Count a change of the rows held."""
        if self.former is None or len(self._held) - self._added >= len(self.former):
            self.former, self._added = None, 0
        self._changes += 1
        return self._changes

    def _announce(self, revision: int) -> None:
        """Notify observers without holding the lock: they may read the runs from another thread and wait for it.

        What they raise is reported, not raised: the change has been made, and whoever made it must not repeat it.
        """
        try:
            self.revision = max(self.revision, revision)
        except Exception:
            self.logger.exception("the runs have changed, but an observer of the database failed")

    def _warn_of_cut_off(self, file: CsvFile, reading: Reading) -> None:
        if reading.cut_off:
            self.logger.warning(
                "%s ends in a row without a line break, which may not be completely written and is ignored: %s; "
                "once it is complete, add a line break to keep it, or the next append moves it to %s",
                file.path,
                reading.cut_off,
                file.set_aside_path.name,
            )


def _each(results: Iterable[Mapping[str, Any]] | pd.DataFrame) -> Iterator[Mapping[str, Any]]:
    """Return an iterator over runs; what a generator of the user raises later is not caught."""
    try:
        if isinstance(results, pd.DataFrame):
            names = [str(name) for name in results.columns]
            return (dict(zip(names, row, strict=True)) for row in results.itertuples(index=False, name=None))
        return iter(results)
    except Exception:  # noqa: BLE001  a value of the user may raise anything when it is read
        raise InputTypeError("results", "must be a list of runs", got=brief(results)) from None
