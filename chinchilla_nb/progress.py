"""A progress bar for work that takes longer than a second; none for anything shorter."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

__all__ = ["Bar", "watching"]

LONG = 1.0
"""Seconds after which work is long enough for a bar."""


class Bar:
    """A rich progress bar that appears after a second, unless the work has ended by then.

    Parameters
    ----------
    title : str
        What is being done.
    shown : bool
        False for none at all.
    """

    def __init__(self, title: str, shown: bool = True) -> None:
        console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self._task = self._progress.add_task(title, total=None)
        self._lock = threading.Lock()
        self._closed = False
        self._timer: threading.Timer | None = None
        # A bar in a pipe or a log file is noise.
        if shown and (console.is_terminal or console.is_jupyter):
            # In this context, so that a notebook shows the bar under the cell that started the work.
            self._timer = threading.Timer(LONG, contextvars.copy_context().run, [self._appear])
            self._timer.daemon = True
            self._timer.start()

    def update(self, done: int, total: int, stage: str) -> None:
        """Say how far the work is."""
        self._progress.update(self._task, completed=done, total=total, description=stage)

    def close(self) -> None:
        """Take the bar away, or see to it that it never appears."""
        if self._timer is not None:
            self._timer.cancel()
        with self._lock:
            self._closed = True
            # One that never appeared would print an empty line.
            if self._progress.live.is_started:
                self._progress.stop()

    def _appear(self) -> None:
        with self._lock:
            if not self._closed:
                self._progress.start()


@contextmanager
def watching(session: Any, title: str, shown: bool) -> Iterator[None]:
    """Show the ``progress`` of a session while the block runs."""
    with closing(Bar(title, shown)) as bar:

        def update(change: Any) -> None:
            if change.new is not None:
                bar.update(change.new.done, change.new.total, change.new.stage)

        session.observe(update, "progress")
        try:
            yield
        finally:
            session.unobserve(update, "progress")
