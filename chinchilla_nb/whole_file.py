"""Atomic writes: a file is written completely or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["explain_write_errors", "write_whole"]


@contextmanager
def explain_write_errors(path: Path) -> Iterator[None]:
    """Re-raise any OSError of this block with the path, the reason why nothing was written, and a remedy."""
    try:
        yield
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        problem = f"nothing was written, {reason}: make room, or allow writing to the file and its folder"
        raise OSError(error.errno, problem, str(path)) from None


def write_whole(path: Path, content: bytes) -> os.stat_result:
    """Write a file so that it ends up with all of the content or unchanged, and return its status.

    Raises
    ------
    OSError
        If it cannot be written; `explain_write_errors` adds a remedy to the message.
    """
    draft = path.with_name(path.name + ".tmp")
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, draft)
        status = draft.stat()
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)
    return status


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":  # elsewhere a folder cannot be opened
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
