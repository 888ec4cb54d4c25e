"""The losses of the census, written from their documented formulas, without code of the engine.

A loss is a function of one residual per run. It is the sum of a kink at zero (two slopes) and of a rest that is smooth
away from zero; `Shape` also gives a smoothed version of it with derivatives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["BUILTIN", "CUSTOM", "Shape", "shape_of"]

Array = NDArray[Any]
Rest = Callable[[Array, float], tuple[Array, Array, Array]]


@dataclass(frozen=True, slots=True)
class Shape:
    """A loss of one residual.

    Attributes
    ----------
    residual : str
        ``"difference"``, prediction - truth; ``"log"``, that of the logarithms; ``"ratio"``, difference / truth.
    below, above : float
        Slopes of the kink for under-prediction and over-prediction; both zero for none.
    rest : callable, optional
        ``rest(r, width)`` returns value, slope and curvature of the other part, smoothed over a width.
    flat : float
        Size of a residual beyond which the loss is constant.
    """

    residual: str
    below: float = 0.0
    above: float = 0.0
    rest: Rest | None = None
    flat: float = np.inf

    @property
    def kinked(self) -> bool:
        """Whether the loss has a kink at zero."""
        return self.below + self.above > 0

    def residuals(self, prediction: Array, truth: Array) -> Array:
        """Return the residual of each run."""
        if self.residual == "log":
            return np.asarray(np.log(prediction) - np.log(truth))
        return np.asarray((prediction - truth) / (truth if self.residual == "ratio" else 1))

    def rates(self, prediction: Array, truth: Array) -> tuple[Array, Array]:
        """Return the first and second derivative of the residual by the prediction."""
        if self.residual == "log":
            return 1 / prediction, -(prediction**-2)
        rate = np.ones_like(prediction) / (truth if self.residual == "ratio" else 1)
        return rate, np.zeros_like(rate)

    def value(self, r: Array, width: float = 0.0) -> Array:
        """Return the loss of each residual."""
        return self.derivatives(r, width)[0]

    def derivatives(self, r: Array, width: float) -> tuple[Array, Array, Array]:
        """Return value, slope and curvature at each residual, smoothed over a width."""
        r = np.clip(r, -self.flat, self.flat)  # far beyond, the parts of a constant loss cancel to rounding
        value, slope, curvature = np.zeros_like(r), np.zeros_like(r), np.zeros_like(r)
        if self.kinked:
            tilt, half = (self.above - self.below) / 2, (self.above + self.below) / 2
            root = np.sqrt(r * r + r.dtype.type(width) ** 2)
            value = tilt * r + half * (root - width)
            with np.errstate(divide="ignore", invalid="ignore"):
                slope = tilt + half * np.where(root > 0, r / root, 0)
                curvature = np.where(root > 0, half * width**2 / root**3, 0)
        if self.rest is not None:
            value, slope, curvature = (
                one + other for one, other in zip((value, slope, curvature), self.rest(r, width), strict=True)
            )
        return value, slope, curvature


def _square(scale: float) -> Rest:
    return lambda r, width: (r * r / scale, 2 * r / scale, np.full_like(r, 2 / scale))


def _huber(delta: float) -> Rest:
    """Return Huber's loss; smoothed, its slope is (|r + delta| - |r - delta|) / 2 with hyperbolas for both."""

    def rest(r: Array, width: float) -> tuple[Array, Array, Array]:
        if width == 0:
            slope = np.clip(r, -delta, delta)
            return slope * (r - slope / 2), slope, (np.abs(r) <= delta).astype(r.dtype)
        up, down = np.hypot(r + delta, width), np.hypot(r - delta, width)
        # (up - down) / 2, written without cancellation.
        slope = 2 * r * delta / (up + down)
        curvature = ((r + delta) / up - (r - delta) / down) / 2
        arcs = width**2 * (np.arcsinh((r + delta) / width) - np.arcsinh((r - delta) / width))
        base = (delta * np.hypot(delta, width) + width**2 * np.arcsinh(delta / width)) / 2
        value = ((r + delta) * up - (r - delta) * down + arcs) / 4 - base
        return value, slope, curvature

    return rest


