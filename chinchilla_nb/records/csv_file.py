"""Runs on disk: an append-only CSV, written under a lock and readable after a crash at any moment.

A row is one ``write`` of one line, followed by ``fsync``. Any other change (a new column, an assigned table, the very
first row) is written to a temporary file, which then replaces the old one. Every row that we write ends in a line
break. In a file that we have appended to (its lock file lies beside it), a last line without one is therefore a row
whose `append` never returned: reading ignores it, and the next append moves it to a separate file, because someone may
have typed it. In a file that others made, it is a row like any other.
"""

from __future__ import annotations

import csv
import errno
import io
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from filelock import FileLock

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.records.csv_text import as_csv, columns_as_csv, read_header, read_rows, split_header
from chinchilla_nb.records.rows import REQUIRED, empty_table
from chinchilla_nb.whole_file import explain_write_errors, write_whole

__all__ = ["CsvFile"]

CHUNK = 1 << 16
ENDING = 64
"""Number of bytes kept from the end of what was read, to notice when the file has been replaced or edited."""


@dataclass(slots=True)
class _Seen:
    """How far a file has been read, and how to tell whether it is still the same file."""

    header: list[str] = field(default_factory=list)
    offset: int = 0
    lines: int = 0
    inode: int = 0
    changed: int = 0  # st_mtime_ns
    ending: bytes = b""  # the last bytes before offset

    @classmethod
    def all_of(cls, header: list[str], data: bytes, status: os.stat_result) -> _Seen:
        """Note that a whole file was read or written."""
        return cls(header, len(data), data.count(b"\n"), status.st_ino, status.st_mtime_ns, data[-ENDING:])

    def move_on(self, added: bytes, status: os.stat_result) -> None:
        """Note that lines after the offset were read or written."""
        self.offset += len(added)
        self.lines += added.count(b"\n")
        self.changed = status.st_mtime_ns
        self.ending = (self.ending + added)[-ENDING:]

    def same_file(self, status: os.stat_result) -> bool:
        """Return whether a file may be the one that was read, possibly with more rows."""
        return bool(self.header) and status.st_ino == self.inode and status.st_size >= self.offset

    def is_up_to_date(self, status: os.stat_result) -> bool:
        """Return whether a file holds nothing but what was read."""
        return self.same_file(status) and status.st_size == self.offset and status.st_mtime_ns == self.changed


