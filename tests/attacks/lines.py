"""Do something harmful just before a chosen line of this package runs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import chinchilla_nb

PACKAGE = Path(chinchilla_nb.__file__).parent
STORAGE = (str(PACKAGE / "records"), str(PACKAGE / "database.py"), str(PACKAGE / "whole_file.py"))
"""The code that appends a row and reads it."""
SESSION = (str(PACKAGE / "session.py"), str(PACKAGE / "session_work.py"), str(PACKAGE / "work" / "job.py"))
"""The code that starts and ends long work."""


def interrupt() -> None:
    """Raise what Ctrl+C raises."""
    raise KeyboardInterrupt


@contextmanager
def before_line(number: int, files: tuple[str, ...], act: Callable[[], None]) -> Iterator[Callable[[], bool]]:
    """Act in this thread before the line that runs as the given one, from 1; yield a function that says if it did."""
    count = 0

    def on_line(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        if event == "line":
            count += 1
            if count == number:
                sys.settrace(None)
                act()
        return on_line

    def on_call(frame: FrameType, event: str, _: Any) -> Any:
        return on_line if frame.f_code.co_filename.startswith(files) else None

    before = sys.gettrace()
    sys.settrace(on_call)
    try:
        yield lambda: count >= number
    finally:
        sys.settrace(before)
