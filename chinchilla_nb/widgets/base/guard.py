"""Show the exceptions of callbacks in their panel: Jupyter itself does not show them in any cell."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import wraps
from typing import Any, Protocol, TypeVar, cast

__all__ = ["Guard", "Guarded", "guarded"]

Method = TypeVar("Method", bound=Callable[..., None])


class Guard:
    """Run callbacks one at a time and report their exceptions.

    A panel creates one guard and passes it to its parts, so that none of their exceptions is lost.

    Parameters
    ----------
    report : callable
        Called with the name of a callback and the exception it raised, or None if it succeeded.
    """

    def __init__(self, report: Callable[[str, Exception | None], None]) -> None:
        self._report = report
        # Which thread runs a callback depends on the version of the kernel, and one callback may trigger another.
        self.lock = threading.RLock()

    def run(self, name: str, callback: Callable[[], None]) -> None:
        """Run a callback and report its outcome."""
        with self.lock:
            try:
                callback()
            except Exception as error:  # noqa: BLE001  # every exception is shown
                self._report(name, error)
            else:
                self._report(name, None)


class Guarded(Protocol):
    """Anything with a guard: a panel, or a part of one."""

    guard: Guard


def guarded(method: Method) -> Method:
    """Turn a method of a panel, or of a part of one, into a callback whose exceptions the panel shows."""

    @wraps(method)
    def call(self: Guarded, *args: Any, **kwargs: Any) -> None:
        self.guard.run(f"{type(self).__name__}.{method.__name__}", lambda: method(self, *args, **kwargs))

    return cast(Method, call)
