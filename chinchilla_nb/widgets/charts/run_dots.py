"""Runs as dots coloured by loss, with the latest in a separate mark, so that an append redraws few dots.

The page redraws all dots of a mark when anything in that mark changes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.figures import LATEST, Polyline
from chinchilla_nb.widgets.charts.plots import Frame, dot_area, set_dots

__all__ = ["RunDots"]

SAME_COLOUR = 0.01
"""A fraction of the loss scale too small to see. Every append shifts the middle of the scale a little."""


class RunDots:
    """Two marks that look the same.

    Attributes
    ----------
    settled, latest : bqplot.Scatter
        Most of the runs, and those added since these were drawn.
    """

    def __init__(self, frame: Frame) -> None:
        self.settled, self.latest = frame.runs(), frame.runs()
        self._colour = np.empty(0)  # of the settled runs

    def show(self, dots: Polyline, labels: Sequence[str], colour: NDArray[np.float64]) -> None:
        """Show runs with their tooltips, coloured by their positions on the loss scale."""
        count = len(self.settled.x)
        if not self._stays(dots, labels, colour):
            count, self._colour = len(dots), colour
            set_dots(self.settled, dots, labels, colour)
        set_dots(self.latest, Polyline(dots.x[count:], dots.y[count:]), labels[count:], colour[count:], len(dots))

    def _stays(self, dots: Polyline, labels: Sequence[str], colour: NDArray[np.float64]) -> bool:
        """Whether the settled runs still come first, unchanged, and few others follow."""
        mark, count = self.settled, len(self.settled.x)
        return (
            0 < count <= len(dots) <= count + LATEST
            and mark.default_size == dot_area(len(dots))
            and np.array_equal(mark.x, dots.x[:count])
            and np.array_equal(mark.y, dots.y[:count])
            and list(mark.names) == list(labels[:count])
            and np.allclose(self._colour, colour[:count], rtol=0, atol=SAME_COLOUR)
        )
