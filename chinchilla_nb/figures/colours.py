"""Loss as colour: one scale for dots, curves and the colour bar."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.engine.runs import read_only
from chinchilla_nb.figures.ticks import round_apart

__all__ = ["PALETTE", "LossScale", "loss_scale"]

PALETTE = ("#0d0887", "#46039f", "#7201a8", "#9c179e", "#bd3786", "#d8576b", "#ed7953", "#fb9f3a", "#fdca26")
"""From the lowest loss to the highest: plasma (Smith and van der Walt, CC0) without its last yellow, which is invisible
on white. Lightness increases evenly, so that the colours can be told apart without seeing red or green."""


@dataclass(frozen=True, eq=False, slots=True)
class LossScale:
    """A map of losses to [0, 1], logarithmic in the excess over the lowest loss.

    Losses are dense near the lowest and have a long tail: on a linear scale nearly all runs would get the same colour.

    Attributes
    ----------
    low, high : float
        Losses that map to 0 and 1.
    softening : float
        Excess over the lowest loss up to which the scale is about linear; beyond it is logarithmic.
    ticks : ndarray
        Round losses spread over the colour bar, at ``normalise(ticks)``.
    tick_labels : tuple of str
    """

    low: float
    high: float
    softening: float
    ticks: NDArray[np.float64]
    tick_labels: tuple[str, ...]

    def normalise(self, loss: ArrayLike) -> NDArray[np.float64]:
        """Return the positions of losses on the scale, in [0, 1]; 0.5 if all losses are equal."""
        return _normalise(np.asarray(loss, dtype=float), self.low, self.high, self.softening)


def loss_scale(loss: ArrayLike) -> LossScale:
    """Return the scale for these losses; if they have a long tail, the median gets the middle colour."""
    loss = np.asarray(loss, dtype=float)
    if not loss.size:
        return LossScale(1.0, 1.0, 1.0, read_only(np.empty(0)), ())
    low, high = float(loss.min()), float(loss.max())
    span, median = high - low, float(np.median(loss)) - low
    # log(1 + median / s) is half of log(1 + span / s) at s = median^2 / (span - 2 median). Without a long tail this is
    # negative; a softening of many spans then makes the scale linear.
    softening = median * (median / (span - 2 * median)) if span > 2 * median else np.inf
    softening = float(np.clip(softening, 0.01 * span, 1000 * span)) or 1.0
    places = np.linspace(0, 1, 7)[1:-1]
    ticks = round_apart(low + softening * np.expm1(places * np.log1p(span / softening)))
    ticks = ticks[(ticks >= low) & (ticks <= high)]
    return LossScale(low, high, softening, read_only(ticks), tuple(f"{tick:.12g}" for tick in ticks))


def _normalise(loss: NDArray[np.float64], low: float, high: float, softening: float) -> NDArray[np.float64]:
    if high <= low:
        return np.full(loss.shape, 0.5)
    excess = np.clip(loss, low, high) - low
    return np.asarray(np.log1p(excess / softening) / np.log1p((high - low) / softening))
