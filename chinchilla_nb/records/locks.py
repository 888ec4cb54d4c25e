"""Locks that end: between processes that write the same file, and between threads that change the same rows.

Whoever waits is told for whom after two seconds, and gets an error after a minute. A process that dies loses its locks,
and a forked child starts without those that the threads of its parent held. The package filelock does neither: it does
not name the process that holds a lock, and a child that is forked while a thread holds one waits for ever.

A lock is used in a form that no interrupt can break::

    with hold, hold:
        hold.acquire()
        ...

Leaving the block releases the lock unless that has been done. An interrupt can arrive just before the first release,
and then the second one still happens.
"""

from __future__ import annotations

import errno
import io
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import get_ident

from chinchilla_nb.whole_file import explain_write_errors, open_regular

__all__ = ["FileHold", "Hold", "ThreadLock"]

PATIENCE = 60.0
"""Seconds after which waiting for a lock is an error: it is held for milliseconds, on a slow network for seconds."""
NOTICE = 2.0
"""Seconds after which the user is told what is being waited for."""
POLL = 0.002
"""Seconds between two attempts: an append takes about as long."""

Tell = Callable[[str], None]


class Hold:
    """One use of a lock between the threads of this process.

    Parameters
    ----------
    holders : dict of int to Hold
        The lock: who holds it, by process. In a forked child, the holder of the parent is another process's.
    subject : str
        What is locked, for messages.
    tell : callable
        Receives a message if the lock is not free for seconds.
    patience : float, optional
        Seconds after which waiting is an error; by default `PATIENCE`.
    """

    def __init__(self, holders: dict[int, Hold], subject: str, tell: Tell, patience: float | None = None) -> None:
        self._holders, self._subject, self._tell = holders, subject, tell
        self._patience = PATIENCE if patience is None else patience
        self.thread = get_ident()

    def __enter__(self) -> None:
        """Wait for `acquire`: an interrupt could separate the lock from the block that releases it."""

    def __exit__(self, *_: object) -> None:
        self.release()

    def acquire(self) -> None:
        """Wait until the lock is free, and take it.

        Raises
        ------
        TimeoutError
            If it does not become free.
        RuntimeError
            If this thread holds it already: a signal handler has interrupted the code that does.
        """
        began, told = time.monotonic(), False
        while not self._attempt():
            if self._interrupts_holder():
                problem = "is being written by this thread, and a signal handler must not write to it meanwhile"
                raise RuntimeError(
                    f"{self._subject} {problem}: nothing was written, write after the handler has returned"
                )
            waited = time.monotonic() - began
            if waited > self._patience:
                problem = f"nothing was written, {self._holder()} has kept it locked for more than {self._patience:g} s"
                raise TimeoutError(errno.ETIMEDOUT, f"{problem}: end it, or try again", self._subject)
            if waited > NOTICE and not told:
                told = True
                self._tell(f"waiting to write {self._subject}: {self._holder()} has locked it")
            time.sleep(POLL)

    def release(self) -> None:
        """Release the lock, unless that has been done."""
        if self._holders.get(os.getpid()) is self:
            del self._holders[os.getpid()]

    def _attempt(self) -> bool:
        # One step, so that an interrupt cannot separate taking the lock from knowing who has it.
        return self._holders.setdefault(os.getpid(), self) is self

    def _interrupts_holder(self) -> bool:
        holder = self._holders.get(os.getpid())
        return holder is not None and holder is not self and holder.thread == get_ident()

    def _holder(self) -> str:
        return "another thread of this process"


class ThreadLock:
    """A lock between the threads of this process.

    Parameters
    ----------
    subject : str
        What is locked, for messages.
    tell : callable
        Receives a message if the lock is not free for seconds.
    """

    def __init__(self, subject: str, tell: Tell) -> None:
        self._subject, self._tell = subject, tell
        self._holders: dict[int, Hold] = {}

    def hold(self) -> Hold:
        """Return a new use of the lock."""
        return Hold(self._holders, self._subject, self._tell)


