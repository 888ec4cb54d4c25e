"""A job: an iterator of progress values, drained on its own thread or in place."""

from __future__ import annotations

import asyncio
import contextvars
import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Event, Thread, get_ident
from typing import Any

from chinchilla_nb.engine.cancellation import Cancelled, cancellable

__all__ = ["Job", "Outcome", "error_sentence", "running_loop"]

PERIOD = 0.1
"""Seconds between two reports: a browser that receives thousands of messages a second never catches up."""
WAY, WAY_PERIOD = 5e-5, 2e-3
"""Seconds for which background work releases the interpreter, and how long it works in between. Without that, a thread
that needs it waits for 5 ms, for every message that it sends to the page."""


@dataclass(frozen=True, eq=False, slots=True)
class Outcome:
    """How a job ended.

    Attributes
    ----------
    last : object
        The last value of the iterator, None if there was none.
    cancelled : bool
        Whether it was stopped before its end.
    error : Exception or None
        What it raised.
    """

    last: Any
    cancelled: bool
    error: Exception | None


class Job:
    """Drains an iterator and reports its values, at most ten a second and always the last one.

    Parameters
    ----------
    steps : callable
        Makes the iterator, which is made, drained and closed on the same thread.
    on_progress : callable
        Receives a progress value.
    on_end : callable
        Receives the `Outcome`, once, after the last progress value.
    background : bool
        Whether nobody waits for the work, so that it makes way for the event loop: threads share one interpreter.

    Notes
    -----
    After `start`, both callbacks run on the event loop that was running in the calling thread. If that loop is closed
    before the work ends, they run on the worker thread, so that no result is ever lost.
    """

    def __init__(
        self,
        steps: Callable[[], Iterator[Any]],
        on_progress: Callable[[Any], None],
        on_end: Callable[[Outcome], None],
        background: bool = False,
    ) -> None:
        self._steps = steps
        self._on_progress = on_progress
        self._on_end = on_end
        self._background = background
        self._made_way_at = -math.inf
        self._cancel = Event()
        self._ended = Event()
        self._delivered = Event()
        # The worker fills these and the loop empties them, each in one step: an interrupt could break a lock.
        self._unseen: deque[Any] = deque(maxlen=1)  # the latest value that was not reported yet
        self._outcome: deque[Outcome] = deque(maxlen=1)
        self._reporters: dict[str, object] = {}  # who has reported the end
        self._posted = False
        self._reported_at = -math.inf
        self._last: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: Thread | None = None
        self._inline: int | None = None  # the thread of work that is drained in place

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Drain on a daemon thread and report to `loop`."""
        self._loop = loop
        context = contextvars.copy_context()  # so that what callbacks print lands in the cell that started the work
        self._thread = Thread(target=context.run, args=(self._work,), name="chinchilla_nb job", daemon=True)
        self._thread.start()

    def run(self) -> Outcome:
        """Drain in this thread, report in place, and return the outcome.

        KeyboardInterrupt passes through, after the iterator is closed and `on_end` has received a cancelled outcome.
        """
        self._inline = get_ident()
        outcome = Outcome(None, True, None)
        try:
            try:
                outcome = self._drain()
            except BaseException:
                outcome = Outcome(self._last, True, None)
                raise
            finally:
                self._end(outcome)
        finally:
            if not self._delivered.is_set():  # an interrupt came before the end was reported
                self._end(outcome)
        return outcome

    @property
    def delivered(self) -> bool:
        """Whether its end has been reported."""
        return self._delivered.is_set()

    @property
    def started(self) -> bool:
        """Whether a thread of its own drains it, or has drained it."""
        return self._thread is not None and self._thread.ident is not None

    @property
    def in_place(self) -> bool:
        """Whether the work is drained in the thread that started it."""
        return self._inline is not None

    def cancel(self) -> None:
        """Ask the work to stop before its next step, or at a cancellation point of the engine within a step."""
        self._cancel.set()

    def wait(self, timeout: float | None = None) -> bool:
        """Block until the work has ended and its callbacks have run; return whether they have.

        If called on the event loop that receives the reports, which this blocks, it delivers them itself.
        """
        end = math.inf if timeout is None else time.monotonic() + timeout
        while self._inline != get_ident():  # a job drained on this very stack cannot be waited for
            mine = self._inline is None and self._may_deliver()
            if mine:
                self._deliver()
            left = min(PERIOD, end - time.monotonic())
            if self._delivered.is_set() or left <= 0:
                break
            (self._ended if mine and not self._ended.is_set() else self._delivered).wait(left)
        return self._delivered.is_set()

    def _may_deliver(self) -> bool:
        """Return whether callbacks may run in this thread: their event loop is here, or is not running."""
        return self._loop is None or self._loop is running_loop() or not self._loop.is_running()

    def _work(self) -> None:
        try:
            outcome = self._drain()
        except BaseException as error:  # noqa: BLE001  a SystemExit on this thread must not leave the session busy forever
            outcome = Outcome(self._last, False, RuntimeError(f"the work was ended by {error!r}"))
        self._end(outcome)

    def _drain(self) -> Outcome:
        steps: Iterator[Any] = iter(())
        try:
            with cancellable(self._asked_to_stop):
                steps = iter(self._steps())
                while not self._cancel.is_set():
                    try:
                        self._last = next(steps)
                    except StopIteration:
                        return Outcome(self._last, False, None)
                    self._report(self._last)
            return Outcome(self._last, True, None)
        except Cancelled:
            return Outcome(self._last, True, None)
        except Exception as error:  # noqa: BLE001  whatever the work raises is reported
            return Outcome(self._last, False, error)
        finally:
            close = getattr(steps, "close", None)
            if close is not None:
                close()

    def _asked_to_stop(self) -> bool:
        if self._background and time.monotonic() > self._made_way_at + WAY_PERIOD:
            time.sleep(WAY)
            self._made_way_at = time.monotonic()
        return self._cancel.is_set()

    def _report(self, value: Any) -> None:
        self._unseen.append(value)
        delay = max(0.0, self._reported_at + PERIOD - time.monotonic())
        if self._posted or (self._loop is None and delay):
            return
        self._posted = True
        if self._loop is None:
            self._deliver()
        else:
            self._post(lambda loop: loop.call_later(delay, self._deliver))

    def _end(self, outcome: Outcome) -> None:
        self._outcome.append(outcome)
        self._ended.set()
        if self._loop is None:
            self._deliver()
        else:
            self._post(lambda _: self._deliver())

    def _post(self, call: Callable[[asyncio.AbstractEventLoop], Any]) -> None:
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(call, self._loop)
        except RuntimeError:  # the loop is closed, and nothing else will deliver the report
            self._deliver()

    def _deliver(self) -> None:
        self._posted = False  # first, so that a value which arrives from here on is posted
        self._reported_at = time.monotonic()
        ended = bool(self._outcome)  # before the values, so that the last one is among them
        try:
            value = self._unseen.pop()
        except IndexError:
            pass
        else:
            self._on_progress(value)
        if not ended:
            return
        me = object()
        try:
            if self._reporters.setdefault("end", me) is me:
                self._on_end(self._outcome[0])
        finally:
            if self._reporters.get("end") is me:
                self._delivered.set()


def running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the event loop that runs in this thread, None if there is none."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def error_sentence(error: Exception) -> str:
    """Return one sentence that says what went wrong."""
    text = str(error)
    return (
        text if text and isinstance(error, (ValueError, OSError, RuntimeError)) else f"{type(error).__name__}: {text}"
    )
