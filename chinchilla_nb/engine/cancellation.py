"""Cancellation points: long work can be stopped between two evaluations of an objective, not only between two results.

A minimisation inside SciPy cannot be an iterator. Code that runs one on a thread gives a function that tells whether to
stop, and the engine calls it at every evaluation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["Cancelled", "cancellation_point", "cancellable"]

_asked: ContextVar[Callable[[], bool] | None] = ContextVar("chinchilla_nb_asked_to_stop", default=None)


class Cancelled(Exception):
    """The work was asked to stop and has stopped; this is not an error."""


@contextmanager
def cancellable(asked: Callable[[], bool]) -> Iterator[None]:
    """Stop work in this block, on this thread, once ``asked()`` returns true."""
    token = _asked.set(asked)
    try:
        yield
    finally:
        _asked.reset(token)


def cancellation_point() -> None:
    """Raise `Cancelled` if the work was asked to stop.

    Raises
    ------
    Cancelled
        If the function given to `cancellable` returns true.
    """
    asked = _asked.get()
    if asked is not None and asked():
        raise Cancelled