class FileHold(Hold):
    """One use of a lock between processes, and between their threads: a lock file beside the file that is written.

    The lock file is never removed and stays empty. It is the same kind of lock that the package filelock takes.

    Parameters
    ----------
    path : Path
        The lock file, which is created if it does not exist.
    subject : Path
        The file that is written, for messages.
    tell : callable
        Receives a message if the lock is not free for seconds.
    patience : float, optional
        Seconds after which waiting is an error; by default `PATIENCE`.

    Raises
    ------
    OSError
        From `acquire`, if the lock file cannot be opened or its file system has no locks; the message names it.
    """

    def __init__(self, path: Path, subject: Path, tell: Tell, patience: float | None = None) -> None:
        super().__init__(_WRITERS.setdefault(str(path), {}), str(subject), tell, patience)
        self._path = path
        self._file: io.FileIO | None = None

    def release(self) -> None:
        """Release the lock, unless that has been done."""
        if self._file is not None and not self._file.closed and self._holders.get(os.getpid()) is self:
            # Closing is not enough: a child that was forked just as the file was opened has it open, too.
            _unlock(self._file.fileno())
        self.close()
        super().release()

    def close(self) -> None:
        """Close the lock file, without unlocking it for another process that has it open."""
        if self._file is not None:
            self._file.close()

    def _attempt(self) -> bool:
        if not super()._attempt():
            return False
        with explain_write_errors(self._path):
            if self._file is None or self._file.closed:
                self._file = io.FileIO(_open(self._path))
            if not _lock(self._file.fileno()):
                return False
            if _is_at(self._file.fileno(), self._path):
                return True
            self.close()  # someone has removed the lock file, and another process may have locked a new one
            return False

    def _holder(self) -> str:
        if self._holders.get(os.getpid()) is not self:
            return super()._holder()
        process = None if self._file is None else _process_that_locked(self._file.fileno())
        return "another process" if process is None else f"process {process}"


_WRITERS: dict[str, dict[int, Hold]] = {}
"""The threads that write, by lock file and process; only they have a lock file open."""


def _close_inherited() -> None:
    """Close the lock files that other threads had open when this process was forked: it would keep them locked."""
    for holders in _WRITERS.values():
        for hold in holders.values():
            if isinstance(hold, FileHold) and hold.thread != get_ident():
                hold.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_inherited)


def _open(path: Path) -> int:
    """Open a lock file, in a new folder if there is none: a run that took days to train must not get lost for that.

    A lock file that another user made may be read-only, and can still be locked.
    """
    flags = getattr(os, "O_NOFOLLOW", 0)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return open_regular(path, os.O_RDWR | os.O_CREAT | flags)
    except PermissionError as error:
        with suppress(OSError):
            return open_regular(path, os.O_RDONLY | flags)
        raise error


def _is_at(descriptor: int, path: Path) -> bool:
    """Return whether an open file is still the one at a path."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> bool:
        """Lock an open file unless another process has, and return whether it is locked by this one."""
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        """Unlock an open file."""
        with suppress(PermissionError):  # it is not locked
            msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> bool:
        """Lock an open file unless another process has, and return whether it is locked by this one."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):  # some file systems say that permission is denied
            return False
        return True

    def _unlock(descriptor: int) -> None:
        """Unlock an open file, also where a forked child has it open."""
        with suppress(OSError):  # a file system without locks has none to release
            fcntl.flock(descriptor, fcntl.LOCK_UN)


def _process_that_locked(descriptor: int) -> int | None:
    """Return the process that has locked a file, None if the system does not say (only Linux does)."""
    try:
        lines = Path("/proc/locks").read_text().splitlines()
    except OSError:
        return None
    status = os.fstat(descriptor)
    place = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    for line in lines:  # 1: FLOCK  ADVISORY  WRITE 9136 fe:00:2146874 0 EOF
        fields = line.split()
        if len(fields) > 5 and fields[1] == "FLOCK" and fields[5] == place and int(fields[4]) > 0:
            return int(fields[4])
    return None
