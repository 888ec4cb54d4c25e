"""Answer a flood of events at a pace that page and kernel keep up with."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from typing import Any

from chinchilla_nb.work.job import running_loop

__all__ = ["Throttle"]


class Throttle:
    """Passes on the first of many events at once, then the latest of them at a steady pace, and always the last.

    Where no loop runs every event is passed on.

    Parameters
    ----------
    callback : callable
        Called with what `ask` was last given.
    seconds : float
        Between two calls.
    """

    def __init__(self, callback: Callable[..., None], seconds: float) -> None:
        self._callback, self._seconds = callback, seconds
        self._called_at = -math.inf
        self._latest: tuple[Any, ...] = ()
        self._timer: asyncio.TimerHandle | None = None

    def ask(self, *event: Any) -> None:
        """Call back with this event, unless a later one comes before its turn."""
        self._latest = event
        loop, wait = running_loop(), self._called_at + self._seconds - time.monotonic()
        if loop is None or (self._timer is None and wait <= 0):
            self._call()
        elif self._timer is None:
            self._timer = loop.call_later(wait, self._call)

    def _call(self) -> None:
        self._timer = None
        self._callback(*self._latest)
        self._called_at = time.monotonic()  # after the call, which may take longer than the pace
