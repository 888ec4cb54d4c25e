"""Work that can be paused and stepped through, as states and transitions, independent of any widget."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any, Protocol

from traitlets import Any as AnyTrait
from traitlets import HasTraits, UseEnum

from chinchilla_nb.session import Session
from chinchilla_nb.work.job import Outcome

__all__ = ["Control", "Ending", "State"]


class State(Enum):
    """State of the work."""

    IDLE = "idle"
    RUNNING = "running"
    PAUSED = "paused"
    ENDED = "ended"


class Ending(Enum):
    """Why the work has ended."""

    FINISHED = "finished"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Progress(Protocol):
    """Progress of the work; the last value has ``done == total``."""

    @property
    def done(self) -> int:
        """Number of steps done."""

    @property
    def total(self) -> int:
        """Number of steps in all."""


class Control(HasTraits):
    """Start, pause, resume, cancel and single-step work.

    The iterator of the work outlives a pause: the session drains it from one pause to the next.

    Parameters
    ----------
    work : Session
        Drains the iterator, in the background if an event loop is running.
    step_ended : callable, optional
        Whether a progress value is the last one of its step; by default every value is.

    Attributes
    ----------
    state : State
    ending : Ending or None
        Why the work has ended; None while it has not. The error of a failure is in ``work.error``.
    latest : Progress or None
        The last progress reported, at most ten times a second; kept after the end.
    """

    state = UseEnum(State, State.IDLE)
    ending = UseEnum(Ending, None, allow_none=True)
    latest = AnyTrait(None, allow_none=True)

    def __init__(self, work: Session, step_ended: Callable[[Any], bool] = lambda _: True) -> None:
        super().__init__()
        self.work = work
        self._step_ended = step_ended
        self._steps: Iterator[Any] = iter(())
        self._pausing = self._cancelling = False

    def start(self, make: Callable[[], Iterator[Any]], *, single: bool = False) -> None:
        """Start the work.

        Parameters
        ----------
        make : callable
            Returns the iterator of `Progress`; called on the thread that drains it.
        single : bool, default False
            Pause after the first step.

        Raises
        ------
        RuntimeError
            If the work is running or paused, or the session is busy with other work.
        """
        self._require(State.IDLE, State.ENDED)
        self._steps = _lazily(make)
        self.latest = None
        self._run(single)

    def resume(self) -> None:
        """Continue after a pause.

        Raises
        ------
        RuntimeError
            If the work is not paused, or the session is busy with other work.
        """
        self._require(State.PAUSED)
        self._run(single=False)

    def step(self) -> None:
        """Do one more step after a pause, then pause again; raises the same errors as `resume`."""
        self._require(State.PAUSED)
        self._run(single=True)

    def pause(self) -> None:
        """Pause after the next progress value; does nothing unless the work is running."""
        # Not a cancellation, which would abort the current step: paused work must be able to continue.
        self._pausing = self.state is State.RUNNING

    def cancel(self) -> None:
        """End the work if it is paused, or a little later if it is running; otherwise do nothing."""
        if self.state is State.RUNNING:
            self._cancelling = True
            self.work.cancel()
        elif self.state is State.PAUSED:
            self._end(Ending.CANCELLED)

    def _require(self, *states: State) -> None:
        if self.state not in states:
            wanted = " or ".join(state.value for state in states)
            raise RuntimeError(f"the work must be {wanted} for this, but it is {self.state.value}")
        if self.work.busy:
            raise RuntimeError("other work is in progress: wait for it to end, or cancel it")

    def _run(self, single: bool) -> None:
        self._pausing = self._cancelling = False
        self._set_state(State.RUNNING)
        self.work.start(lambda: self._until_pause(single), on_progress=self._progressed, on_end=self._stopped)

    def _until_pause(self, single: bool) -> Iterator[Any]:
        """Yield from the iterator up to the next pause."""
        for value in self._steps:
            yield value
            if self._pausing or (single and self._step_ended(value)):
                return

    def _progressed(self, value: Any) -> None:
        self.latest = value

    def _stopped(self, outcome: Outcome) -> None:
        last = outcome.last
        if outcome.error is not None:
            self._end(Ending.FAILED)
        elif last is not None and last.done == last.total and self._step_ended(last):
            self._end(Ending.FINISHED)
        elif outcome.cancelled or self._cancelling:
            self._end(Ending.CANCELLED)
        else:
            self._set_state(State.PAUSED)

    def _end(self, ending: Ending) -> None:
        self._steps = iter(())
        self._set_state(State.ENDED, ending)

    def _set_state(self, state: State, ending: Ending | None = None) -> None:
        with self.hold_trait_notifications():  # so that no observer sees one without the other
            self.ending, self.state = ending, state


def _lazily(make: Callable[[], Iterator[Any]]) -> Iterator[Any]:
    """Create the iterator when its first value is requested, on the thread that requests it."""
    yield from make()