class CsvFile:
    """A CSV of runs that several processes read and append to.

    It remembers how far it has read, so that the cost of an append or of a check for new rows does not
    grow with the file.

    Attributes
    ----------
    path : Path
    cut_off : str
        A last line that was not completely written and was left out by `read`; empty if there was none.
    """

    def __init__(self, path: str | os.PathLike[str], columns: Sequence[str] = REQUIRED) -> None:
        self.path = Path(os.path.realpath(path))  # so that a rewrite replaces the file, not a link to it
        self.columns = list(columns)
        self.cut_off = ""
        self._seen = _Seen()

    @property
    def set_aside_path(self) -> Path:
        """Where an append moves lines that were not completely written."""
        return self.path.with_name(self.path.name + ".cut_off")

    def read(self) -> pd.DataFrame:
        """Read all rows.

        Returns
        -------
        DataFrame
            C, N, D and loss, then the other columns in their order; C is 6ND if it is not a column. No rows if
            there is no file or it is empty.

        Raises
        ------
        ValueError
            If the file does not parse, or a value is missing, not a number, infinite or not positive. The message
            names the file, line, column and value.
        """
        if self.path.is_dir():
            raise InputError(str(self.path), "is a folder, not a file of runs", remedy="move it away")
        try:
            with self.path.open("rb") as file:
                data, status = file.read(), os.fstat(file.fileno())
        except FileNotFoundError:
            self._seen, self.cut_off = _Seen(), ""
            return empty_table(self.columns)
        data, cut_off = _whole_lines(data, written_by_us=self._lock_path.exists())
        header, rest = split_header(data, self.path)
        rows = read_rows(rest, header, self.path, lines_before=1) if header else empty_table(self.columns)
        self.cut_off = cut_off.decode(errors="replace").strip("\0")
        self._seen = _Seen.all_of(header, data, status) if header else _Seen()
        return rows

    def read_new(self) -> tuple[pd.DataFrame, bool]:
        """Read the rows that were added since the last read, append or rewrite.

        Returns
        -------
        rows : DataFrame
            The new rows, or all rows if the file was replaced or changed in another way.
        everything : bool
            Whether `rows` holds all rows.
        """
        seen = self._seen
        try:
            with self.path.open("rb") as file:
                status = os.fstat(file.fileno())
                if seen.is_up_to_date(status):
                    return empty_table(seen.header), False
                if seen.same_file(status) and status.st_size > seen.offset:
                    file.seek(seen.offset - len(seen.ending))
                    tail = file.read()
                    if _continues(seen.ending, tail):
                        return self._read_on(tail[len(seen.ending) :], status), False
        except (FileNotFoundError, IsADirectoryError):
            pass
        return self.read(), True

    def append(self, *rows: Mapping[str, Any]) -> bool:
        """Append rows made by `rows.checked_row`. Once this returns, they are on disk.

        Returns
        -------
        bool
            Whether the file held only rows that were seen before. If not, `read_new` returns the others and these.
        """
        with self._locked() as written_by_us:
            try:
                descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND)
            except FileNotFoundError:
                return self._create(rows)
            with os.fdopen(descriptor, "r+b", buffering=0) as file:
                header = read_header(_first_line(file), self.path)
                if header and set[str]().union(*rows) <= set(header):
                    return self._append_lines(file, header, rows, written_by_us)
            return self._append_columns(rows, written_by_us)

    def rewrite(self, frame: pd.DataFrame) -> None:
        """Replace the file with these rows, atomically."""
        with self._locked():
            self._replace(list(frame.columns), columns_as_csv({name: frame[name] for name in frame.columns}))

    @property
    def _lock_path(self) -> Path:
        return self.path.with_name(self.path.name + ".lock")

    @contextmanager
    def _locked(self) -> Iterator[bool]:
        """Keep other writers out, and yield whether the file has been appended to before."""
        written_by_us = self._lock_path.exists()
        # A new lock each time, not one per object, so that threads exclude each other too.
        with explain_write_errors(self.path), FileLock(str(self._lock_path)).acquire(poll_interval=0.002):
            yield written_by_us

    def _read_on(self, added: bytes, status: os.stat_result) -> pd.DataFrame:
        seen = self._seen
        added = added[: added.rfind(b"\n") + 1]  # the rest may be a row that is still being written
        rows = read_rows(added, seen.header, self.path, seen.lines)
        seen.move_on(added, status)
        return rows

    def _create(self, rows: Sequence[Mapping[str, Any]]) -> bool:
        new = not self._seen.header
        columns = [*self.columns, *_additional_columns(self.columns, rows)]
        self._replace(columns, as_csv([columns, *_values(columns, rows)]))
        if not new:
            self._seen = _Seen()
        return new

    def _append_lines(
        self, file: io.FileIO, header: list[str], rows: Sequence[Mapping[str, Any]], written_by_us: bool
    ) -> bool:
        status = os.fstat(file.fileno())
        lines = as_csv(_values(header, rows))
        size, end = status.st_size, _end_of_last_line(file, status.st_size)
        if end < size and written_by_us and end:
            file.seek(end)
            self._set_aside(file.read())
            file.truncate(end)
            size = end
        elif end < size:
            lines = b"\n" + lines
        alone = size == status.st_size and self._seen.is_up_to_date(status)
        try:
            if file.write(lines) != len(lines):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(file.fileno())
        except BaseException:
            file.truncate(size)
            raise
        if alone:
            self._seen.move_on(lines, os.fstat(file.fileno()))
        return alone

    def _append_columns(self, new: Sequence[Mapping[str, Any]], written_by_us: bool) -> bool:
        """Rewrite the file with the additional columns of new rows; existing values keep their text."""
        data, cut_off = _whole_lines(self.path.read_bytes(), written_by_us)
        header, rest = split_header(data, self.path)
        if not header:
            return self._create(new)
        known = read_rows(rest, header, self.path, lines_before=1)
        added = _additional_columns(header, new)
        rows = (values for values in csv.reader(io.StringIO(rest.decode(), newline="")) if values)
        full = (
            [*values, *(6 * int(N) * int(D) if name == "C" else None for name in added)]
            for values, N, D in zip(rows, known["N"], known["D"], strict=True)
        )
        columns = [*header, *added]
        self._set_aside(cut_off)
        self._replace(columns, as_csv([columns, *full, *_values(columns, new)]))
        self._seen = _Seen()
        return False

    def _set_aside(self, cut_off: bytes) -> None:
        """Save a line that was not completely written to a separate file: someone may have typed it."""
        line = cut_off.strip(b"\0")
        if line:
            with self.set_aside_path.open("ab") as file:
                file.write(line + b"\n")
                file.flush()
                os.fsync(file.fileno())

    def _replace(self, header: list[str], content: bytes) -> None:
        status = write_whole(self.path, content)  # through a draft that only the holder of the lock writes
        self._seen = _Seen.all_of(header, content, status)


def _additional_columns(header: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the columns of rows that are not in a header, in their order."""
    return [name for name in dict.fromkeys(name for row in rows for name in row) if name not in header]


def _values(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> list[list[Any]]:
    return [[row.get(name) for name in columns] for row in rows]


def _whole_lines(data: bytes, written_by_us: bool) -> tuple[bytes, bytes]:
    """Split off a last line that was not completely written; see the docstring of the module."""
    end = data.rfind(b"\n") + 1
    return (data[:end], data[end:]) if written_by_us and end else (data, b"")


def _continues(ending: bytes, tail: bytes) -> bool:
    """Return whether the tail of a file starts with what was seen of it, followed only by new lines."""
    return tail.startswith(ending) and (ending.endswith(b"\n") or tail[len(ending) :].startswith((b"\n", b"\r")))


def _first_line(file: io.FileIO) -> bytes:
    line = b""
    while b"\n" not in line and (chunk := file.read(CHUNK)):
        line += chunk
    return line.partition(b"\n")[0]


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
