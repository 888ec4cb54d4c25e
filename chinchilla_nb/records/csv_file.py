"""Runs on disk: an append-only CSV, written under a lock and readable after a crash at any moment.

A row is one ``write`` of one line, followed by ``fsync``. Any other change (a new column, an assigned table, the very
first row) is written to a draft, which then replaces the old file. Every row that we write ends in a line break. In a
file that we have appended to (its lock file lies beside it), a last line without one may be a row whose `append` never
returned. Its last number may lack digits, which cannot be seen, so reading ignores it, and the next append says so and
moves it to a separate file, because someone may have typed it. It is a row like any other if it has been seen as a row
before: then another program has removed the line break. In a file that others made it is a row if it can be read as
one; otherwise another program may be writing it.
"""

from __future__ import annotations

import errno
import io
import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.records.column_case import into_existing
from chinchilla_nb.records.csv_text import as_csv, columns_as_csv, read_header, read_rows, split_header, widened
from chinchilla_nb.records.locks import FileHold, Tell
from chinchilla_nb.records.rows import REQUIRED, CheckedRow, check_header, empty_table, rows_missing
from chinchilla_nb.records.seen import Seen
from chinchilla_nb.whole_file import explain_write_errors, open_regular, write_whole

__all__ = ["CsvFile", "Reading"]

CHUNK = 1 << 16
NOTHING = Seen()


@dataclass(frozen=True, eq=False, slots=True)
class Reading:
    """What was read from a file.

    Attributes
    ----------
    rows : DataFrame
        The rows that had not been seen, or all rows.
    everything : bool
        Whether `rows` holds all rows, because nothing had been seen, or the file was replaced or changed.
    seen : Seen
        What has been seen of the file now.
    cut_off : str
        A last line that was not completely written and was left out; empty if there was none.
    """

    rows: pd.DataFrame
    everything: bool
    seen: Seen
    cut_off: str = ""


