"""Where long work lets itself be stopped: between two evaluations of an objective, not only between two results.

A minimisation inside SciPy cannot be an iterator. Whoever runs one on a thread says how to ask whether to go on, and
the engine asks at every evaluation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["Cancelled", "cancellation_point", "cancellable"]

_asked: ContextVar[Callable[[], bool] | None] = ContextVar("chinchilla_nb_asked_to_stop", default=None)


class Cancelled(Exception):
    """The work was asked to stop, and has: no error."""


@contextmanager
def cancellable(asked: Callable[[], bool]) -> Iterator[None]:
    """Let work in this block, on this thread, be stopped once ``asked()`` is true."""
    token = _asked.set(asked)
    try:
        yield
    finally:
        _asked.reset(token)


def cancellation_point() -> None:
    """Go on, unless the work was asked to stop.

    Raises
    ------
    Cancelled
        If it was.
    """
    asked = _asked.get()
    if asked is not None and asked():
        raise Cancelled
