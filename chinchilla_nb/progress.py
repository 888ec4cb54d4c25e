"""A progress bar for work that takes longer than a second; none for anything shorter."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

__all__ = ["Bar", "watching"]

# A bar appears once the work is expected to take LONG seconds, but not before it has been observed for SURE seconds.
LONG = 1.0
SURE = 0.2


class Bar:
    """A rich progress bar that appears only if the work turns out to be long.

    Parameters
    ----------
    title : str
        What is being done.
    shown : bool
        False for none at all.
    """

    def __init__(self, title: str, shown: bool = True) -> None:
        self.title = title
        self._console = Console(stderr=True)
        # A bar in a pipe or a log file is noise.
        self._shown = shown and (self._console.is_terminal or self._console.is_jupyter)
        self._progress: Progress | None = None
        self._task = TaskID(0)
        self._started = time.perf_counter()

    def close(self) -> None:
        """Take the bar away."""
        if self._progress is not None:
            self._progress.stop()

    def update(self, done: int, total: int, stage: str = "") -> None:
        """Say how far the work is."""
        if not self._shown:
            return
        if self._progress is None:
            if not self._is_long(done, total):
                return
            self._progress = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                console=self._console,
                transient=True,
            )
            self._task = self._progress.add_task(self.title, total=total)
            self._progress.start()
        self._progress.update(self._task, description=stage or self.title, completed=done, total=total)

    def _is_long(self, done: int, total: int) -> bool:
        elapsed = time.perf_counter() - self._started
        expected = elapsed / done * total if done else elapsed
        return elapsed > SURE and expected > LONG


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
