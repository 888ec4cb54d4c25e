"""A line that says how far work is, for work that takes longer than a second; none for anything shorter."""

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

__all__ = ["Bar", "watching"]

LONG = 1.0
"""Seconds after which work is long enough for a bar."""
PERIOD = 0.2
"""Seconds between two drawings."""


class Line(AbstractContextManager[Any], Protocol):
    """Where a bar is drawn, from entering to leaving it; then it is gone."""

    def show(self, stage: str, done: int, total: int | None, facts: str) -> None:
        """Draw it anew."""


class Bar:
    """A progress bar that appears after a second, unless the work has ended by then, and is gone when it has.

    Parameters
    ----------
    title : str
        What is being done.
    shown : bool
        False for none at all.
    """

    def __init__(self, title: str, shown: bool = True) -> None:
        self._at: tuple[str, int, int | None] = (title, 0, None)
        self._began, self._pace = time.monotonic(), RemainingTime()
        self._ended = Event()
        self._thread: Thread | None = None
        line = _line() if shown else None
        if line is not None:
            # In this context, so that a notebook shows the bar under the cell that started the work.
            self._thread = Thread(target=contextvars.copy_context().run, args=(self._draw, line), daemon=True)
            self._thread.start()

    def update(self, done: int, total: int, stage: str) -> None:
        """Say how far the work is."""
        self._pace.add(stage, done)
        self._at = (stage, done, total)

    def close(self) -> None:
        """Take the bar away, or see to it that it never appears."""
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
    """Return where a bar can be drawn: in a pipe, a log file or a notebook that runs unattended it is noise."""
    ipython = sys.modules.get("IPython")
    shell: Any = ipython.get_ipython() if ipython is not None else None
    if hasattr(shell, "get_parent"):  # the shell of a kernel, which knows the request it answers
        # Who runs notebooks to keep or compare their outputs takes no questions.
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
        """Draw it anew."""
        self.update(self._task, description=stage, completed=done, total=total, facts=facts, visible=True, refresh=True)


class NotebookLine:
    """An output of a cell, of its own: rich's is a widget, which takes the cell's other outputs while it is drawn."""

    def __enter__(self) -> None:
        from IPython.display import display

        self._handle: Any = display({"text/html": ""}, raw=True, display_id=True)

    def __exit__(self, *_: object) -> None:
        self._handle.update({"text/html": ""}, raw=True)

    def show(self, stage: str, done: int, total: int | None, facts: str) -> None:
        """Draw it anew."""
        place = f'value="{done}" max="{total}"' if total is not None else ""
        html = (
            '<div style="display: flex; align-items: center; gap: 10px; white-space: nowrap; overflow: hidden; '
            'font-family: var(--jp-ui-font-family, sans-serif); font-variant-numeric: tabular-nums">'
            f'<span>{escape(stage)}</span><progress {place} style="accent-color: #00796b"></progress>'
            f"<span>{facts}</span></div>"
        )
        self._handle.update({"text/html": html, "text/plain": f"{stage} {facts}"}, raw=True)
