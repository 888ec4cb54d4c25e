"""What callbacks of a panel raise is shown in the panel: Jupyter shows an exception of a callback in no cell."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import wraps
from typing import Any, Protocol, TypeVar, cast

__all__ = ["Guard", "Guarded", "guarded"]

Method = TypeVar("Method", bound=Callable[..., None])


class Guard:
    """Runs callbacks one at a time and tells what they raise.

    A panel makes one and hands it to the parts it is made of, so that no exception of theirs is lost.

    Parameters
    ----------
    report : callable
        Told the name of a callback and what it raised; None where it ended well.
    """

    def __init__(self, report: Callable[[str, Exception | None], None]) -> None:
        self._report = report
        # Callbacks run on whichever thread the kernel's version chose, and one may set off another.
        self.lock = threading.RLock()

    def run(self, name: str, callback: Callable[[], None]) -> None:
        """Call back, and report what is raised."""
        with self.lock:
            try:
                callback()
            except Exception as error:  # noqa: BLE001  # shown, whatever it is
                self._report(name, error)
            else:
                self._report(name, None)


class Guarded(Protocol):
    """A panel, or a part of one: whatever has a guard."""

    guard: Guard


def guarded(method: Method) -> Method:
    """Make a method of a panel, or of a part of one, a callback whose exceptions are shown in the panel."""

    @wraps(method)
    def call(self: Guarded, *args: Any, **kwargs: Any) -> None:
        self.guard.run(f"{type(self).__name__}.{method.__name__}", lambda: method(self, *args, **kwargs))

    return cast(Method, call)
