"""Placement of the loss labels on iso-loss curves so that they cover nothing else."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["place_labels", "readable"]

Points = NDArray[np.float64]
"""Shape (n_points, 2), in fractions of the chart: (0, 0) to (1, 1) is inside."""

# Half a character, the padding of a label and half its height, half a dot and half a marker, as fractions of a chart of
# 190 by 256 pixels: charts on usual pages are no smaller, and on a larger chart labels cover a smaller part.
_SIZE = np.array([190.0, 256.0])
_HALF_CHARACTER, _END, _HALF_HEIGHT = 3.2 / 190, 2 / 190, 7 / 256
_DOT, _MARKER = 4 / _SIZE, 9 / _SIZE


def place_labels(
    curves: Sequence[Points], texts: Sequence[str], dots: Points, line: Points, markers: Points
) -> list[int | None]:
    """Choose the vertex of each curve at which to write its text; None where there is no room.

    Labels stay inside the chart and clear of each other, the dots and the line along which a marker moves, and clear of
    other curves if possible. If several curves have the same text, only one of them is labelled.

    Parameters
    ----------
    curves : sequence of ndarray, shape (n_vertices, 2)
        Vertices in fractions of the chart; they may lie outside it.
    texts : sequence of str
    dots, line, markers : ndarray, shape (n, 2)
        Centres of the runs, ends of the straight frontier, and centres of large markers; any may be empty.
    """
    # Three hundred runs show well enough where all of them are.
    dots, line = dots[:: max(1, len(dots) // 300)], _along(line)
    taken, taken_sizes = np.empty((0, 2)), np.empty((0, 2))
    at: list[int | None] = [None] * len(curves)
    for text in dict.fromkeys(texts):
        size = _size(text)
        best, best_room = None, 0.0
        for index in (i for i, other in enumerate(texts) if other == text):
            # Every other vertex is enough to choose from.
            sides = (np.minimum(curves[index], 1 - curves[index]) / size).min(axis=1) - 1
            vertices = np.flatnonzero(sides[::2] > 0) * 2
            if not len(vertices):
                continue
            spots = curves[index][vertices]
            others = np.concatenate([np.empty((0, 2)), *(c[::4] for i, c in enumerate(curves) if texts[i] != text)])
            room = np.min(
                [
                    sides[vertices],
                    _clearance(spots, dots, size + _DOT) - 1,
                    _clearance(spots, line, size + _MARKER) - 1,
                    _clearance(spots, markers, size + _MARKER) - 1,
                    _clearance(spots, taken, size + taken_sizes) - 1,
                    0.05 + _clearance(spots, others, size),
                    np.ones(len(spots)),
                ],
                axis=0,
            )
            if room.max() > best_room:
                best, best_room = (index, int(vertices[np.argmax(room)])), float(room.max())
        if best is not None:
            at[best[0]] = best[1]
            taken = np.append(taken, curves[best[0]][best[1]][None], axis=0)
            taken_sizes = np.append(taken_sizes, size[None], axis=0)
    return at


def readable(spots: Points, texts: Sequence[str], markers: Points) -> list[bool]:
    """Return which labels, written around these spots, large markers leave readable; all in fractions of the chart."""
    sizes = [_size(text) + _MARKER for text in texts]
    return [bool(_clearance(spot[None], markers, size)[0] >= 1) for spot, size in zip(spots, sizes, strict=True)]


def _size(text: str) -> Points:
    """Return half the width and half the height of a label."""
    return np.array([_HALF_CHARACTER * len(text) + _END, _HALF_HEIGHT])


def _along(ends: Points) -> Points:
    """Return points along the straight line between two ends; none if there is no line."""
    return ends[:1] + np.linspace(0, 1, 60)[:, None] * (ends[-1:] - ends[:1]) if len(ends) else ends


def _clearance(points: Points, others: Points, sizes: Points) -> NDArray[np.float64]:
    """Return the distance of each point to the nearest of the others, in units in which boxes just touch at 1.

    `sizes` are the sums of the half-widths and of the half-heights of the two boxes.
    """
    if not len(others):
        return np.full(len(points), np.inf)
    across, up = (np.abs(points[:, i, None] - others[:, i]) / sizes[..., i] for i in (0, 1))
    return np.asarray(np.maximum(across, up).min(axis=1))
