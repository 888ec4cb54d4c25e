"""A curve of the best objective while a fit runs, with the elapsed and remaining time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from chinchilla_nb.engine.fitting.fit import FitProgress
from chinchilla_nb.quantity import plain
from chinchilla_nb.work.remaining import RemainingTime

__all__ = ["ProgressCurve"]

LONG_ENOUGH = 0.7
"""Seconds after which the curve of a fit is shown: nobody could read that of a shorter fit."""
_WIDTH, _HEIGHT = 220, 44
_MOST = 200


class ProgressCurve:
    """Records the progress of one fit.

    Parameters
    ----------
    clock : callable
        Returns seconds, which must never go backwards.

    Attributes
    ----------
    points : list of tuple of float
        Seconds since the start and the best objective by then, at every improvement.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._started = clock()
        self._pace = RemainingTime(clock)
        self._ended: float | None = None
        self.points: list[tuple[float, float]] = []

    @property
    def elapsed(self) -> float:
        """Seconds since the fit began, or its duration once it has ended."""
        return (self._clock() if self._ended is None else self._ended) - self._started

    def add(self, progress: FitProgress) -> None:
        """Record a progress value."""
        self._pace.add(progress.stage, progress.done)
        if progress.best is None or not math.isfinite(progress.best.objective):
            return
        objective = progress.best.objective
        if not self.points or objective < self.points[-1][1]:
            self.points.append((self.elapsed, objective))
            if len(self.points) > _MOST:
                self.points = [*self.points[:-1:2], self.points[-1]]

    def end(self) -> None:
        """Stop the clock."""
        self._ended = self._clock()

    def remaining(self, progress: FitProgress) -> float | None:
        """Return the seconds until this stage ends, None while that would be a guess."""
        return self._pace.remaining(progress.stage, progress.done, progress.total)

    def html(self) -> str:
        """Return the curve as HTML; empty before it could be read."""
        if not self.points or self.elapsed < LONG_ENOUGH:
            return ""
        low, high = (math.log(max(self.points[i][1], 1e-300)) for i in (-1, 0))
        span = high - low or 1.0

        def place(seconds: float, objective: float) -> tuple[float, float]:
            fall = (high - math.log(max(objective, 1e-300))) / span
            return 3 + (_WIDTH - 10) * seconds / self.elapsed, 4 + (_HEIGHT - 8) * fall

        steps = [place(*self.points[0])]
        for before, after in zip(self.points, self.points[1:], strict=False):
            steps += [place(after[0], before[1]), place(*after)]
        steps.append(place(self.elapsed, self.points[-1][1]))
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in steps)
        x, y = steps[-1]
        return (
            f'<div class="cnb-curve"><svg width="{_WIDTH}" height="{_HEIGHT}" role="img" aria-label="Best objective '
            f'so far"><polyline points="{path}" fill="none" stroke="var(--cnb-accent)" stroke-width="2"/>'
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="var(--cnb-accent)"/></svg>'
            f'<span class="cnb-muted">Best objective so far<br><b>{plain(self.points[-1][1], 4)}</b> per run, from '
            f"{plain(self.points[0][1], 4)}</span></div>"
        )
