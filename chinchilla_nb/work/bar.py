"""A progress bar for work that takes longer than a second."""

from __future__ import annotations

import contextvars
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from html import escape
from threading import Event, Thread
from typing import Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from chinchilla_nb.work.remaining import RemainingTime

__all__ = ["Bar", "drained", "watching"]

LONG = 1.0
"""Seconds after which the bar appears."""
PERIOD = 0.2
"""Seconds between two updates."""


class Line(AbstractContextManager[Any], Protocol):
    """A place to draw a bar: entering the context opens it, leaving the context removes the bar."""

    def show(self, stage: str, done: int, total: int | None, facts: str) -> None:
        """Redraw the bar."""


class Bar:
    """A progress bar that appears after a second, unless the work has ended by then, and disappears at its end.

    Parameters
    ----------
    title : str
        What is being done.
    shown : bool
        False to show no bar at all.
    """

    def __init__(self, title: str, shown: bool = True) -> None:
        self._at: tuple[str, int, int | None] = (title, 0, None)
        self._began, self._pace = time.monotonic(), RemainingTime()
        self._ended = Event()
        self._thread: Thread | None = None
        line = _line() if shown else None
        if line is not None:
            # In a copy of this context, so that a notebook shows the bar under the cell that started the work.
            self._thread = Thread(target=contextvars.copy_context().run, args=(self._draw, line), daemon=True)
            self._thread.start()

    def update(self, done: int, total: int, stage: str) -> None:
        """Report how far the work has got."""
        self._pace.add(stage, done)
        self._at = (stage, done, total)

    def close(self) -> None:
        """Remove the bar, or keep it from appearing."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def _draw(self, line: Line) -> None:
        if self._ended.wait(LONG):
            return
        with line:
            while not self._ended.is_set():
                line.show(*self._at, self._facts(*self._at))
                self._ended.wait(PERIOD)

    def _facts(self, stage: str, done: int, total: int | None) -> str:
        elapsed = f"{time.monotonic() - self._began:.0f} s"
        if total is None:
            return elapsed
        remaining = self._pace.remaining(stage, done, total)
        left = "" if remaining is None else f" · about {remaining:.0f} s left"
        return f"{done:,} of {total:,} · {elapsed}{left}"


def drained(steps: Iterator[Any], title: str, *, shown: bool = True) -> Any:
    """Return the result of an iterator of progress, with a progress bar while it works."""
    with closing(Bar(title, shown)) as bar:
        for progress in steps:
            bar.update(progress.done, progress.total, title)
    return progress.result


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


def _line() -> Line | None:
    """Return where to draw a bar, None in a pipe, a log file or an unattended notebook, where it would be noise."""
    ipython = sys.modules.get("IPython")
    shell: Any = ipython.get_ipython() if ipython is not None else None
    if hasattr(shell, "get_parent"):  # the shell of a kernel, which knows the request being handled
        # Tools that run notebooks to store or compare outputs do not allow input requests.
        watched = shell.get_parent().get("content", {}).get("allow_stdin", True)
        return NotebookLine() if watched else None
    console = Console(stderr=True)
    return TerminalLine(console) if console.is_terminal else None


class TerminalLine(Progress):
    """A line of a terminal, drawn by rich."""

    def __init__(self, console: Console) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(30), TextColumn("{task.fields[facts]}"))
        super().__init__(*columns, console=console, transient=True, auto_refresh=False)
        self._task = self.add_task("", visible=False, facts="")

    def show(self, stage: str, done: int, total: int | None, facts: str) -> None:
        """Redraw the bar."""
        self.update(self._task, description=stage, completed=done, total=total, facts=facts, visible=True, refresh=True)


class NotebookLine:
    """A separate cell output: rich would use a widget, which captures the cell's other outputs while it is shown."""

    def __enter__(self) -> None:
        from IPython.display import display

        self._handle: Any = display({"text/html": ""}, raw=True, display_id=True)

    def __exit__(self, *_: object) -> None:
        self._handle.update({"text/html": ""}, raw=True)

    def show(self, stage: str, done: int, total: int | None, facts: str) -> None:
        """Redraw the bar."""
        place = f'value="{done}" max="{total}"' if total is not None else ""
        html = (
            '<div style="display: flex; align-items: center; gap: 10px; white-space: nowrap; overflow: hidden; '
            'font-family: var(--jp-ui-font-family, sans-serif); font-variant-numeric: tabular-nums">'
            f'<span>{escape(stage)}</span><progress {place} style="accent-color: #00796b"></progress>'
            f"<span>{facts}</span></div>"
        )
        self._handle.update({"text/html": html, "text/plain": f"{stage} {facts}"}, raw=True)
