"""The long work of a session, one at a time: started, reported and cancelled, and shown by its traits."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

from traitlets import Any as AnyTrait
from traitlets import Bool, HasTraits, Unicode

from chinchilla_nb.checks import as_float
from chinchilla_nb.engine.conversion import check_callable
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.work.job import Job, Outcome, error_sentence, running_loop

__all__ = ["SessionWork"]


class SessionWork(HasTraits):
    """The work that a user waits for, such as a fit; there is none or one.

    Attributes
    ----------
    progress : FitProgress or other value, or None
        The last report of the work under way, updated at most ten times a second.
    busy : bool
        Whether work is under way.
    error : str
        Why the last background work failed, in one sentence; empty if it did not.
    cancelled : bool
        Whether the last work was cancelled before its end.

    Notes
    -----
    Where an event loop runs (a notebook), traits change on its thread, even for work on other threads.
    """

    progress = AnyTrait(None, allow_none=True)
    busy = Bool(False)
    error = Unicode("")
    cancelled = Bool(False)

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self._under_way: dict[str, Job] = {}  # empty or one job, which is put there in one step
        self._loop = running_loop()

    @property
    def in_place(self) -> bool:
        """Whether the work under way blocks the thread that started it: in a cell, clicks wait until it ends."""
        job = self._job
        return job is not None and job.in_place

    def start(
        self,
        steps: Callable[[], Iterator[Any]],
        *,
        on_progress: Callable[[Any], None] | None = None,
        on_end: Callable[[Outcome], None] | None = None,
    ) -> None:
        """Start long work: on a worker thread if an event loop runs in this thread, else in place.

        Parameters
        ----------
        steps : callable
            Makes the iterator of progress values. `cancel` takes effect between two values, and at the cancellation
            points that the engine passes in between.
        on_progress : callable, optional
            Receives progress values on the loop's thread, when they are put in `progress`.
        on_end : callable, optional
            Receives the `job.Outcome` on the loop's thread, before observers are notified that `busy` is False.
            `error` holds what the work raised.

        Raises
        ------
        InputTypeError
            If an argument cannot be called.
        RuntimeError
            If other work is under way.
        """
        for name, function in (("steps", steps), ("on_progress", on_progress), ("on_end", on_end)):
            if function is not None or name == "steps":
                check_callable(function, name)
        job = self._new_job(steps, on_progress, on_end)
        loop = running_loop()
        if loop is None:
            self._run(job)
        else:
            self._start(job, loop)

    def cancel(self) -> None:
        """Ask the work under way to stop; a fit keeps its best so far."""
        job = self._job
        if job is not None:
            job.cancel()

    def wait(self, timeout: float | None = None) -> bool:
        """Block until the work under way has ended and its results are in the traits.

        This works in a cell too: there it blocks the event loop, and sets the traits itself.

        Parameters
        ----------
        timeout : float, optional
            Maximum number of seconds to wait.

        Returns
        -------
        bool
            Whether the work has ended.

        Raises
        ------
        InputError
            If the timeout is negative or not a number.
        """
        if timeout is not None:
            seconds = as_float(timeout, "timeout")
            if not seconds >= 0:
                raise InputError("timeout", "must not be negative", got=str(seconds))
            timeout = min(seconds, threading.TIMEOUT_MAX)
        job = self._job
        if job is None:
            return True
        try:
            return job.wait(timeout)
        finally:
            if job.delivered:  # unless an interrupt has come between, this has been done
                self._release(job)

    @property
    def _job(self) -> Job | None:
        """The work under way."""
        return self._under_way.get("job")

    def _new_job(
        self,
        steps: Callable[[], Iterator[Any]],
        on_progress: Callable[[Any], None] | None,
        on_end: Callable[[Outcome], None] | None,
    ) -> Job:
        job = Job(steps, partial(self._show, on_progress), lambda outcome: self._finish(job, on_end, outcome))
        return job

    def _run(self, job: Job) -> Outcome:
        """Run a job in this thread; whatever interrupts it, and wherever, the session is not busy afterwards."""
        try:
            try:
                self._register(job)
                outcome = job.run()
            finally:
                self._release(job)
        finally:
            self._release(job)  # an interrupt can come just before the first one
        return outcome

    def _start(self, job: Job, loop: asyncio.AbstractEventLoop) -> None:
        """Start a job on a thread of its own; if an interrupt keeps it from starting, the session is not busy."""
        try:
            try:
                self._register(job)
                self._loop = loop
                job.start(loop)
            finally:
                if not job.started:
                    self._release(job)
        finally:
            if not job.started:
                self._release(job)

    def _register(self, job: Job) -> None:
        self.wait(0)  # the work before may have ended on a loop that no longer runs
        if self._under_way.setdefault("job", job) is not job:
            raise RuntimeError("work is under way: session.wait() waits for it, session.cancel() stops it")
        self.error = ""
        self.cancelled = False
        self.progress = None
        self.busy = True

    def _release(self, job: Job) -> None:
        """Forget a job that has not reported its end, as an interrupt or the error of an observer has ended it."""
        if self._job is job:
            job.cancel()
            try:
                self.busy = False
            finally:
                self._under_way.pop("job", None)

    def _show(self, on_progress: Callable[[Any], None] | None, value: Any) -> None:
        try:
            self.progress = value
            if on_progress is not None:
                on_progress(value)
        except Exception as error:  # noqa: BLE001  raised on an event loop, it would be shown nowhere
            self.error = error_sentence(error)

    def _finish(self, job: Job, on_end: Callable[[Outcome], None] | None, outcome: Outcome) -> None:
        try:
            # `busy` is notified first, so that Cancel is answered before charts are drawn.
            with self.hold_trait_notifications():
                if self._job is job:
                    self.busy = False
                    self._under_way.pop("job", None)
                self.cancelled = outcome.cancelled
                if outcome.error is not None:
                    self.error = error_sentence(outcome.error)
                if on_end is not None:
                    on_end(outcome)
        except Exception as error:  # noqa: BLE001
            self.error = error_sentence(error)
        finally:
            self._release(job)

    def _on_loop(self, callback: Callable[[], None]) -> None:
        """Call a function on the kernel's event loop if there is one, else here."""
        here = running_loop()
        if here is not None:
            self._loop = here
        elif self._loop is not None and self._loop.is_running():
            with suppress(RuntimeError):  # the loop has just been closed
                self._loop.call_soon_threadsafe(callback)
                return
        callback()
