"""Runs as dots coloured by loss, the latest drawn apart: an append redraws few dots, however many lie there.

A page draws every dot of a mark anew when anything of that mark has changed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.figures import LATEST, Polyline
from chinchilla_nb.widgets.charts.plots import Frame, set_dots, size_of

__all__ = ["RunDots"]

SAME_COLOUR = 0.01
"""Of the loss scale: what nobody sees. Every append moves the scale's middle a little."""


class RunDots:
    """Two marks that look alike.

    Attributes
    ----------
    settled, latest : bqplot.Scatter
        The runs, and those that came since.
    """

    def __init__(self, frame: Frame) -> None:
        self.settled, self.latest = frame.runs(), frame.runs()

    def show(self, dots: Polyline, labels: Sequence[str], colour: NDArray[np.float64]) -> None:
        """Show runs with what hovering says of each, coloured by their places on the loss scale."""
        count = len(self.settled.x)
        if not self._stays(dots, labels, colour):
            count = len(dots)
            set_dots(self.settled, dots, labels, colour)
        set_dots(self.latest, Polyline(dots.x[count:], dots.y[count:]), labels[count:], colour[count:], len(dots))

    def _stays(self, dots: Polyline, labels: Sequence[str], colour: NDArray[np.float64]) -> bool:
        """Whether the settled runs are still there, first and as they were, and few others."""
        mark, count = self.settled, len(self.settled.x)
        return (
            0 < count <= len(dots) <= count + LATEST
            and mark.default_size == size_of(len(dots))
            and np.array_equal(mark.x, dots.x[:count])
            and np.array_equal(mark.y, dots.y[:count])
            and list(mark.names) == list(labels[:count])
            and np.allclose(mark.color, colour[:count], rtol=0, atol=SAME_COLOUR)
        )
