"""Estimate when the current stage will end, from its pace so far."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["RemainingTime"]

STEADY = 1.0
"""Seconds of a stage after which its pace is more than a guess."""


class RemainingTime:
    """The remaining time of work in stages, each with a number of steps.

    Parameters
    ----------
    clock : callable
        Returns seconds, which must never go backwards.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._stage, self._began, self._done = "", clock(), 0

    def add(self, stage: str, done: int) -> None:
        """Record how many steps of a stage are done."""
        if stage != self._stage:
            # Timed from the first report: before it, the stage may have been starting processes.
            self._stage, self._began, self._done = stage, self._clock(), done

    def remaining(self, stage: str, done: int, total: int) -> float | None:
        """Return the seconds until the stage ends, None while that would be a guess."""
        seconds, steps = self._clock() - self._began, done - self._done
        if stage != self._stage or steps < 1 or seconds < STEADY:
            return None
        return seconds / steps * (total - done)
