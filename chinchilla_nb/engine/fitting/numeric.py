"""An elementwise loss with numeric derivatives of fourth order, to finish a fit as exactly as its values allow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.fitting.kink_search import Kinks

__all__ = ["NumericLoss", "refined_kinks"]

Array = NDArray[Any]

REDUCTION = 100.0
"""Factor by which the step is reduced where the loss bends within it."""
BENDS = 1e-4
"""Difference of slopes of second and fourth order, in typical slopes, that shows a bend within the step."""
REDUCTIONS = 2
"""Most reductions of a step."""
ROUNDING = 16
"""Units of rounding of a prediction up to which a change of the loss is rounding."""
LARGEST_STEP = 0.1
"""Longest step, relative to the predicted loss, which must stay positive."""


@dataclass(frozen=True, eq=False, slots=True)
class NumericLoss:
    """A loss of the residuals of runs, its kinks averaged over a width.

    Attributes
    ----------
    function : callable
        Maps a residual per run to a loss per run, with slopes of about one.
    size : ndarray, shape (n_runs,)
        Measured losses.
    kinks : Kinks
    step : float
        Step of differences.
    typical : float
        A typical residual, the inverse of a typical curvature.
    n_runs : int
        Number of all runs, for which the function is always called.
    which : ndarray, optional
        Which of them the residuals are of; by default all.
    """

    function: Callable[[Array], Array]
    size: Array
    kinks: Kinks
    step: float
    typical: float
    n_runs: int
    which: Array | None = None
    half_width: float = 0.0

    logarithmic = False
    is_quadratic = False
    smoothing_lowers = False

    @property
    def has_kink(self) -> bool:
        """Whether the loss has kinks that are not averaged."""
        return self.half_width == 0 and bool(self.kinks.half.any())

    @property
    def width(self) -> float:
        """Width of the average; without kinks, the inverse of a typical curvature."""
        return self.half_width if self.kinks.half.any() and self.half_width > 0 else self.typical

    @property
    def steepness(self) -> float:
        """A typical slope."""
        return float(max(1.0, 2 * np.abs(self.kinks.half).max(initial=0.0)))

    def width_of(self, residual: float) -> float:
        """Return the width of an average that covers a residual."""
        return residual

    def take(self, which: Array) -> NumericLoss:
        """Return the loss of some of the runs."""
        chosen = which if self.which is None else self.which[which]
        return replace(self, size=self.size[which], kinks=self.kinks.take(which), which=chosen)

    def smoothed(self, width: float) -> NumericLoss:
        """Return the loss with its kinks averaged over a width."""
        return replace(self, half_width=max(width, self.half_width))

    def value(self, r: Array) -> Array:
        """Return the loss of each residual, shape (..., n_runs)."""
        if r.ndim > 1:
            return np.array([self.value(row) for row in r])
        value = self._plain(r)
        if self.half_width == 0:
            return value
        return value - self.kinks.value(r) + self.kinks.derivatives(r, self.half_width)[0]

    def slope(self, r: Array) -> Array:
        """Return the first derivative at each residual."""
        return self.derivatives(r)[1]

    def curvature(self, r: Array) -> Array:
        """Return the second derivative at each residual."""
        return self.derivatives(r)[2]

    def derivatives(self, r: Array) -> tuple[Array, Array, Array]:
        """Return value, first and second derivative at each residual."""
        if r.ndim > 1:
            value, slope, curvature = (np.array(part) for part in zip(*map(self.derivatives, r), strict=True))
            return value, slope, curvature
        value = self._plain(r)
        rest = value - self.kinks.value(r)
        slope, curvature = self._rest(r, rest)
        kinks = self.kinks.derivatives(r, self.half_width)
        if self.half_width > 0:
            value = rest + kinks[0]
        # A loss that is flat has derivatives that are nothing but rounding.
        known = ROUNDING * np.finfo(r.dtype).eps * (self.size + np.abs(r)) * self.steepness / self.step
        slope, curvature = slope + kinks[1], curvature + kinks[2]
        slope = np.where(np.abs(slope) <= known, 0.0, slope)
        return value, slope, np.where(np.abs(curvature) <= known / self.step, 0.0, curvature)

    def from_kink(self, r: Array) -> Array:
        """Return the distance of each residual from its nearest convex kink, with sign; infinity without one."""
        return self.kinks.distance(r)

    def branches(self, r: Array, which: Array) -> tuple[Array, Array]:
        """Return the slopes below and above the kinks of some runs, whose residuals are at their kinks."""
        return self.kinks.branches(r, which, self.slope)

    def _rest(self, r: Array, middle: Array) -> tuple[Array, Array]:
        """Return first and second derivative of the loss without kinks, whose values are ``middle``."""
        step = np.minimum(self.step, LARGEST_STEP * (self.size + np.maximum(r, -0.9 * self.size))).astype(r.dtype)
        slope, curvature, bends = self._differences(r, middle, step)
        for _ in range(REDUCTIONS):
            if not bends.any():
                break
            step = np.where(bends, step / REDUCTION, step)
            shorter_slope, shorter_curvature, still = self._differences(r, middle, step)
            slope, curvature = np.where(bends, shorter_slope, slope), np.where(bends, shorter_curvature, curvature)
            bends = bends & still
        return slope, curvature

    def _differences(self, r: Array, middle: Array, step: Array) -> tuple[Array, Array, Array]:
        """Return slope and curvature of fourth order, and whether the slope of second order differs."""
        with np.errstate(invalid="ignore", over="ignore"):
            lower, low, high, higher = (self._smooth(r + shift * step) for shift in (-2, -1, 1, 2))
            slope = (8 * (high - low) - (higher - lower)) / (12 * step)
            curvature = (16 * (high + low) - (higher + lower) - 30 * middle) / (12 * step**2)
            bends = ~(np.abs(slope - (high - low) / (2 * step)) <= BENDS)
        return np.nan_to_num(slope, posinf=0.0, neginf=0.0), np.nan_to_num(curvature, posinf=0.0, neginf=0.0), bends

    def _smooth(self, r: Array) -> Array:
        return self._plain(r) - self.kinks.value(r)

    def _plain(self, r: Array) -> Array:
        if self.which is None:
            return self.function(r)
        every = np.zeros(self.n_runs, dtype=r.dtype)
        every[self.which] = r
        return self.function(every)[self.which]


def refined_kinks(function: Callable[[Array], Array], kinks: Kinks, step: float, dtype: Any) -> Kinks:
    """Return kinks with the jumps that wider differences give, which suffer less from rounding."""
    half = kinks.half.copy()
    for slot in range(half.shape[1]):
        at = kinks.at[:, slot].astype(dtype)
        middle = function(at)
        with np.errstate(invalid="ignore"):
            near, far = ((function(at + d) + function(at - d) - 2 * middle) / (2 * d) for d in (step, 2 * step))
            # The smooth part adds a term proportional to the step.
            jump = (2 * near - far).astype(float)
        close = np.abs(jump - half[:, slot]) <= 1e-2 * np.abs(half[:, slot])
        half[:, slot] = np.where(close, jump, half[:, slot])
    return Kinks(kinks.at, half)