def _cap(cap: float) -> Rest:
    """Return what turns |r| into min(|r|, cap)."""

    def rest(r: Array, width: float) -> tuple[Array, Array, Array]:
        parts = []
        for sign in (1, -1):
            u = sign * r - cap
            root = np.sqrt(u * u + r.dtype.type(width) ** 2)
            with np.errstate(divide="ignore", invalid="ignore"):
                bend = np.where(root > 0, width**2 / root**3, 0)
                parts.append((-(u + root) / 2, -sign * (1 + np.where(root > 0, u / root, 0)) / 2, -bend / 2))
        return tuple(one + other for one, other in zip(*parts, strict=True))  # type: ignore[return-value]

    return rest


def _log_cosh(scale: float) -> Rest:
    def rest(r: Array, width: float) -> tuple[Array, Array, Array]:
        t = r / scale
        slope = np.tanh(t)
        return scale**2 * (np.logaddexp(t, -t) - np.log(r.dtype.type(2))), scale * slope, 1 - slope**2

    return rest


def _pseudo_huber(scale: float) -> Rest:
    def rest(r: Array, width: float) -> tuple[Array, Array, Array]:
        root = np.sqrt(1 + (r / scale) ** 2)
        return r * r / (1 + root), r / root, root**-3

    return rest


_SHAPES: dict[str, Callable[..., Shape]] = {
    "mae": lambda: Shape("difference", 1, 1),
    "asymmetric_mae": lambda w: Shape("difference", 1, w),
    "mse": lambda: Shape("difference", rest=_square(1)),
    "huber": lambda delta: Shape("difference", rest=_huber(delta)),
    "log_huber": lambda delta: Shape("log", rest=_huber(delta)),
    "pinball": lambda q: Shape("difference", q, 1 - q),
    "absolute_log": lambda: Shape("log", 1, 1),
    "absolute_ratio": lambda: Shape("ratio", 1, 1),
    "capped": lambda cap: Shape("difference", 1, 1, _cap(cap), 1e6 * cap),
    "mixed": lambda scale: Shape("difference", 0.5, 0.5, _square(scale)),
    "log_cosh": lambda scale: Shape("difference", rest=_log_cosh(scale)),
    "pseudo_huber": lambda scale: Shape("difference", rest=_pseudo_huber(scale)),
}


def shape_of(name: str, options: Mapping[str, float]) -> Shape:
    """Return a loss by its name and options."""
    return _SHAPES[name](**options)


BUILTIN = ("mae", "asymmetric_mae", "mse", "huber", "log_huber")
"""The losses that the engine has, by their names there."""

CUSTOM: dict[str, Callable[..., Any]] = {
    "pinball": lambda y_true, y_pred, q: np.maximum(q * (y_true - y_pred), (1 - q) * (y_pred - y_true)),
    "absolute_log": lambda y_true, y_pred: np.abs(np.log(y_pred) - np.log(y_true)),
    "absolute_ratio": lambda y_true, y_pred: np.abs(y_pred / y_true - 1),
    "capped": lambda y_true, y_pred, cap: np.minimum(np.abs(y_pred - y_true), cap),
    "mixed": lambda y_true, y_pred, scale: np.abs(y_pred - y_true) / 2 + (y_pred - y_true) ** 2 / scale,
    "log_cosh": lambda y_true, y_pred, scale: (
        scale**2 * (np.logaddexp((y_pred - y_true) / scale, (y_true - y_pred) / scale) - np.log(2))
    ),
    "pseudo_huber": lambda y_true, y_pred, scale: scale**2 * (np.sqrt(1 + ((y_pred - y_true) / scale) ** 2) - 1),
}
"""The other losses, as a user would write them: ``loss_fn(y_true, y_pred, option)``."""
