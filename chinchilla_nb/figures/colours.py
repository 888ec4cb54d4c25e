"""Loss as colour: one scale for dots, curves and the colour bar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.engine.runs import read_only
from chinchilla_nb.figures.ticks import round_apart
from chinchilla_nb.quantity import plain

__all__ = [
    "DARK_PALETTE",
    "LIGHT_PALETTE",
    "STEPS",
    "LossScale",
    "loss_scale",
    "loss_scale_between",
    "loss_steps",
    "steps_of",
]

LIGHT_PALETTE = ("#060e79", "#280999", "#4f01aa", "#7804a4", "#a0048f", "#c2126d", "#d53647", "#db582c", "#d87823")
DARK_PALETTE = ("#cbf4fe", "#afe5fd", "#a4d3fd", "#a4beff", "#b7a2fd", "#db7ce9", "#f15aa7", "#e54f5a", "#c05721")
"""Colours of losses on a light and on a dark page, from the lowest loss to the highest.

On both pages the hue goes from blue over magenta to orange. The lowest loss contrasts most with the page, the highest
by at least 3 to 1, as WCAG 2.1 asks of graphics. Lightness changes in even steps, so that the colours can be told apart
without seeing red or green. The colours are of equal steps of L* at hues of OKLCH from 266 to 56 and from 215 to 44.
"""

BAR_CHARACTER, BAR_GAP = 6.4 / 250, 12 / 250
"""Width of a character, and of the gap between two labels, as fractions of a colour bar of 250 pixels."""

STEPS = 32
"""Number of colours of losses: neighbours differ by less than a reader can tell from dots."""


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

    def labels(self) -> tuple[NDArray[np.float64], tuple[str, ...]]:
        """Return the positions in [0, 1] and the texts of labels of a colour bar: both ends, and ticks with room."""
        if self.high <= self.low:
            return np.array([0.5]), (plain(self.low, 4),)
        digits = int(np.clip(np.ceil(np.log10(max(abs(self.low), abs(self.high)) / (self.high - self.low))) + 2, 2, 12))
        chosen = [(0.0, plain(self.low, digits)), (1.0, plain(self.high, digits))]
        for place, label in zip(self.normalise(self.ticks).tolist(), self.tick_labels, strict=True):
            if all(abs(place - at) >= BAR_GAP + BAR_CHARACTER * (len(label) + len(text)) / 2 for at, text in chosen):
                chosen.append((place, label))
        places, texts = zip(*sorted(chosen), strict=True)
        return np.array(places), texts


def loss_scale(loss: ArrayLike) -> LossScale:
    """Return the scale for these losses; if they have a long tail, the median gets the middle colour."""
    loss = np.asarray(loss, dtype=float)
    if not loss.size:
        return LossScale(1.0, 1.0, 1.0, read_only(np.empty(0)), ())
    return loss_scale_between(float(loss.min()), float(np.median(loss)), float(loss.max()))


def loss_scale_between(low: float, median: float, high: float) -> LossScale:
    """Return the scale for losses of which these are the lowest, the median and the highest."""
    span, median = high - low, median - low
    # log(1 + median / s) is half of log(1 + span / s) at s = median^2 / (span - 2 median). Without a long tail this is
    # negative; a softening of many spans then makes the scale linear.
    softening = median * (median / (span - 2 * median)) if span > 2 * median else np.inf
    softening = float(np.clip(softening, 0.01 * span, 1000 * span)) or 1.0
    places = np.linspace(0, 1, 7)[1:-1]
    ticks = round_apart(low + softening * np.expm1(places * np.log1p(span / softening)))
    ticks = ticks[(ticks >= low) & (ticks <= high)]
    return LossScale(low, high, softening, read_only(ticks), tuple(plain(tick, 12) for tick in ticks))


def _normalise(loss: NDArray[np.float64], low: float, high: float, softening: float) -> NDArray[np.float64]:
    if high <= low:
        return np.full(loss.shape, 0.5)
    excess = np.clip(loss, low, high) - low
    return np.asarray(np.log1p(excess / softening) / np.log1p((high - low) / softening))


def steps_of(palette: Sequence[str]) -> tuple[str, ...]:
    """Return the `STEPS` colours of a palette, evenly spaced, as ``#rrggbb``."""
    ends = np.array([list(bytes.fromhex(colour[1:])) for colour in palette], dtype=float)
    places = np.linspace(0, len(palette) - 1, STEPS)
    mixed = np.stack([np.interp(places, np.arange(len(palette)), channel) for channel in ends.T], axis=1)
    return tuple(f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in mixed.round().astype(int).tolist())


def loss_steps(place: ArrayLike) -> NDArray[np.intp]:
    """Return the indices, in `steps_of` a palette, of the colours at positions on the loss scale in [0, 1]."""
    clipped = np.clip(np.asarray(place, dtype=float), 0, 1)
    return np.asarray(np.rint(clipped * (STEPS - 1)).astype(np.intp))
