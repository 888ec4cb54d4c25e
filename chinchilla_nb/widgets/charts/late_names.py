"""Tooltips that are written after the rest of a chart.

The page redraws all dots of a mark when their tooltips change. Where nothing else of the dots has changed, as after
another fit to the same runs, this would only delay the curves that the user waits for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import bqplot
import numpy as np

from chinchilla_nb.figures import Polyline
from chinchilla_nb.widgets.charts.plots import set_dots
from chinchilla_nb.work.job import running_loop

__all__ = ["LateNames"]

SECONDS = 0.5
"""Longer than the page takes to draw the curves of another fit, and shorter than moving the pointer to a dot."""


class LateNames:
    """The tooltips of dots, as plain text, that wait to be written. Without a running event loop none waits."""

    def __init__(self) -> None:
        self._waiting: dict[bqplot.Scatter, Sequence[str]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def show(self, mark: bqplot.Scatter, dots: Polyline, names: Sequence[str], area: int) -> None:
        """Show dots without colours of their own; their tooltips are written late if only these change."""
        if np.array_equal(mark.x, dots.x) and np.array_equal(mark.y, dots.y) and mark.default_size == area:
            self.write(mark, names)
        else:
            self.forget(mark)
            set_dots(mark, dots, names, area=area)

    def write(self, mark: bqplot.Scatter, names: Sequence[str]) -> None:
        """Write the tooltips of all dots of a mark soon."""
        self._waiting[mark] = names
        loop = running_loop()
        if loop is None:
            self._write_all()
        elif self._timer is None:
            self._timer = loop.call_later(SECONDS, self._write_all)

    def forget(self, mark: bqplot.Scatter) -> None:
        """Drop the tooltips that wait for a mark, whose dots are others now."""
        self._waiting.pop(mark, None)

    def _write_all(self) -> None:
        self._timer = None
        waiting, self._waiting = self._waiting, {}
        for mark, names in waiting.items():
            if ([] if mark.names is None else list(mark.names)) != list(names):
                mark.names = np.array(names, dtype=str)
