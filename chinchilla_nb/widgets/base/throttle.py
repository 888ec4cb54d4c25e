"""Limit the rate of events to what the page and the kernel can keep up with."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from typing import Any

from chinchilla_nb.work.job import running_loop

__all__ = ["Throttle"]


class Throttle:
    """Pass on the first event immediately, then the latest one at regular intervals, and always the last one.

    Without a running event loop every event is passed on.

    Parameters
    ----------
    callback : callable
        Called with the latest event.
    seconds : float
        Interval between two calls.
    """

    def __init__(self, callback: Callable[..., None], seconds: float) -> None:
        self._callback, self._seconds = callback, seconds
        self._called_at = -math.inf
        self._latest: tuple[Any, ...] = ()
        self._timer: asyncio.TimerHandle | None = None

    def submit(self, *event: Any) -> None:
        """Pass on this event now or later, unless a newer one replaces it first."""
        self._latest = event
        loop, wait = running_loop(), self._called_at + self._seconds - time.monotonic()
        if loop is None or (self._timer is None and wait <= 0):
            self._call()
        elif self._timer is None:
            self._timer = loop.call_later(wait, self._call)

    def _call(self) -> None:
        self._timer = None
        self._callback(*self._latest)
        self._called_at = time.monotonic()  # after the call, which may take longer than the interval
