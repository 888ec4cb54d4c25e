"""When the stage under way will end, told from its pace so far."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["RemainingTime"]

STEADY = 1.0
"""Seconds of a stage after which its pace is more than a guess."""


class RemainingTime:
    """Watches work that comes in stages, each of so many steps.

    Parameters
    ----------
    clock : callable
        Seconds that only go forward.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._stage, self._began, self._done = "", clock(), 0

    def add(self, stage: str, done: int) -> None:
        """Take up how many steps of a stage are done."""
        if stage != self._stage:
            # From here on: until the first report, the stage may have been getting ready.
            self._stage, self._began, self._done = stage, self._clock(), done

    def remaining(self, stage: str, done: int, total: int) -> float | None:
        """Seconds until the stage ends; None while that is a guess."""
        seconds, steps = self._clock() - self._began, done - self._done
        if stage != self._stage or steps < 1 or seconds < STEADY:
            return None
        return seconds / steps * (total - done)