class CsvFile:
    """A CSV of runs that several processes read and append to.

    It keeps no state of its own: what has been read is a `Seen`, which the caller keeps with the rows. With it, the
    cost of an append, or of a check that finds nothing new, does not grow with the file.

    Parameters
    ----------
    path : str or path
    columns : sequence of str
        Columns of a new file.
    tell : callable, optional
        Receives a message if another process keeps the file locked for seconds, or a line is moved out of the file.

    Attributes
    ----------
    path : Path
        The file itself if a link was given.
    """

    def __init__(
        self, path: str | os.PathLike[str], columns: Sequence[str] = REQUIRED, tell: Tell | None = None
    ) -> None:
        self.path = Path(os.path.realpath(path))
        self.columns = list(columns)
        self._tell = tell or _say_nothing

    @property
    def set_aside_path(self) -> Path:
        """Where an append moves lines that were not completely written."""
        return self.path.with_name(self.path.name + ".cut_off")

    def read(self) -> pd.DataFrame:
        """Return all rows; see `read_from` for what is in them and for errors."""
        return self.read_from(NOTHING).rows

    def is_settled(self, seen: Seen) -> bool:
        """Return whether the file surely holds what has been seen and nothing else, at the cost of one ``stat``."""
        try:
            return seen.is_settled(self.path.stat())
        except OSError:
            return False

    def read_from(self, seen: Seen, *, compare: bool = True) -> Reading:
        """Read the rows that have not been seen: those that follow, or all if the file holds anything else as well.

        Parameters
        ----------
        seen : Seen
        compare : bool
            Whether to compare all that has been seen with the file. Otherwise, if that was done in the last seconds,
            only the rows that follow are read, and the bytes before them: the cost does not grow with the file, but a
            row that was changed while the file grew is found by a later call.

        Returns
        -------
        Reading
            Its rows have C, N, D and loss, then the other columns in their order; C is 6ND if it is not a column. There
            are none if there is no file or it is blank.

        Raises
        ------
        ValueError
            If the file does not parse, or a value is missing, not a number, infinite or not positive. The message
            names the file, line, column and value.
        OSError
            If the file cannot be read.
        """
        try:
            descriptor = self._open(os.O_RDONLY)
        except FileNotFoundError:
            return Reading(empty_table(self.columns), True, NOTHING)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(file.fileno())  # before the bytes, so that a change from here on is noticed
            if not compare and seen.compared_lately:
                if seen.is_current(status):
                    return Reading(read_rows(b"", list(seen.header), self.path, seen.lines), False, seen)
                if seen.may_have_grown(status) and seen.ends(file):
                    return self._read_on(file.read(), status, seen, compared=False)
                file.seek(0)
            data = file.read()
        if seen.begins(data):
            return self._read_on(data[seen.size :], status, seen, compared=True)
        header = list(seen.header)
        if seen.has_whole(data):
            return Reading(read_rows(b"", header, self.path, seen.lines), False, Seen.all_of(header, data, status))
        data, cut_off = self._whole_lines(data, self._lock_path.exists(), seen)
        header, rest = split_header(data, self.path)
        rows = read_rows(rest, header, self.path, lines_before=1) if header else empty_table(self.columns)
        now = Seen.all_of(header, data, status) if header else NOTHING
        return Reading(rows, True, now, cut_off.decode(errors="replace").strip("\0"))

    def append(self, *rows: CheckedRow, seen: Seen = NOTHING) -> Seen | None:
        """Append rows. Once this returns, they are on disk.

        What differs from the name of one column of the file only in case goes into that column.

        Returns
        -------
        Seen or None
            The whole file, if it held nothing but what had been seen. If it is None, `read_from` returns what it held
            besides, with these rows.

        Raises
        ------
        ValueError
            If the first line does not name the columns of runs, or a new column has to be added to a file that has
            mistakes. Nothing is written.
        OSError
            If the file cannot be written or locked. Nothing is written.
        """
        hold, written_by_us = self._hold(), self._lock_path.exists()
        with hold, hold:
            hold.acquire()
            now = self._append(rows, written_by_us, seen)
        return now  # noqa: RET504  an interrupt while a block is left by `return` would not release the lock

    def rewrite(self, frame: pd.DataFrame, known: pd.DataFrame, seen: Seen) -> Seen:
        """Replace the file with a table, atomically, if that loses no row that its author does not know.

        Parameters
        ----------
        frame : DataFrame
            The new rows.
        known : DataFrame
            The rows that the author of `frame` knows.
        seen : Seen
            The file with exactly the rows `known`.

        Raises
        ------
        InputError
            If the file has rows that are not among `known`, or cannot be read. Nothing is written.
        OSError
            If the file cannot be written or locked. Nothing is written.
        """
        hold, written_by_us = self._hold(), self._lock_path.exists()
        columns = list(frame.columns)
        content = columns_as_csv({name: frame[name] for name in columns})
        with hold, hold:
            hold.acquire()
            self._check_known(known, seen)
            self._set_aside(self._cut_off(written_by_us, seen))
            now = self._replace(columns, content)
        return now  # noqa: RET504  an interrupt while a block is left by `return` would not release the lock

    @property
    def _lock_path(self) -> Path:
        return self.path.with_name(self.path.name + ".lock")

    def _hold(self) -> FileHold:
        return FileHold(self._lock_path, self.path, self._tell)

    def _open(self, flags: int) -> int:
        try:
            return open_regular(self.path, flags)
        except OSError as error:
            if error.errno not in (errno.EISDIR, errno.EINVAL):
                raise
            kind = "is a folder" if error.errno == errno.EISDIR else "is a pipe or a device"
            raise InputError(str(self.path), f"{kind}, not a file of runs", remedy="move it away") from None

    def _read_on(self, data: bytes, status: os.stat_result, seen: Seen, *, compared: bool) -> Reading:
        added = data[: data.rfind(b"\n") + 1]  # the rest may be a row that is still being written
        rows = read_rows(added, list(seen.header), self.path, seen.lines)
        return Reading(rows, False, seen.followed_by(added, status, compared=compared))

    def _check_known(self, known: pd.DataFrame, seen: Seen) -> None:
        """Raise an InputError if the file has rows that are not among those of a table."""
        reading = self.read_from(seen)
        unknown = rows_missing(reading.rows, known) if reading.everything else len(reading.rows)
        if unknown:
            rows = "a row that was" if unknown == 1 else f"{unknown:,} rows that were"
            rule = f"would delete {rows} added to {self.path.name} or changed in it since the table was read"
            raise InputError("df", rule, remedy="call refresh(), read df again and assign a table made from that")

    def _append(self, rows: Sequence[CheckedRow], written_by_us: bool, seen: Seen) -> Seen | None:
        try:
            with explain_write_errors(self.path):
                descriptor = self._open(os.O_RDWR | os.O_APPEND)
        except FileNotFoundError:
            return self._create(rows, seen)
        with os.fdopen(descriptor, "r+b", buffering=0) as file:
            header = read_header(_first_line(file), self.path)
            rows = into_existing(rows, header)
            if header and set[str]().union(*rows) <= set(header):
                return self._append_lines(file, header, rows, written_by_us, seen)
        return self._append_columns(rows, written_by_us, seen)

    def _cut_off(self, written_by_us: bool, seen: Seen) -> bytes:
        """Return a last line that was not completely written; empty if there is none."""
        try:
            descriptor = self._open(os.O_RDONLY)
        except FileNotFoundError:
            return b""
        with os.fdopen(descriptor, "rb") as file:
            return self._whole_lines(file.read(), written_by_us, seen)[1]

    def _whole_lines(self, data: bytes, written_by_us: bool, seen: Seen) -> tuple[bytes, bytes]:
        """Split off a last line that may not be completely written; see the docstring of the module."""
        end = data.rfind(b"\n") + 1
        if not end or end == len(data) or seen.has_whole(data):
            return data, b""
        is_cut_off = written_by_us or self._ends_in_no_row(data, end)
        return (data[:end], data[end:]) if is_cut_off else (data, b"")

    def _ends_in_no_row(self, data: bytes, end: int) -> bool:
        """Return whether what stands before a place in a file can be read, and what follows is not a row."""
        header, rows = split_header(data[:end], self.path)
        try:
            read_rows(data[end:], header, self.path, lines_before=0)
        except InputError:
            with suppress(InputError):
                read_rows(rows, header, self.path, lines_before=1)
                return True
        return False

    def _create(self, rows: Sequence[CheckedRow], seen: Seen) -> Seen | None:
        rows = into_existing(rows, self.columns)
        columns = [*self.columns, *_additional_columns(self.columns, rows)]
        check_header(columns, str(self.path))
        now = self._replace(columns, as_csv([columns, *_values(columns, rows)]))
        return None if seen.header else now

    def _append_lines(
        self, file: io.FileIO, header: list[str], rows: Sequence[Mapping[str, Any]], written_by_us: bool, seen: Seen
    ) -> Seen | None:
        status = os.fstat(file.fileno())
        lines = as_csv(_values(header, rows))
        size, end = status.st_size, _end_of_last_line(file, status.st_size)
        if end < size:
            file.seek(0)
            cut_off = self._whole_lines(file.read(), written_by_us, seen)[1]
            if cut_off:
                self._set_aside(cut_off)
                file.truncate(end)
                size = end
            else:
                lines = b"\n" + lines
        alone = size == status.st_size == seen.size and seen.is_current(status)
        with explain_write_errors(self.path):
            self._write_lines(file, lines, size)
        return seen.followed_by(lines, os.fstat(file.fileno()), compared=False) if alone else None

    def _write_lines(self, file: io.FileIO, lines: bytes, size: int) -> None:
        """Write all of some lines at the end of a file of a size, or nothing."""
        try:
            if file.write(lines) != len(lines):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(file.fileno())
        except BaseException:
            if os.fstat(file.fileno()).st_size <= size + len(lines):  # an editor does not wait for the lock
                file.truncate(size)
            raise

    def _append_columns(self, new: Sequence[CheckedRow], written_by_us: bool, seen: Seen) -> Seen | None:
        """Rewrite the file with the additional columns of new rows; existing rows keep their text."""
        with os.fdopen(self._open(os.O_RDONLY), "rb") as file:
            data, cut_off = self._whole_lines(file.read(), written_by_us, seen)
        header, rest = split_header(data, self.path)
        if not header:
            return self._create(new, seen)
        known = read_rows(rest, header, self.path, lines_before=1)
        added = _additional_columns(header, new)
        columns = [*header, *added]
        check_header(columns, str(self.path))
        tails = [
            [6 * int(N) * int(D) if name == "C" else None for name in added]
            for N, D in zip(known["N"], known["D"], strict=True)
        ]
        self._set_aside(cut_off)
        self._replace(columns, as_csv([columns]) + widened(rest, tails) + as_csv(_values(columns, new)))
        return None

    def _set_aside(self, cut_off: bytes) -> None:
        """Save a line that may not be complete to a separate file, and say so: someone may have typed it."""
        line = cut_off.strip(b"\0")
        if line:
            with explain_write_errors(self.set_aside_path):
                mode = stat.S_IMODE(self.path.stat().st_mode)  # as private as the file that it comes from
                descriptor = open_regular(self.set_aside_path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, mode)
                with os.fdopen(descriptor, "ab") as file:
                    file.write(line + b"\n")
                    file.flush()
                    os.fsync(file.fileno())
            self._tell(
                f"the last line of {self.path} had no line break, so it may be incomplete, and was moved to "
                f"{self.set_aside_path.name}: {line.decode(errors='replace')}; append it again if it is complete"
            )

    def _replace(self, header: list[str], content: bytes) -> Seen:
        with explain_write_errors(self.path):
            status = write_whole(self.path, content)
        return Seen.all_of(header, content, status)


def _say_nothing(_: str) -> None:
    """Wait in silence."""


def _additional_columns(header: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the columns of rows that are not in a header, in their order."""
    known = set(header)
    return [name for name in dict.fromkeys(name for row in rows for name in row) if name not in known]


def _values(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> list[list[Any]]:
    return [[row.get(name) for name in columns] for row in rows]


def _first_line(file: io.FileIO) -> bytes:
    parts = []
    while chunk := file.read(CHUNK):
        before, end, _ = chunk.partition(b"\n")
        parts.append(before)
        if end:
            break
    return b"".join(parts)


def _end_of_last_line(file: io.FileIO, size: int) -> int:
    """Return the offset after the last line break, 0 if there is none."""
    file.seek(max(size - 1, 0))
    if file.read(1) == b"\n":
        return size
    end = size
    while end:
        start = max(end - CHUNK, 0)
        file.seek(start)
        found = file.read(end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0
