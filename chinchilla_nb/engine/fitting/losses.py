"""Losses between predicted and true values, and their exact derivatives.

The five built-in losses form one family: quadratic near zero and linear beyond, in the loss or its logarithm.
`residual_loss` recognises them, so that the solver can use exact derivatives and smooth kinks.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.conversion import as_float, as_positive_number, as_real_array, check_callable
from chinchilla_nb.engine.errors import InputError, unknown_key

__all__ = [
    "BUILTIN_LOSSES",
    "SQUARE",
    "Loss",
    "LossFunction",
    "ResidualLoss",
    "asymmetric_mae",
    "huber",
    "log_huber",
    "mae",
    "mse",
]
__all__ += ["check_loss", "loss_name", "residual_loss"]

LEAST_OPTION, LARGEST_OPTION = 1e-100, 1e100
"""Limits of delta and w: beyond them, slopes and curvatures leave the range of float64."""

LossFunction = Callable[..., Any]
"""``loss_fn(y_true, y_pred)``, which returns one loss per run."""


def asymmetric_mae(y_true: ArrayLike, y_pred: ArrayLike, w: float = 1e1) -> NDArray[Any]:
    """Absolute error that weighs over-prediction w times as much as under-prediction."""
    return _value(asymmetric(as_positive_number(w, "w")), _difference(y_true, y_pred))


def huber(y_true: ArrayLike, y_pred: ArrayLike, delta: float = 1.0) -> NDArray[Any]:
    """Squared error / 2 up to delta, linear beyond (Huber 1964)."""
    return _huber(delta, _difference(y_true, y_pred))


def log_huber(y_true: ArrayLike, y_pred: ArrayLike, delta: float = 1.0) -> NDArray[Any]:
    """`huber` of the logarithms; Hoffmann et al. 2022 (equation 3) used delta = 1e-3."""
    with np.errstate(divide="ignore"):
        logs = [np.log(_not_negative(values, name)) for name, values in (("y_true", y_true), ("y_pred", y_pred))]
    return _huber(delta, _difference(*logs))


def mae(y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[Any]:
    """Absolute error."""
    return _value(asymmetric(1.0), _difference(y_true, y_pred))


def mse(y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[Any]:
    """Squared error."""
    return _value(SQUARE, _difference(y_true, y_pred))


class Loss(Protocol):
    """A loss of the residual of each run, as an `Objective` averages it; residuals have the shape (..., n_runs)."""

    @property
    def logarithmic(self) -> bool:
        """Whether a residual is log prediction - log truth rather than prediction - truth."""

    @property
    def width(self) -> float:
        """Width over which the loss is smooth, as an inverse curvature; 0 with a kink."""

    @property
    def has_kink(self) -> bool:
        """Whether the loss of some run has a kink."""

    @property
    def steepness(self) -> float:
        """The largest slope, or a typical one of a loss without a largest one."""

    @property
    def is_quadratic(self) -> bool:
        """Whether the loss is a square everywhere."""

    @property
    def smoothing_lowers(self) -> bool:
        """Whether a smoothed loss is nowhere above the loss itself."""

    def take(self, which: NDArray[Any]) -> Loss:
        """Return the loss of some of the runs."""

    def smoothed(self, width: float) -> Loss:
        """Return the loss with its kinks smoothed over a width."""

    def width_of(self, residual: float) -> float:
        """Return the width at which a residual is at the edge of what is smoothed."""

    def value(self, r: NDArray[Any]) -> NDArray[Any]:
        """Return the loss of each residual."""

    def slope(self, r: NDArray[Any]) -> NDArray[Any]:
        """Return the first derivative at each residual."""

    def curvature(self, r: NDArray[Any]) -> NDArray[Any]:
        """Return the second derivative at each residual."""

    def derivatives(self, r: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Return value, first and second derivative at each residual."""

    def from_kink(self, r: NDArray[Any]) -> NDArray[Any]:
        """Return the distance of each residual from its kink, with sign."""

    def branches(self, r: NDArray[Any], which: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return the slopes below and above the kinks of some runs, whose residuals are at their kinks."""


@dataclass(frozen=True, slots=True)
class ResidualLoss:
    """A loss of the residual r: r^2 / (2 width) between two linear branches.

    Parameters
    ----------
    logarithmic : bool
        Whether r is log prediction - log truth rather than prediction - truth.
    lower, upper : float
        Slopes of the linear branches for under-prediction (r < 0) and over-prediction (r > 0); infinity for none.
    width : float
        Inverse curvature between the branches; 0 for a kink.

    Raises
    ------
    InputError
        If a slope is not positive.
    """

    logarithmic: bool
    lower: float
    upper: float
    width: float

    smoothing_lowers: ClassVar[bool] = True  # to a Moreau envelope

    def __post_init__(self) -> None:
        for slope in (self.lower, self.upper):
            if not slope > 0:
                rule = "must grow with the error, so delta or w must be positive"
                raise InputError("a loss", rule, got=str(slope))

    @property
    def has_kink(self) -> bool:
        """Whether the loss has no derivative at r = 0."""
        return self.width == 0

    @property
    def is_quadratic(self) -> bool:
        """Whether the loss is a square everywhere."""
        return not np.isfinite(self.upper)

    def take(self, which: NDArray[Any]) -> ResidualLoss:  # noqa: ARG002
        """Return the loss of some of the runs, which is the same."""
        return self

    def derivatives(self, r: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Return value, first and second derivative at each residual."""
        slope = self.slope(r)
        return self._value(r, slope), slope, self.curvature(r)

    def value(self, r: NDArray[Any]) -> NDArray[Any]:
        """Return the loss of each residual."""
        return self._value(r, self.slope(r))

    def slope(self, r: NDArray[Any]) -> NDArray[Any]:
        """Return the first derivative at each residual; at a kink, that of the lower branch."""
        if self.has_kink:
            return np.where(r > 0, np.asarray(self.upper, r.dtype), np.asarray(-self.lower, r.dtype))
        return np.clip(r / self.width, -self.lower, self.upper)

    def _value(self, r: NDArray[Any], slope: NDArray[Any]) -> NDArray[Any]:
        value = slope * (-self.width / 2)
        value += r
        value *= slope  # in place: a grid of starts has millions of losses
        return np.asarray(value)

    def curvature(self, r: NDArray[Any]) -> NDArray[Any]:
        """Return the second derivative at each residual; zero on the linear branches and at a kink."""
        if self.has_kink:
            return np.zeros_like(r)
        return np.asarray(((r >= -self.lower * self.width) & (r <= self.upper * self.width)) / self.width)

    def smoothed(self, width: float) -> ResidualLoss:
        """Return the Moreau envelope of at least this width: the same slopes, a wider quadratic middle."""
        return replace(self, width=max(width, self.width))

    def width_of(self, residual: float) -> float:
        """Return the width at which a residual lies at the edge of the quadratic middle."""
        return residual / min(self.lower, self.upper)

    def from_kink(self, r: NDArray[Any]) -> NDArray[Any]:
        """Return the distance of each residual from its kink, with sign."""
        return r

    def branches(self, r: NDArray[Any], which: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:  # noqa: ARG002
        """Return the slopes below and above the kinks of some runs, whose residuals are at their kinks."""
        return np.full(len(which), -self.lower), np.full(len(which), self.upper)

    @property
    def steepness(self) -> float:
        """The steeper slope of the linear branches or, without them, the slope at a residual of one."""
        slope = max(self.lower, self.upper)
        return slope if np.isfinite(slope) else 1 / self.width

    def divided_by(self, scale: float) -> ResidualLoss:
        """Return the loss divided by a number."""
        return replace(self, lower=self.lower / scale, upper=self.upper / scale, width=self.width * scale)

    def in_units(self, unit: float) -> ResidualLoss:
        """Return the same loss for residuals measured in another unit, r = unit x r'."""
        return replace(self, lower=self.lower * unit, upper=self.upper * unit, width=self.width / unit**2)


def asymmetric(w: float) -> ResidualLoss:
    """Return the kinked loss with slope -1 below zero and slope w above."""
    return ResidualLoss(False, 1.0, w, 0.0)


SQUARE = ResidualLoss(False, np.inf, np.inf, 0.5)
"""The squared error."""

_FAMILY: dict[LossFunction, Callable[..., ResidualLoss]] = {
    asymmetric_mae: lambda w=1e1: asymmetric(w),
    huber: lambda delta=1.0: ResidualLoss(False, delta, delta, 1.0),
    log_huber: lambda delta=1.0: ResidualLoss(True, delta, delta, 1.0),
    mae: lambda: asymmetric(1.0),
    mse: lambda: SQUARE,
}

BUILTIN_LOSSES: dict[str, LossFunction] = {function.__name__: function for function in _FAMILY}
"""The documented losses by name."""


def residual_loss(loss_fn: LossFunction) -> ResidualLoss | None:
    """Return the form of a built-in loss, or of a `functools.partial` that sets delta or w; None for other losses."""
    if isinstance(loss_fn, functools.partial):
        family = _family(loss_fn.func)
        if family is None or loss_fn.args:
            return None
        check_loss(loss_fn)
        # Other floats of NumPy would set the precision of everything that is computed with them.
        return family(**{name: float(value) for name, value in loss_fn.keywords.items()})
    family = _family(loss_fn)
    return None if family is None else family()


def check_loss(loss_fn: Any) -> None:
    """Check that a loss is a function, and that a partial of a built-in one has options that it knows and can use.

    Raises
    ------
    InputTypeError
        If it is not callable.
    InputError
        If an option of a built-in loss is unknown, not named, or not a positive number of a moderate size.
    """
    check_callable(loss_fn, "loss_fn")
    if not isinstance(loss_fn, functools.partial):
        return
    family = _family(loss_fn.func)
    if family is None:
        return
    known, name = list(inspect.signature(family).parameters), loss_name(loss_fn.func)
    if loss_fn.args:
        rule = f"must have the options of {name} by name"
        raise InputError("loss_fn", rule, got=brief(loss_fn.args), remedy=f"write partial({name}, {known[0]}=...)")
    for option, value in loss_fn.keywords.items():
        if option not in known:
            raise unknown_key(f"loss_fn {name}", option, known)
        where = f"loss_fn[{option!r}]"
        number = as_positive_number(value, where)
        if not LEAST_OPTION <= number <= LARGEST_OPTION:
            rule = f"must be between {LEAST_OPTION:g} and {LARGEST_OPTION:g}"
            raise InputError(where, rule, got=f"{number:g}")


def loss_name(loss_fn: LossFunction) -> str:
    """Return the name of a loss as shown to users, e.g. ``log_huber(delta=0.001)``."""
    if isinstance(loss_fn, functools.partial):
        options = ", ".join(f"{name}={_option(value)}" for name, value in loss_fn.keywords.items())
        return f"{loss_name(loss_fn.func)}({options})"
    return str(getattr(loss_fn, "__name__", type(loss_fn).__name__))


def _option(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else brief(value)


def _family(loss_fn: Any) -> Callable[..., ResidualLoss] | None:
    # By identity, because a user's function need not be hashable.
    return next((family for one, family in _FAMILY.items() if one is loss_fn), None)


def _huber(delta: float, difference: NDArray[Any]) -> NDArray[Any]:
    slope = as_float(delta, "delta")
    if not slope > 0:
        raise InputError("delta", "must be positive", got=str(slope))
    return _value(ResidualLoss(False, slope, slope, 1.0), difference)


def _value(loss: ResidualLoss, difference: NDArray[Any]) -> NDArray[Any]:
    """Return the loss of each difference; infinity where it is too large for a float, NaN for NaN."""
    with np.errstate(all="ignore"):
        return np.where(np.isinf(difference), np.inf, loss.value(difference))


def _difference(y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[Any]:
    """Return y_pred - y_true in the wider precision of both; NaN where both are the same infinity."""
    true, pred = _as_floats(y_true, "y_true"), _as_floats(y_pred, "y_pred")
    try:
        with np.errstate(invalid="ignore", over="ignore"):
            return np.asarray(pred - true)
    except ValueError:
        got = f"shapes {true.shape} and {pred.shape}"
        raise InputError("y_true and y_pred", "must broadcast", got=got) from None


def _as_floats(values: ArrayLike, name: str) -> NDArray[Any]:
    """Return real numbers as an array of floats, in the precision that they have."""
    if isinstance(values, (np.ndarray, np.floating)) and values.dtype.kind == "f" and not np.ma.is_masked(values):
        return np.asarray(values)
    return as_real_array(values, name)


def _not_negative(values: ArrayLike, name: str) -> NDArray[Any]:
    array = _as_floats(values, name)
    if (array < 0).any():
        raise InputError(name, "must not be negative", got=str(array[array < 0].flat[0]))
    return array
