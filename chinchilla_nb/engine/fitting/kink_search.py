"""Kinks of a loss that is known only by its values: where they are in the residual of each run, and their jumps.

On each side of a kink the loss is smooth. Cells of a table across which the slope jumps, compared with the cells beside
them, are narrowed down; then the branches on both sides are continued until they intersect.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Kinks", "NotPiecewiseSmooth", "find_kinks"]

Array = NDArray[Any]

BLOCK = 1024
"""Runs whose tables are examined together, so that what is computed from them stays small."""
MOST_KINKS = 4
"""Most kinks of one run."""
JUMP, LEAST_JUMP = 1.5, 1e-6
"""A cell may hold a kink if its jump is so many times those of the cells beside it, and at least this share of the
largest slope."""
CELLS = 8
"""Cells that a bracket is divided into."""
NARROWINGS = 8
"""Times that a bracket is divided; each time it becomes 3 / 8 as wide."""
KINK, STEP = 0.95, 1.3
"""Ratio of jumps in successive brackets from which a jump is a kink (it keeps its size), and a step (it grows)."""
AT_ZERO = 1e-12
"""Distance from zero, relative to the measured loss, below which a kink is at zero."""


class NotPiecewiseSmooth(Exception):
    """The loss has steps, or is too noisy for derivatives."""


@dataclass(frozen=True, eq=False, slots=True)
class Kinks:
    """Kinks in the residuals of runs: the part of a loss that is a sum of half |r - at|.

    Attributes
    ----------
    at, half : ndarray, shape (n_runs, n_kinks)
        Positions, and half of the jump of the slope; a run with fewer kinks has jumps of zero.
    """

    at: Array
    half: Array

    def take(self, which: Array) -> Kinks:
        """Return the kinks of some of the runs."""
        return Kinks(self.at[which], self.half[which])

    def value(self, r: Array) -> Array:
        """Return the sum of half |r - at|, shape of r."""
        value = np.zeros_like(r)
        for at, half in zip(self.at.T, self.half.T, strict=True):
            value += half * np.abs(r - at)
        return value

    def derivatives(self, r: Array, width: float) -> tuple[Array, Array, Array]:
        """Return value, slope and curvature, averaged over residuals from r - width to r + width."""
        value, slope, curvature = np.zeros_like(r), np.zeros_like(r), np.zeros_like(r)
        for at, half in zip(self.at.T, self.half.T, strict=True):
            x = r - at
            far = np.abs(x)
            if width == 0:
                value += half * far
                slope += half * np.sign(x)
                continue
            inside = far < width
            value += half * np.where(inside, (x * x + width * width) / (2 * width), far)
            slope += half * np.clip(x / width, -1, 1)
            curvature += half * inside / width
        return value, slope, curvature

    def distance(self, r: Array) -> Array:
        """Return the distance of each residual from its nearest convex kink, with sign; infinity without one."""
        nearest = np.full(r.shape, np.inf, dtype=r.dtype)
        for at, half in zip(self.at.T, self.half.T, strict=True):
            x = np.where(half > 0, r - at, np.inf)
            nearest = np.where(np.abs(x) < np.abs(nearest), x, nearest)
        return nearest

    def branches(self, r: Array, which: Array, slope: Callable[[Array], Array]) -> tuple[Array, Array]:
        """Return the slopes of a loss below and above the nearest kinks of some runs, from its slopes elsewhere."""
        distance = self.distance(r)
        # At a kink, the slope is the mean of those of both branches.
        mean, half = slope(np.where(np.isfinite(distance), r - distance, r))[which], self._half_jump(r)[which]
        return mean - half, mean + half

    def _half_jump(self, r: Array) -> Array:
        """Return half of the jump at the nearest convex kink of each residual."""
        nearest, found = np.full(r.shape, np.inf, dtype=r.dtype), np.zeros(r.shape)
        for at, half in zip(self.at.T, self.half.T, strict=True):
            x = np.where(half > 0, np.abs(r - at), np.inf)
            found = np.where(x < nearest, half, found)
            nearest = np.minimum(x, nearest)
        return found


def find_kinks(
    loss: Callable[[Array], Array], nodes: Array, values: Array, size: Array
) -> Generator[float, None, Kinks]:
    """Find the kinks of a loss, yielding the share of the brackets that are done.

    Parameters
    ----------
    loss : callable
        Maps a residual per run to a loss per run.
    nodes, values : ndarray, shape (n_runs, n_nodes)
        Residuals in ascending order and their losses.
    size : ndarray, shape (n_runs,)
        Measured losses, in the units of the residuals.

    Raises
    ------
    NotPiecewiseSmooth
        If the loss has steps.
    """
    blocks = [slice(first, first + BLOCK) for first in range(0, len(nodes), BLOCK)]
    ends = np.concatenate([_candidates(nodes[block], values[block]) for block in blocks], axis=1)
    low, high = ends[..., ends.any(axis=(0, 1))]
    at, half = np.zeros(low.shape), np.zeros(low.shape)
    for slot in range(low.shape[1]):
        a, b = low[:, slot], high[:, slot]
        jumps = []
        for _ in range(NARROWINGS):
            a, b, jump = _narrow(loss, a, b)
            jumps.append(jump)
            yield (slot + len(jumps) / NARROWINGS) / low.shape[1]
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.nan_to_num(np.abs(jumps[-1] / jumps[-3]) ** 0.5)
        if (ratio > STEP).any():
            raise NotPiecewiseSmooth
        found = ratio > KINK
        at[:, slot], half[:, slot] = _intersection(loss, a, b)
        at[np.abs(at[:, slot]) <= AT_ZERO * size, slot] = 0.0
        half[~found, slot] = 0.0
    used = half.any(axis=0)
    return Kinks(at[:, used], half[:, used])


def _candidates(nodes: Array, values: Array) -> Array:
    """Return the ends of brackets that may hold kinks, shape (2, n_runs, MOST_KINKS); empty brackets are at zero."""
    with np.errstate(invalid="ignore"):
        slope = np.diff(values) / np.diff(nodes)
        slope[~np.isfinite(slope)] = np.nan
        jump = np.diff(slope)  # at the inner nodes
        here = np.abs(jump[:, 1:-2] + jump[:, 2:-1])
        beside = np.abs(jump[:, :-3]) + np.abs(jump[:, 3:])
        near = slope[:, 1:-1]
        typical = np.maximum(np.abs(near[:, 1:-1]), np.abs(near[:, 2:]))
        score = np.where(here > JUMP * beside + LEAST_JUMP * typical, here - beside, 0.0)
    score = np.nan_to_num(score)
    ends = np.zeros((2, len(nodes), MOST_KINKS))
    rows = np.arange(len(nodes))
    for slot in range(MOST_KINKS):
        cell = score.argmax(axis=1)
        found = score[rows, cell] > 0
        if not found.any():
            break
        ends[:, :, slot] = [np.where(found, nodes[rows, cell + shift], 0.0) for shift in (1, 4)]
        for shift in range(-3, 4):
            score[rows, np.clip(cell + shift, 0, score.shape[1] - 1)] = 0.0
    return ends


def _narrow(loss: Callable[[Array], Array], a: Array, b: Array) -> tuple[Array, Array, Array]:
    """Return the third of a bracket across which the slope jumps most, and the jump."""
    width = (b - a) / CELLS
    values = np.array([loss(a + width * index) for index in range(CELLS + 1)])
    with np.errstate(divide="ignore", invalid="ignore"):
        jump = np.nan_to_num(np.diff(values, 2, axis=0) / width)
    both = jump[:-1] + jump[1:]
    most = np.abs(both).argmax(axis=0)
    return a + width * most, a + width * (most + 3), both[most, np.arange(len(a))]


def _intersection(loss: Callable[[Array], Array], a: Array, b: Array) -> tuple[Array, Array]:
    """Return where the branches left and right of a bracket intersect, and half of the jump of the slope there."""
    width = b - a
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        left = _parabola(loss(a), loss(a - width), loss(a - 2 * width), -width)
        right = _parabola(loss(b), loss(b + width), loss(b + 2 * width), width)
        at = (a + b) / 2
        for _ in range(4):
            gap = _polynomial(right, at - b) - _polynomial(left, at - a)
            jump = right[1] + 2 * right[2] * (at - b) - left[1] - 2 * left[2] * (at - a)
            at = np.clip(np.nan_to_num(at - gap / jump), a, b)
    return at, np.nan_to_num(jump / 2)


def _parabola(first: Array, second: Array, third: Array, step: Array) -> tuple[Array, Array, Array]:
    curvature = (third - 2 * second + first) / step**2
    return first, (second - first) / step - curvature * step / 2, curvature / 2


def _polynomial(coefficients: tuple[Array, Array, Array], x: Array) -> Array:
    constant, slope, half_curvature = coefficients
    return np.asarray(constant + x * (slope + x * half_curvature))
