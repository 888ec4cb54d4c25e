"""Answer a flood of events at a pace that page and kernel keep up with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from chinchilla_nb.work.job import running_loop

__all__ = ["Throttle"]


class Throttle:
    """Calls back soon after it was asked to, once for all that was asked for meanwhile; at once where no loop runs.

    Parameters
    ----------
    callback : callable
    seconds : float
        How soon.
    """

    def __init__(self, callback: Callable[[], None], seconds: float) -> None:
        self._callback, self._seconds = callback, seconds
        self._timer: asyncio.TimerHandle | None = None

    def ask(self) -> None:
        """Call back, but not more often than at the pace."""
        loop = running_loop()
        if loop is None:
            self._callback()
        elif self._timer is None:
            self._timer = loop.call_later(self._seconds, self._call)

    def _call(self) -> None:
        self._timer = None
        self._callback()
