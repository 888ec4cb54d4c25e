"""How far a file of runs has been read, and how to tell whether it still holds what was read."""

from __future__ import annotations

import math
import os
import time
import zlib
from dataclasses import dataclass
from typing import BinaryIO

__all__ = ["Seen"]

END = 256
"""Bytes before the end of what has been read that are compared with the file when only rows behind them are read."""
COMPARED_FOR = 10.0
"""Seconds until all that has been read of a file in use is compared again: 100,000 rows take about 10 ms."""
TICK = 2_000_000_000
"""Nanoseconds that may pass between two times of a file system: two seconds on FAT, 10 ms or less elsewhere."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The part of a file that has been read or written, from its beginning.

    Attributes
    ----------
    header : tuple of str
        The names of the columns; empty if nothing has been seen.
    size : int
        Number of bytes.
    lines : int
        Number of line breaks.
    ended : bool
        Whether the last byte is a line break.
    """

    header: tuple[str, ...] = ()
    size: int = 0
    lines: int = 0
    ended: bool = True
    _checksum: int = 0  # of the bytes: a change is missed once in 4e9 times; 100,000 rows (5 MB) take 2 ms
    _stamp: tuple[int, ...] = ()
    _settled: bool = False
    _end: bytes = b""
    _compared: float = -math.inf  # when all bytes were compared or written last, on the clock `time.monotonic`

    @classmethod
    def all_of(cls, header: list[str], data: bytes, status: os.stat_result) -> Seen:
        """Return that a whole file has been read or written."""
        return cls(tuple(header)).followed_by(data, status, compared=True)

    def followed_by(self, added: bytes, status: os.stat_result, *, compared: bool) -> Seen:
        """Return that lines after the known part have been read or written as well, if there are any.

        Parameters
        ----------
        added : bytes
        status : os.stat_result
            Of the file, from before they were read or after they were written.
        compared : bool
            Whether the known part is in the file as it was; otherwise only its end is known to be.
        """
        size, lines = self.size + len(added), self.lines + added.count(b"\n")
        ended = added.endswith(b"\n") if added else self.ended
        settled = compared and time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) > TICK
        return Seen(
            self.header,
            size,
            lines,
            ended,
            zlib.crc32(added, self._checksum),
            _stamp(status),
            settled,
            (self._end + added[-END:])[-END:],
            time.monotonic() if compared else self._compared,
        )

    def is_current(self, status: os.stat_result) -> bool:
        """Return whether nothing has been written since: a check that costs nothing but can be wrong within a tick."""
        return bool(self.header) and self._stamp == _stamp(status)

    def is_settled(self, status: os.stat_result) -> bool:
        """Return whether nothing has been written since, and whatever is written from now on will be noticed."""
        return self._settled and self.is_current(status)

    @property
    def compared_lately(self) -> bool:
        """Whether all bytes were compared with the file so recently that their end stands for them."""
        return time.monotonic() - self._compared < COMPARED_FOR

    def may_have_grown(self, status: os.stat_result) -> bool:
        """Return whether rows were probably appended to a file: it is the same one, longer than what has been seen."""
        return bool(self.header) and self.ended and self._stamp[0] == status.st_ino and status.st_size > self.size

    def ends(self, file: BinaryIO) -> bool:
        """Return whether what has been seen still ends where it did, and leave the file at that place."""
        file.seek(self.size - len(self._end))
        return file.read(len(self._end)) == self._end

    def begins(self, data: bytes) -> bool:
        """Return whether a file still begins with what was seen, followed only by new lines."""
        if not self.header or len(data) < self.size:
            return False
        goes_on = data[self.size : self.size + 1]
        if not self.ended and goes_on not in (b"", b"\n", b"\r"):
            return False
        return zlib.crc32(memoryview(data)[: self.size]) == self._checksum

    def has_whole(self, data: bytes) -> bool:
        """Return whether all of a file was seen, except for a line break that its last line may have lost since."""
        checksum = zlib.crc32(data)
        return bool(self.header) and any(
            len(data) + len(end) == self.size and zlib.crc32(end, checksum) == self._checksum
            for end in (b"", b"\n", b"\r\n")
        )


def _stamp(status: os.stat_result) -> tuple[int, ...]:
    """Return what changes when a file is replaced or written; st_ctime cannot be set back, as st_mtime can."""
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
