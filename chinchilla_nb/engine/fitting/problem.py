"""The problem of a fit as a value: a fit can be repeated from it, and two problems can be compared."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.conversion import check_type
from chinchilla_nb.engine.errors import FitError, InputError, InputTypeError
from chinchilla_nb.engine.fitting.limits import Bounds, as_bounds
from chinchilla_nb.engine.fitting.losses import LossFunction, asymmetric_mae, check_loss
from chinchilla_nb.engine.fitting.precision import as_precision
from chinchilla_nb.engine.fitting.user_functions import per_run
from chinchilla_nb.engine.laws.chinchilla_family import CHINCHILLA
from chinchilla_nb.engine.laws.family import Family, Law
from chinchilla_nb.engine.laws.parameters import axes_of
from chinchilla_nb.engine.laws.starts import HOFFMANN_GRID, StartGrid
from chinchilla_nb.engine.runs import Runs, check_losses

__all__ = ["FEWEST_RUNS", "FitError", "Problem", "WeightFunction", "check_weight", "same_function"]

WeightFunction = Callable[..., Any]
"""``weight_fn(C)``, which returns one weight per run."""

FEWEST_RUNS = 3
"""Fewer runs are refused; with fewer runs than parameters, a fit has a warning."""

LEAST_LOSS, LARGEST_LOSS = 1e-100, 1e100
"""Losses beyond these are refused: squares of them, and products of such squares, leave the range of float64."""


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
    start : Law, optional
        A law that the search starts from in addition, such as one set by hand. It does not change what is asked, only
        where the answer is looked for.

    Raises
    ------
    InputError
        If a part is not of its kind, the runs have no N and D for a law that needs them, the starts belong to another
        law, the bounds are unusable, or a built-in loss has an option that it does not know or cannot use. An
        InputTypeError if a function is not callable, or the precision is below float64.
    """

    runs: Runs
    family: Family = CHINCHILLA
    starts: StartGrid = HOFFMANN_GRID
    loss_fn: LossFunction = asymmetric_mae
    weight_fn: WeightFunction | None = None
    bounds: Bounds = field(default_factory=dict)
    dtype: type[np.floating[Any]] = np.longdouble
    start: Law | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.runs, Runs):
            raise InputError("runs", "must be Runs(N, D, loss)", got=type(self.runs).__name__)
        if not isinstance(self.family, Family) or isinstance(self.family, type):
            raise InputError("family", "must be a family of laws, such as FAMILIES['kaplan']", got=brief(self.family))
        if not self.runs.has_sizes and "N" in axes_of(self.family.parameters):
            rule = f"must have N and D for law={self.family.name!r}"
            remedy = "fit law='frontier', or give Runs(N, D, loss)"
            raise InputError("runs", rule, got="Runs.frontier(C, loss)", remedy=remedy)
        check_loss(self.loss_fn)
        check_weight(self.weight_fn)
        if not isinstance(self.starts, StartGrid):
            raise InputError("starts", "must be a StartGrid", got=brief(self.starts))
        if self.starts.parameters != self.family.parameters:
            names = ", ".join(self.starts.axes)
            remedy = f"give starts of {', '.join(p.name for p in self.family.parameters)}, or its own, family.starts"
            raise InputError("starts", f"must be of the law {self.family.name!r}", got=names, remedy=remedy)
        check_start(self.start, self.family)
        object.__setattr__(self, "bounds", MappingProxyType(as_bounds(self.bounds, self.family)))
        object.__setattr__(self, "dtype", as_precision(self.dtype))

    def __reduce__(self) -> tuple[Any, ...]:
        # A mapping proxy does not pickle.
        bounds = dict(self.bounds)
        parts = (self.runs, self.family, self.starts, self.loss_fn, self.weight_fn, bounds, self.dtype, self.start)
        return Problem, parts

    def alike(self, other: Problem) -> bool:
        """Return whether two problems are the same, so that a fit of one also solves the other, whatever its start."""
        check_type(other, "other", Problem)
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
        weight = per_run(self.weight_fn, "weight_fn", "weight", C=self.runs.C).astype(np.float64)
        bad = weight[~(np.isfinite(weight) & (weight >= 0))]
        if bad.size or not weight.any():
            rule = "must return weights that are finite and not negative"
            raise FitError("weight_fn", rule, got=str(bad[0]) if bad.size else "only 0")
        return weight


def check_start(start: Any, family: Family) -> None:
    """Check that a law to start from is one of the family, or None.

    Raises
    ------
    InputError
        If it is not.
    """
    if start is None:
        return
    if not isinstance(start, Law) or isinstance(start, type):
        raise InputTypeError("start", "must be a law or None", got=brief(start))
    if start.parameters != family.parameters:
        names = ", ".join(parameter.name for parameter in family.parameters)
        raise InputError("start", f"must have the parameters {names}", got=", ".join(start.as_dict()))


def check_weight(weight_fn: Any) -> None:
    """Check that a weight function is a function or None.

    Raises
    ------
    InputTypeError
        If it is not.
    """
    if not (weight_fn is None or callable(weight_fn)):
        raise InputTypeError("weight_fn", "must be callable or None", got=brief(weight_fn))


def same_function(one: Any, other: Any) -> bool:
    """Return whether two functions are identical, or partials of one with the same arguments; None equals None."""
    if isinstance(one, functools.partial) and isinstance(other, functools.partial):
        return (one.func, one.args, one.keywords) == (other.func, other.args, other.keywords)
    return one is other
