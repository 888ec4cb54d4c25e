"""How L(C) = E + A / C^alpha is fitted: coordinates, predictions and starts.

The coordinates are theta = (E, a, alpha) in L = E + exp(a - alpha x), with centred x = log C - mean and losses in units
of their geometric mean: those of the Chinchilla law with one term.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.cancellation import cancellation_point
from chinchilla_nb.engine.laws.box_least_squares import box_least_squares
from chinchilla_nb.engine.laws.chinchilla_family import LATTICE, LEAST_TERM, LOG_RANGE, limits_in_units
from chinchilla_nb.engine.laws.family import over_runs, summed, uncentred
from chinchilla_nb.engine.laws.frontier import FRONTIER_PARAMETERS, FrontierLaw
from chinchilla_nb.engine.laws.parameters import LARGEST_EXPONENT
from chinchilla_nb.engine.laws.starts import StartGrid
from chinchilla_nb.engine.runs import Runs

__all__ = ["FRONTIER"]

Array = NDArray[Any]

PF_DAY = 1e15 * 24 * 3600
"""FLOPs in a petaflop/s-day, in which Kaplan et al. count compute."""
KAPLAN_C, KAPLAN_ALPHA = 3.1e8 * PF_DAY, 0.050
"""L = (KAPLAN_C / C)^KAPLAN_ALPHA with optimally allocated compute (Kaplan et al. 2020, equation 1.3)."""


@dataclass(frozen=True, eq=False, slots=True)
class _Coordinates:
    """theta = (E, a, alpha), centred and in units of the mean loss.

    Attributes
    ----------
    unit : float
        The loss that equals one in these coordinates.
    centre : float
        Subtracted from log C.
    lower, upper : ndarray, shape (3,)
        Bounds of theta.
    smallest : float
        Smallest centred log C, where the term is largest.
    """

    unit: float
    centre: float
    lower: Array
    upper: Array
    smallest: float

    @classmethod
    def of(cls, runs: Runs, bounds: Mapping[str, tuple[float, float]]) -> _Coordinates:
        """Choose coordinates for runs, with bounds on parameters of the law."""
        unit = float(np.exp(np.log(runs.loss).mean()))
        # A bound on A is a box in (a, alpha) only if a = log A, that is, without centring.
        centre = 0.0 if "A" in bounds else float(np.log(runs.C).mean())
        smallest = float(np.log(runs.C.min())) - centre
        # A term that is one at the smallest run is far smaller at the middle if its exponent is large.
        lower = np.array([0.0, -LOG_RANGE + LARGEST_EXPONENT * min(smallest, 0.0), 0.0])
        upper = np.array([runs.loss.max() / unit, LOG_RANGE, LARGEST_EXPONENT])
        if "A" in bounds:
            upper[1] += LARGEST_EXPONENT * np.log(runs.C.max())
        for index, parameter in enumerate(FRONTIER_PARAMETERS):
            if parameter.name in bounds:
                lower[index], upper[index] = limits_in_units(parameter, bounds[parameter.name], unit)
        return cls(unit, centre, lower, upper, smallest)

    def law(self, theta: Array) -> FrontierLaw:
        """Return the law at theta; A is zero if its term is negligible at every run."""
        E, a, alpha = *theta[:2], float(theta[2])
        negligible = self.lower[1] <= -LOG_RANGE and a - alpha * self.smallest <= -LOG_RANGE
        A = 0.0 if negligible else uncentred(a, alpha, self.centre, self.unit)
        return FrontierLaw(float(E * self.unit), A, alpha)

    def theta(self, points: Array) -> Array:
        """Convert starts, rows of log E, log A, alpha, to rows of theta inside the box."""
        log_E, log_A, alpha = np.moveaxis(points, -1, 0)
        log_unit = np.log(self.unit)
        with np.errstate(over="ignore"):
            E = np.exp(log_E - log_unit)
        rows = np.stack([E, log_A - log_unit - alpha * self.centre, alpha], axis=-1)
        return np.asarray(np.clip(rows, self.lower, self.upper))

    def predictor(self, runs: Runs, dtype: type[np.floating[Any]] = np.float64) -> _Predictor:
        """Return the predictor of the losses of runs, in a precision."""
        return _Predictor(np.log(runs.C.astype(dtype)) - self.centre, self)


@dataclass(frozen=True, eq=False, slots=True)
class _Predictor:
    """Predicts E + exp(a - alpha x).

    Attributes
    ----------
    x : ndarray, shape (n_runs,) or (n_projects, n_runs)
        Centred log C.
    coordinates : _Coordinates
    """

    x: Array
    coordinates: _Coordinates

    def at(self, theta: Array) -> _Prediction:
        """Predict at theta, shape (..., 3)."""
        E, a, alpha = over_runs(theta)
        term = np.exp(a - alpha * self.x)
        return _Prediction(self.x, term, E + term)

    def take(self, which: Array) -> _Predictor:
        """Return the predictor for some of the runs."""
        return replace(self, x=self.x[..., which])

    def grouped(self, count: int) -> _Predictor:
        """Return the predictor of ``count`` projects of equal size, whose runs follow one another in this one."""
        return replace(self, x=self.x.reshape(count, -1))

    def members(self, which: Any) -> _Predictor:
        """Return the predictor of some of the projects; the same for runs that are not grouped."""
        return self if self.x.ndim == 1 else replace(self, x=self.x[which])

    def profile(
        self, loss: Array, weight: Array, exponents: tuple[Array, ...] | None = None, least_floor: bool = False
    ) -> tuple[Array, Array]:
        """Fit E and A by weighted least squares at a lattice of exponents, whose second axis has one element.

        For a fixed exponent the law is linear in E and A (variable projection, Golub and Pereyra 1973).
        """
        box = self.coordinates
        cancellation_point()
        (alpha,) = exponents or (np.unique(np.clip(LATTICE, box.lower[2], box.upper[2])),)
        # The term is one at the smallest run, so that it does not overflow.
        X = np.exp(-np.outer(alpha, self.x - box.smallest))[:, None]
        weight = np.broadcast_to(weight, X.shape)
        normal, right = np.empty((*X.shape[:2], 2, 2)), np.empty((*X.shape[:2], 2))
        normal[..., 0, 0], normal[..., 1, 1] = weight.sum(axis=-1), np.sum(weight * X**2, axis=-1)
        normal[..., 0, 1] = normal[..., 1, 0] = np.sum(weight * X, axis=-1)
        right[..., 0], right[..., 1] = np.sum(weight * loss, axis=-1), np.sum(weight * X * loss, axis=-1)
        shift = alpha[:, None] * box.smallest
        low, high = np.empty((*X.shape[:2], 2)), np.empty((*X.shape[:2], 2))
        low[..., 0], high[..., 0] = box.lower[0], box.lower[0] if least_floor else box.upper[0]
        low[..., 1], high[..., 1] = (np.exp(end[1] - shift) for end in (box.lower, box.upper))
        E, A = np.moveaxis(box_least_squares(normal, right, low, high), -1, 0)
        # A term that has vanished has no slope in log A, and would never return.
        a = np.log(np.maximum(A, LEAST_TERM)) + shift
        rows = np.stack(np.broadcast_arrays(E, a, alpha[:, None]), axis=-1)
        return np.clip(rows, box.lower, box.upper), E[..., None] + A[..., None] * X


class _Prediction:
    """A prediction and the term that makes up its value and derivatives, each of shape (..., n_runs)."""

    __slots__ = ("term", "value", "x")

    def __init__(self, x: Array, term: Array, value: Array) -> None:
        self.x, self.term, self.value = x, term, value

    def jacobian(self) -> Array:
        """Return the derivatives by E, a and alpha."""
        return np.stack([np.ones_like(self.term), self.term, -self.term * self.x], axis=-1)

    def pull(self, push: Array) -> Array:
        """Return the vector-Jacobian product: the sum over runs of push x derivatives."""
        pushed = push * self.term
        return np.stack([push.sum(axis=-1), pushed.sum(axis=-1), -summed(pushed, self.x)], axis=-1)

    def curvature(self, push: Array) -> Array:
        """Return the sum over runs of push x second derivatives; E is coupled with nothing."""
        pushed = push * self.term
        hessian = np.zeros((*push.shape[:-1], 3, 3), dtype=self.value.dtype)
        hessian[..., 1, 1] = pushed.sum(axis=-1)
        hessian[..., 1, 2] = hessian[..., 2, 1] = -summed(pushed, self.x)
        hessian[..., 2, 2] = summed(pushed * self.x, self.x)
        return hessian


class _Frontier:
    """The family of `FrontierLaw`."""

    name = "frontier"
    form = "E + A/C^α"
    parameters = FRONTIER_PARAMETERS
    starts = StartGrid(
        {
            "e": (-1.0, -0.5, 0.0, 0.5, 1.0),
            "a": (0.0, 2.5, 5.0, 7.5, 10.0, 15.0),
            "alpha": (0.02, 0.05, 0.1, 0.2, 0.3, 0.5),
        },
        FRONTIER_PARAMETERS,
    )
    """E as in Hoffmann et al. 2022, and exponents around alpha beta / (alpha + beta) of their law, 0.15."""
    published = FrontierLaw(E=0.0, A=KAPLAN_C**KAPLAN_ALPHA, alpha=KAPLAN_ALPHA)

    def coordinates(self, runs: Runs, bounds: Mapping[str, tuple[float, float]]) -> _Coordinates:
        """Choose coordinates for runs, with bounds on parameters of the law."""
        return _Coordinates.of(runs, bounds)

    def __reduce__(self) -> str:
        return "FRONTIER"  # copies and other processes refer to the one instance

    def from_params(self, params: Mapping[str, float]) -> FrontierLaw:
        """Build a law from its parameters by name."""
        return FrontierLaw.from_params(params)


FRONTIER = _Frontier()
"""The family of laws L(C) = E + A / C^alpha."""
