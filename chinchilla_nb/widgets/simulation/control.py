"""Work that can be paused and stepped through, as states and what leads from one to another; no widget."""

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
    """Where the work stands."""

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
    """How far the work is; the last value has ``done == total``."""

    @property
    def done(self) -> int:
        """Steps made."""

    @property
    def total(self) -> int:
        """Steps to make."""


class Control(HasTraits):
    """Starts, pauses, resumes and cancels work, and makes single steps of it.

    The iterator of the work outlives a pause: the session drains it piece by piece.

    Parameters
    ----------
    work : Session
        Drains the iterator, in the background where an event loop runs.
    step_ended : callable, optional
        Whether a progress value is the last one of its step; by default every one is.

    Attributes
    ----------
    state : State
    ending : Ending or None
        Why the work has ended; None while ``state`` is not ``State.ENDED``. What a failure was is in ``work.error``.
    latest : Progress or None
        What the work last reported, at most ten times a second; kept after the end.
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
        """Begin.

        Parameters
        ----------
        make : callable
            Makes the iterator of `Progress`; called where that is drained.
        single : bool, default False
            Pause after the first step.

        Raises
        ------
        RuntimeError
            If this work is running or paused, or the session is busy with other work.
        """
        self._demand(State.IDLE, State.ENDED)
        self._steps = _on_demand(make)
        self.latest = None
        self._go(single)

    def resume(self) -> None:
        """Go on after a pause.

        Raises
        ------
        RuntimeError
            If the work is not paused, or the session is busy with other work.
        """
        self._demand(State.PAUSED)
        self._go(single=False)

    def step(self) -> None:
        """Make one more step after a pause, and pause again; raises as `resume` does."""
        self._demand(State.PAUSED)
        self._go(single=True)

    def pause(self) -> None:
        """Stop after the next progress value; nothing happens unless the work is running."""
        # Not a cancellation, which breaks off what is under way: this is to go on.
        self._pausing = self.state is State.RUNNING

    def cancel(self) -> None:
        """End the work; nothing happens unless it is running, which ends a little later, or paused."""
        if self.state is State.RUNNING:
            self._cancelling = True
            self.work.cancel()
        elif self.state is State.PAUSED:
            self._end(Ending.CANCELLED)

    def _demand(self, *states: State) -> None:
        if self.state not in states:
            wanted = " or ".join(state.value for state in states)
            raise RuntimeError(f"the work must be {wanted} for that, and is {self.state.value}")
        if self.work.busy:
            raise RuntimeError("other work is under way: wait for its end, or cancel it")

    def _go(self, single: bool) -> None:
        self._pausing = self._cancelling = False
        self._become(State.RUNNING)
        self.work.start(lambda: self._piece(single), on_progress=self._progressed, on_end=self._piece_ended)

    def _piece(self, single: bool) -> Iterator[Any]:
        """Drain the iterator up to the next pause."""
        for value in self._steps:
            yield value
            if self._pausing or (single and self._step_ended(value)):
                return

    def _progressed(self, value: Any) -> None:
        self.latest = value

    def _piece_ended(self, outcome: Outcome) -> None:
        last = outcome.last
        if outcome.error is not None:
            self._end(Ending.FAILED)
        elif last is not None and last.done == last.total and self._step_ended(last):
            self._end(Ending.FINISHED)
        elif outcome.cancelled or self._cancelling:
            self._end(Ending.CANCELLED)
        else:
            self._become(State.PAUSED)

    def _end(self, ending: Ending) -> None:
        self._steps = iter(())
        self._become(State.ENDED, ending)

    def _become(self, state: State, ending: Ending | None = None) -> None:
        with self.hold_trait_notifications():  # so that no observer sees one without the other
            self.ending, self.state = ending, state


def _on_demand(make: Callable[[], Iterator[Any]]) -> Iterator[Any]:
    """Make an iterator when its first value is wanted, where that is wanted."""
    yield from make()
