"""The problem of a fit as a value: a fit can be repeated from it, and two problems can be compared."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.errors import InputError, unknown_key
from chinchilla_nb.engine.fitting.losses import LossFunction, asymmetric_mae
from chinchilla_nb.engine.laws.chinchilla_family import CHINCHILLA
from chinchilla_nb.engine.laws.family import Family
from chinchilla_nb.engine.laws.parameters import Parameter, check_overlap
from chinchilla_nb.engine.laws.starts import HOFFMANN_GRID, StartGrid
from chinchilla_nb.engine.runs import Runs, check_losses

__all__ = ["FEWEST_RUNS", "FitError", "Problem", "WeightFunction", "as_limits", "same_function"]

WeightFunction = Callable[..., Any]
"""``weight_fn(C)``, which returns one weight per run."""

Bounds = Mapping[str, tuple[float, float]]

FEWEST_RUNS = 3
"""Fewer runs are refused; with fewer runs than parameters, a fit has a warning."""

LEAST_LOSS, LARGEST_LOSS = 1e-100, 1e100
"""Losses beyond these are refused: squares of them, and products of such squares, leave the range of float64."""


class FitError(InputError):
    """The runs cannot be fitted, or not with these options."""


@dataclass(frozen=True, eq=False, slots=True)
class Problem:
    """Everything that determines a fit.

    Parameters
    ----------
    runs : Runs
    family : Family
        The form of the law.
    starts : StartGrid
        Starting values; ``family.starts`` are the defaults of a family.
    loss_fn : callable
        ``loss_fn(y_true, y_pred)`` returns one loss per run. The built-in losses and partials of them are minimised
        with exact derivatives, and other losses with numeric ones if the loss of a run depends on its own prediction
        only. Any other loss is minimised by a simplex search, which proves nothing about its result.
    weight_fn : callable, optional
        ``weight_fn(C)`` returns one non-negative weight per run; the weights are normalised to mean one.
    bounds : mapping of str to (float, float)
        Lower and upper bound of parameters, by name; equal bounds fix a parameter.
    dtype : type
        Precision in which the final optimum is polished and its objective evaluated.

    Raises
    ------
    InputError
        If the starts belong to another law, or the bounds are unusable.
    """

    runs: Runs
    family: Family = CHINCHILLA
    starts: StartGrid = HOFFMANN_GRID
    loss_fn: LossFunction = asymmetric_mae
    weight_fn: WeightFunction | None = None
    bounds: Bounds = field(default_factory=dict)
    dtype: type[np.floating[Any]] = np.longdouble

    def __post_init__(self) -> None:
        if not isinstance(self.runs, Runs):
            raise InputError("runs", "must be Runs(N, D, loss)", got=type(self.runs).__name__)
        if not callable(self.loss_fn):
            raise InputError("loss_fn", "must be a function", got=repr(self.loss_fn))
        if not isinstance(self.starts, StartGrid):
            raise InputError("starts", "must be a StartGrid", got=repr(self.starts))
        if self.starts.parameters != self.family.parameters:
            names = ", ".join(self.starts.axes)
            remedy = f"give starts of {', '.join(p.name for p in self.family.parameters)}, or its own, family.starts"
            raise InputError("starts", f"must be of the law {self.family.name!r}", got=names, remedy=remedy)
        object.__setattr__(self, "bounds", MappingProxyType(_checked(self.bounds, self.family)))
        object.__setattr__(self, "dtype", _checked_dtype(self.dtype))

    def __reduce__(self) -> tuple[Any, ...]:
        # A mapping proxy does not pickle.
        bounds = dict(self.bounds)
        return Problem, (self.runs, self.family, self.starts, self.loss_fn, self.weight_fn, bounds, self.dtype)

    def alike(self, other: Problem) -> bool:
        """Return whether two problems are the same, so that a fit of one also solves the other."""
        return (
            self.family is other.family
            and self.dtype is other.dtype
            and self.bounds == other.bounds
            and same_function(self.loss_fn, other.loss_fn)
            and same_function(self.weight_fn, other.weight_fn)
            and self.starts == other.starts
            and self.runs.alike(other.runs)
        )

    def check_runs(self) -> None:
        """Check that there are enough runs, with losses of a size that can be fitted.

        Raises
        ------
        InputError
            If there are fewer than three runs, or a loss is too small or too large.
        """
        if len(self.runs) < FEWEST_RUNS:
            raise FitError(
                "a fit", f"needs at least {FEWEST_RUNS} runs", got=str(len(self.runs)), remedy="add more runs"
            )
        check_losses(self.runs.loss, LEAST_LOSS, LARGEST_LOSS)

    def weights(self) -> NDArray[np.float64]:
        """Return one weight per run, not normalised.

        Raises
        ------
        FitError
            If ``weight_fn`` does not return one usable weight per run.
        """
        if self.weight_fn is None:
            return np.ones(len(self.runs))
        weight = np.asarray(self.weight_fn(self.runs.C.copy()), dtype=float)
        if weight.shape != self.runs.C.shape:
            rule = f"must return one weight per run, shape {self.runs.C.shape}"
            raise FitError("weight_fn", rule, got=f"shape {weight.shape}")
        bad = weight[~(np.isfinite(weight) & (weight >= 0))]
        if bad.size or not weight.any():
            rule = "must return weights that are finite and not negative"
            raise FitError("weight_fn", rule, got=str(bad[0]) if bad.size else "only 0")
        return weight


def as_limits(limits: Any, parameter: Parameter) -> tuple[float, float]:
    """Return the bounds of a parameter as floats; a single number fixes it.

    Raises
    ------
    InputError
        If they are not one number or two with 0 <= low <= high < inf, allow a factor only the value zero, or lie beyond
        what a fit considers.
    """
    where, got = f"bounds[{parameter.name!r}]", repr(limits)
    ends = list(limits) if isinstance(limits, (list, tuple, np.ndarray)) else [limits, limits]
    if len(ends) != 2 or any(isinstance(end, (str, bytes, bool)) or np.ndim(end) for end in ends):
        raise InputError(where, "must be a number or (low, high)", got=got)
    try:
        low, high = float(ends[0]), float(ends[1])
    except (TypeError, ValueError, OverflowError):
        raise InputError(where, "must be a number or (low, high)", got=got) from None
    if not 0 <= low <= high < np.inf or (parameter.kind == "factor" and high == 0):
        raise InputError(where, "must be 0 <= low <= high with a finite, positive high", got=f"({low}, {high})")
    check_overlap(parameter.name, (low, high), (parameter.least, parameter.largest))
    return low, high


def _checked(bounds: Bounds, family: Family) -> dict[str, tuple[float, float]]:
    if not isinstance(bounds, Mapping):
        raise InputError("bounds", "must map parameters to numbers", got=repr(bounds))
    parameters = {parameter.name: parameter for parameter in family.parameters}
    for name in bounds:
        if name not in parameters:
            raise unknown_key("bounds", name, parameters)
    return {name: as_limits(limits, parameters[name]) for name, limits in bounds.items()}


def _checked_dtype(dtype: Any) -> type[np.floating[Any]]:
    kind = np.dtype(dtype)
    if kind.kind != "f" or kind.itemsize < np.dtype(np.float64).itemsize:
        raise InputError("dtype", "must be float64 or wider", got=kind.name)
    return kind.type  # type: ignore[no-any-return]


def same_function(one: Any, other: Any) -> bool:
    """Return whether two functions are identical, or partials of one with the same arguments; None equals None."""
    if isinstance(one, functools.partial) and isinstance(other, functools.partial):
        return (one.func, one.args, one.keywords) == (other.func, other.args, other.keywords)
    return one is other
