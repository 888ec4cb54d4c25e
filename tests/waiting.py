"""Wait until something is true, in a thread or on an event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

__all__ = ["until", "wait_until"]

PAUSE = 0.05
"""Seconds between two looks at a condition in a thread; some conditions read all processes of the machine."""


def wait_until(condition: Callable[[], object], seconds: float) -> bool:
    """Return whether a condition comes true in some time."""
    end = time.monotonic() + seconds
    while not (true := condition()) and time.monotonic() < end:
        time.sleep(PAUSE)
    return bool(true)


async def until(condition: Callable[[], object], seconds: float = 120) -> None:
    """Let the event loop run until a condition is true; fail if it never is."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        await asyncio.sleep(0.005)
