"""Work that nobody waits for: at most one job at a time, which makes way for the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

from chinchilla_nb.work.job import Job, Outcome

__all__ = ["Background"]


class Background:
    """Runs one job in the background; after `cancel` nothing more is heard of it.

    Parameters
    ----------
    on_cancel : callable, optional
        Called when a job under way has been cancelled, also by a pause.
    """

    def __init__(self, on_cancel: Callable[[], None] | None = None) -> None:
        self._job: Job | None = None
        self._on_cancel = on_cancel
        self._paused = False

    @property
    def under_way(self) -> bool:
        """Whether a job has been started that has neither ended nor been cancelled."""
        return self._job is not None

    def start(
        self,
        steps: Callable[[], Iterator[Any]],
        on_progress: Callable[[Any], None],
        on_end: Callable[[Outcome], None],
        loop: asyncio.AbstractEventLoop | None,
    ) -> None:
        """Drain an iterator in place of the job under way: on a thread, or in this thread without an event loop.

        Parameters
        ----------
        steps, on_progress, on_end : callable
            As for `Job`.
        loop : event loop or None
            Receives the reports.
        """
        self.cancel()
        job = Job(
            steps,
            lambda progress: on_progress(progress) if job is self._job else None,
            lambda outcome: self._end(job, on_end, outcome),
            background=True,
        )
        self._job = job
        if loop is None:
            job.run()
        else:
            job.start(loop)

    def cancel(self) -> bool:
        """Ask the job under way to stop; return whether there was one."""
        job, self._job = self._job, None
        if job is None:
            return False
        job.cancel()
        if self._on_cancel is not None:
            self._on_cancel()
        return True

    def pause(self) -> None:
        """Cancel the job under way for other work."""
        self._paused = self.cancel()

    def resume(self, start: Callable[[], None]) -> None:
        """Start again if the last pause has cancelled a job."""
        paused, self._paused = self._paused, False
        if paused:
            start()

    def wait(self, timeout: float | None = None) -> bool:
        """Block until the job under way has ended and been reported; return whether it has."""
        job = self._job
        return job is None or job.wait(timeout)

    def _end(self, job: Job, on_end: Callable[[Outcome], None], outcome: Outcome) -> None:
        if job is self._job:
            self._job = None
            on_end(outcome)
