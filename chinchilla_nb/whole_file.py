"""Atomic writes: a file is written completely or not at all."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["explain_write_errors", "open_regular", "write_whole"]

_MAKE_ROOM = ("ENOSPC", "EDQUOT", "EFBIG")
_ALLOW_WRITING = ("EACCES", "EPERM", "EROFS")
_NOT_A_FILE = ("EINVAL", "ENXIO")
_NO_LOCKS = ("ENOLCK", "ENOSYS", "EOPNOTSUPP", "ENOTSUP")
_REMEDIES = {
    **dict.fromkeys(_MAKE_ROOM, "make room for it"),
    **dict.fromkeys(_ALLOW_WRITING, "allow writing to it and to its folder"),
    "ENOENT": "create its folder",
    "ENOTDIR": "create its folder",
    "EISDIR": "move the folder away",
    "ELOOP": "remove the symbolic link",
    **dict.fromkeys(_NO_LOCKS, "keep the project on a file system with locks, such as a local disk"),
    **dict.fromkeys(_NOT_A_FILE, "move it away"),
}
"""What to do about an error, by the name of its number; a system need not have all of them."""


@contextmanager
def explain_write_errors(path: Path) -> Iterator[None]:
    """Re-raise any OSError of this block with the path, the reason why nothing was written, and a remedy."""
    try:
        yield
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        remedy = _REMEDIES.get(errno.errorcode.get(error.errno or 0, ""), "check the disk")
        raise OSError(error.errno, f"nothing was written, {reason}: {remedy}", str(path)) from None


def write_whole(path: Path, content: bytes) -> os.stat_result:
    """Write a file so that it ends up with all of the content or unchanged, and return its status.

    The content is written to a draft, which then replaces the file. Every call makes a new draft under a random name
    that nothing else has, which only its owner can read until it has the permissions of the file. A file that exists
    keeps its owner, permissions and access lists as far as the system lets this process set them, and a link to a file
    stays one.

    Raises
    ------
    OSError
        If it cannot be written, or is a pipe or a device; `explain_write_errors` adds a remedy to the message.
    """
    path = Path(os.path.realpath(path))
    draft = path.with_name(f".{secrets.token_hex(8)}.chinchilla_nb")
    try:
        before = path.stat()
    except FileNotFoundError:
        before = None
    if before is not None and not stat.S_ISREG(before.st_mode):
        raise _not_a_file(before.st_mode, path)
    try:
        # 0o666 less the umask of the process, as for any new file.
        descriptor = os.open(draft, _DRAFT, 0o666 if before is None else 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            if before is not None:
                _copy_rights(path, before, draft)
            os.fsync(file.fileno())
            status = os.fstat(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)
    return status


def open_regular(path: Path, flags: int, mode: int = 0o666) -> int:
    """Open a regular file and return its descriptor.

    A pipe or a device is refused at once: opening or reading one may wait for ever. A new file has the permissions
    `mode`, less the umask of the process.

    Raises
    ------
    OSError
        If it cannot be opened, or is not a regular file.
    """
    descriptor = os.open(path, flags | _AT_ONCE, mode)
    found = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(found):
        os.close(descriptor)
        raise _not_a_file(found, path)
    return descriptor


_BINARY = getattr(os, "O_BINARY", 0)  # Windows converts line breaks without it
_AT_ONCE = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | _BINARY
_DRAFT = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | _BINARY


def _not_a_file(mode: int, path: Path) -> OSError:
    if stat.S_ISDIR(mode):
        return IsADirectoryError(errno.EISDIR, "is a folder", str(path))
    return OSError(errno.EINVAL, "is a pipe or a device, not a file", str(path))


def _copy_rights(path: Path, before: os.stat_result, draft: Path) -> None:
    """Give a draft the owner, permissions and access lists of the file that it replaces."""
    if hasattr(os, "chown"):
        for owner in (before.st_uid, -1):  # only root may give a file away; a member may set its group
            with suppress(PermissionError):
                os.chown(draft, owner, before.st_gid)
                break
    shutil.copystat(path, draft)
    os.utime(draft)  # the file changes now


def _sync_folder(folder: Path) -> None:
    """Write the entry of a new file to the disk; a folder that cannot be read cannot be synchronised."""
    if os.name == "posix":  # elsewhere a folder cannot be opened
        with suppress(PermissionError):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
