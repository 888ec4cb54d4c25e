"""Runs on disk: a CSV that only grows, written under a lock, readable after a crash at any moment.

A row is one ``write`` of one line, followed by ``fsync``. Whatever changes more than the end of the file (a new column,
an assigned table, the very first row) is written beside it and moved into its place. A row that we write ends in a line
break, so a last line without one, in a file that we have appended to (its lock file lies beside it), is a row whose
`append` never returned: it is left out on reading and removed by the next append. In a file that others made it is a
row like the others.
"""

from __future__ import annotations

import csv
import errno
import io
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from filelock import FileLock

from chinchilla_nb.rows import REQUIRED, WHOLE, check_header, empty_table, first_bad, tidy

__all__ = ["CsvFile", "append_row", "read_csv"]

CHUNK = 1 << 16
# Newer versions always read floats exactly, and warn of being told to.
NEWER = tuple(int(part) for part in pd.__version__.split(".")[:2]) >= (3, 1)
EXACT_FLOATS: dict[str, Any] = {} if NEWER else {"float_precision": "round_trip"}
ENDING = 64
"""Bytes kept of what was read last, to notice that a file is not the same any more."""


def read_csv(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read runs from a CSV file.

    Parameters
    ----------
    path : path
        Has a header with N, D and loss; C is 6ND where it is not a column.

    Returns
    -------
    DataFrame
        C, N, D and loss, then the other columns in their order. No rows if there is no file or it is empty.

    Raises
    ------
    ValueError
        If the file does not parse or a value is missing, not a number, infinite or not positive, naming file, line,
        column and value.
    """
    return CsvFile(path).read()


def append_row(path: str | os.PathLike[str], row: Mapping[str, Any]) -> None:
    """Append a run, made by `rows.checked_row`, to a CSV file. Once this returns it is on disk."""
    CsvFile(path).append(row)


@dataclass(slots=True)
class _Seen:
    """How far a file has been read, and what tells whether it is still the same file."""

    header: list[str] = field(default_factory=list)
    offset: int = 0
    lines: int = 0
    inode: int = 0
    changed: int = 0  # st_mtime_ns
    ending: bytes = b""  # the last bytes before offset

    def same_file(self, status: os.stat_result) -> bool:
        return bool(self.header) and status.st_ino == self.inode and status.st_size >= self.offset


class CsvFile:
    """A CSV of runs that several processes read and append to.

    It remembers how far it has read, so that neither an append nor a look for new rows depends on the file's length.

    Attributes
    ----------
    path : Path
    cut_off : str
        A last line that was not completely written and was left out by `read`; empty if there was none.
    """

    def __init__(self, path: str | os.PathLike[str], columns: Sequence[str] = REQUIRED) -> None:
        self.path = Path(os.path.realpath(path))  # the file is replaced, not a link to it
        self.columns = list(columns)
        self.cut_off = ""
        self._seen = _Seen()

    def read(self) -> pd.DataFrame:
        """Read all rows; see `read_csv`."""
        try:
            with self.path.open("rb") as file:
                data, status = file.read(), os.fstat(file.fileno())
        except FileNotFoundError:
            self._seen, self.cut_off = _Seen(), ""
            return empty_table(self.columns)
        return self._read(data, status, written_by_us=self._lock_path.exists())

    def read_new(self) -> tuple[pd.DataFrame, bool]:
        """Read the rows that were added since the last read, append or rewrite.

        Returns
        -------
        rows : DataFrame
            The new ones; or all, if the file was replaced or changed otherwise.
        everything : bool
            Whether these are all rows.
        """
        seen = self._seen
        try:
            with self.path.open("rb") as file:
                status = os.fstat(file.fileno())
                if seen.same_file(status):
                    if status.st_size == seen.offset and status.st_mtime_ns == seen.changed:
                        return empty_table(seen.header), False
                    file.seek(seen.offset - len(seen.ending))
                    tail = file.read()
                    if status.st_size > seen.offset and _continues(seen.ending, tail):
                        return self._read_on(tail[len(seen.ending) :], status), False
        except FileNotFoundError:
            pass
        return self.read(), True

    def append(self, *rows: Mapping[str, Any]) -> bool:
        """Append rows made by `rows.checked_row`. Once this returns they are on disk.

        Returns
        -------
        bool
            Whether the file held nothing but the rows seen before: else `read_new` gives the others and these.
        """
        written_by_us = self._lock_path.exists()
        with self._locked():
            try:
                descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND)
            except FileNotFoundError:
                return self._create(rows)
            with os.fdopen(descriptor, "r+b", buffering=0) as file:
                header = self._header(_first_line(file))
                if header and set[str]().union(*rows) <= set(header):
                    return self._append_lines(file, header, rows, written_by_us)
            return self._append_columns(rows, written_by_us) if header else self._create(rows)

    def rewrite(self, frame: pd.DataFrame) -> None:
        """Replace the file by these rows, atomically."""
        columns = [
            [int(value) for value in frame[name]] if name in WHOLE else frame[name].tolist() for name in frame.columns
        ]
        with self._locked():
            self._replace(list(frame.columns), zip(*columns, strict=True))

    @property
    def _lock_path(self) -> Path:
        return self.path.with_name(self.path.name + ".lock")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        # Not one lock per object: threads exclude each other too, as each acquires a lock of its own.
        lock = FileLock(str(self._lock_path), poll_interval=0.002)
        try:
            lock.acquire()
        except OSError as error:
            raise OSError(
                error.errno, f"{self.path} cannot be written, its lock file not made", error.filename
            ) from None
        try:
            yield
        finally:
            lock.release()

    def _read(self, data: bytes, status: os.stat_result, *, written_by_us: bool) -> pd.DataFrame:
        data, cut_off = _whole_lines(data, written_by_us)
        self.cut_off = cut_off.decode(errors="replace").strip("\0")
        first, _, rest = data.partition(b"\n")
        header = self._header(first)
        if not header:
            self._seen = _Seen()
            return empty_table(self.columns)
        frame = tidy(self._parse(rest, header, lines_before=1))
        self._seen = _Seen(header, len(data), data.count(b"\n"), status.st_ino, status.st_mtime_ns, data[-ENDING:])
        return frame

    def _read_on(self, added: bytes, status: os.stat_result) -> pd.DataFrame:
        seen = self._seen
        added = added[: added.rfind(b"\n") + 1]  # what is behind it may be a row that is just being written
        frame = tidy(self._parse(added, seen.header, seen.lines))
        self._move_on(added, status)
        return frame

    def _move_on(self, added: bytes, status: os.stat_result) -> None:
        seen = self._seen
        seen.offset += len(added)
        seen.lines += added.count(b"\n")
        seen.changed = status.st_mtime_ns
        seen.ending = (seen.ending + added)[-ENDING:]

    def _header(self, line: bytes) -> list[str]:
        """Return the column names in the first line of the file, none if it is blank."""
        text = self._decode(line.removeprefix(b"\xef\xbb\xbf"), 1)  # a byte order mark, as Excel writes it
        if not text.strip():
            return []
        names = [name.strip() for name in next(csv.reader([text]))]
        check_header(names, f"{self.path}, line 1")
        return names

    def _parse(self, data: bytes, header: list[str], lines_before: int) -> pd.DataFrame:
        """Parse lines below the header; `tidy` is still to come."""
        if not data.strip():
            return pd.DataFrame(columns=header, dtype=float)
        # Quotes and control characters are rare: the fast way is for files without, and for files without mistakes.
        if b'"' in data or b"\0" in data or not _regular(data, len(header)):
            self._find_mistake(data, header, lines_before)
        present = [name for name in REQUIRED if name in header]
        try:
            frame: pd.DataFrame = pd.read_csv(
                io.BytesIO(data),
                names=header,
                header=None,
                index_col=False,
                dtype=dict.fromkeys(present, np.float64),
                keep_default_na=False,
                na_values=["", "nan", "NaN"],
                **EXACT_FLOATS,
                low_memory=False,
            )
        except (ValueError, OverflowError) as error:  # pandas says what, we say where
            self._find_mistake(data, header, lines_before)
            raise ValueError(f"{self.path} is not a CSV file: {error}") from None
        if any(first_bad(frame[name].to_numpy(), name) is not None for name in present):
            self._find_mistake(data, header, lines_before)
        return frame

    def _find_mistake(self, data: bytes, header: list[str], lines_before: int) -> None:
        """Raise a ValueError for the first line with a mistake, if there is one."""
        reader = csv.reader(io.StringIO(self._decode(data, lines_before + 1), newline=""), strict=True)
        columns = [(index, name) for index, name in enumerate(header) if name in REQUIRED]
        line = lines_before
        try:
            for row in reader:
                line, before = lines_before + reader.line_num, line
                if not row:
                    continue
                where = f"{self.path}, line {before + 1}"
                if len(row) != len(header):
                    raise ValueError(f"{where}: {len(row)} values for {len(header)} columns ({', '.join(row)[:80]})")
                for index, name in columns:
                    if not _is_allowed(row[index], name):
                        raise ValueError(f"{where}, column {name}: {row[index]!r} is not a positive number")
        except csv.Error as error:
            raise ValueError(f"{self.path}, line {line + 1}: {error}") from None

    def _decode(self, data: bytes, first_line: int) -> str:
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            line = first_line + data[: error.start].count(b"\n")
            raise ValueError(f"{self.path}, line {line}: not UTF-8 text; save the file as UTF-8") from None

    def _create(self, rows: Sequence[Mapping[str, Any]]) -> bool:
        new = not self._seen.header
        columns = [*self.columns, *_names_beyond(self.columns, rows)]
        self._replace(columns, _values(columns, rows))
        if not new:
            self._seen = _Seen()
        return new

    def _append_lines(
        self, file: io.FileIO, header: list[str], rows: Sequence[Mapping[str, Any]], written_by_us: bool
    ) -> bool:
        status = os.fstat(file.fileno())
        lines = _csv(_values(header, rows))
        size, end = status.st_size, _end_of_last_line(file, status.st_size)
        if end < size and written_by_us and end:
            file.truncate(end)
            size = end
        elif end < size:
            lines = b"\n" + lines
        seen = self._seen
        alone = seen.same_file(status) and seen.offset == size and seen.changed == status.st_mtime_ns
        try:
            if file.write(lines) != len(lines):
                raise OSError(errno.ENOSPC, "no space left for a run, nothing was appended", str(self.path))
            os.fsync(file.fileno())
        except BaseException:
            file.truncate(size)
            raise
        if alone:
            self._move_on(lines, os.fstat(file.fileno()))
        return alone

    def _append_columns(self, new: Sequence[Mapping[str, Any]], written_by_us: bool) -> bool:
        """Rewrite the file with the columns that new rows bring; values already there keep their text."""
        data, _ = _whole_lines(self.path.read_bytes(), written_by_us)
        first, _, rest = data.partition(b"\n")
        header = self._header(first)
        known = tidy(self._parse(rest, header, lines_before=1))
        added = _names_beyond(header, new)
        rows = (values for values in csv.reader(io.StringIO(rest.decode(), newline="")) if values)
        full = (
            [*values, *(6 * int(N) * int(D) if name == "C" else None for name in added)]
            for values, N, D in zip(rows, known["N"], known["D"], strict=True)
        )
        columns = [*header, *added]
        self._replace(columns, [*full, *_values(columns, new)])
        self._seen = _Seen()
        return False

    def _replace(self, header: list[str], rows: Iterable[Sequence[Any]]) -> None:
        content = _csv([header]) + _csv(rows)
        temporary = self.path.with_name(self.path.name + ".tmp")  # one name: only the holder of the lock uses it
        try:
            with temporary.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            if self.path.exists():
                shutil.copymode(self.path, temporary)
            status = temporary.stat()
            temporary.replace(self.path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        _sync_directory(self.path.parent)
        self._seen = _Seen(
            header, len(content), content.count(b"\n"), status.st_ino, status.st_mtime_ns, content[-ENDING:]
        )


def _names_beyond(header: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the columns that rows have and a header has not, in their order."""
    return [name for name in dict.fromkeys(name for row in rows for name in row) if name not in header]


def _values(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> list[list[Any]]:
    return [[row.get(name) for name in columns] for row in rows]


def _csv(rows: Iterable[Sequence[Any]]) -> bytes:
    """Return rows as CSV; floats as the shortest text that reads back to them, NaN and None as nothing."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for row in rows:
        writer.writerow(["" if isinstance(value, float) and value != value else value for value in row])
    return text.getvalue().encode()


def _whole_lines(data: bytes, written_by_us: bool) -> tuple[bytes, bytes]:
    """Split off a last line that was not completely written; see the top of the module."""
    end = data.rfind(b"\n") + 1
    return (data[:end], data[end:]) if written_by_us and end else (data, b"")


def _continues(ending: bytes, tail: bytes) -> bool:
    """Return whether the tail of a file is what was seen of it and then whole new lines."""
    return tail.startswith(ending) and (ending.endswith(b"\n") or tail[len(ending) :].startswith((b"\n", b"\r")))


def _regular(data: bytes, columns: int) -> bool:
    """Return whether every line that is not blank has one comma less than there are columns."""
    if not data.endswith(b"\n"):
        data += b"\n"
    octets = np.frombuffer(data, dtype=np.uint8)
    ends = np.flatnonzero(octets == ord("\n"))
    commas = np.searchsorted(np.flatnonzero(octets == ord(",")), ends)
    lengths = np.diff(ends, prepend=-1) - 1
    return bool(np.all((np.diff(commas, prepend=0) == columns - 1) | (lengths == 0)))


def _is_allowed(text: str, name: str) -> bool:
    try:
        return first_bad(np.array([float(text)]), name) is None and "_" not in text
    except ValueError:
        return False


def _first_line(file: io.FileIO) -> bytes:
    line = b""
    while b"\n" not in line and (chunk := file.read(CHUNK)):
        line += chunk
    return line.partition(b"\n")[0]


def _end_of_last_line(file: io.FileIO, size: int) -> int:
    """Return the offset behind the last line break, 0 if there is none."""
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


def _sync_directory(folder: Path) -> None:
    if os.name == "posix":  # elsewhere a folder cannot be opened
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
