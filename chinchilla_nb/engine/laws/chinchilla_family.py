"""How L(N, D) = E + A / N^alpha + B / D^beta is fitted: coordinates, predictions and starts.

The coordinates are theta = (E, a, b, alpha, beta) in L = E + exp(a - alpha x) + exp(b - beta y), with centred
x = log N - mean and y = log D - mean, and losses in units of their geometric mean. Centring removes most of the
correlation between A and alpha (and between B and beta); the unit makes a fit independent of the scale of the loss.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.cancellation import cancellation_point
from chinchilla_nb.engine.laws.box_least_squares import box_least_squares
from chinchilla_nb.engine.laws.chinchilla import PARAMETERS, ScalingLaw
from chinchilla_nb.engine.laws.family import over_runs, summed, uncentred
from chinchilla_nb.engine.laws.known import KNOWN_LAWS
from chinchilla_nb.engine.laws.parameters import CHINCHILLA_PARAMETERS, LARGEST_EXPONENT, Parameter
from chinchilla_nb.engine.laws.starts import HOFFMANN_GRID, StartGrid
from chinchilla_nb.engine.runs import Runs

__all__ = ["CHINCHILLA", "LATTICE", "LEAST_TERM", "LOG_RANGE", "limits_in_units"]

Array = NDArray[Any]

LOG_RANGE = 40.0
"""A term below exp(-40) of the mean loss at every run counts as zero, and none exceeds exp(40) of it at the middle."""
LATTICE = np.geomspace(0.02, LARGEST_EXPONENT, 14)
"""Exponents at which laws are profiled."""
LEAST_TERM = 1e-4
"""Least share of the mean loss that a term of a profiled law has at the smallest run."""
BLOCK = 1 << 14
"""Losses predicted in one block, few enough for the cache; a fit can be stopped between two blocks."""


@dataclass(frozen=True, eq=False, slots=True)
class _Coordinates:
    """theta = (E, a, b, alpha, beta), centred and in units of the mean loss.

    Attributes
    ----------
    unit : float
        The loss that equals one in these coordinates.
    centre_N, centre_D : float
        Subtracted from log N and log D.
    lower, upper : ndarray, shape (5,)
        Bounds of theta.
    smallest : ndarray, shape (2,)
        Smallest centred log N and log D, where the terms are largest.
    """

    unit: float
    centre_N: float
    centre_D: float
    lower: Array
    upper: Array
    smallest: Array

    @classmethod
    def of(cls, runs: Runs, bounds: Mapping[str, tuple[float, float]]) -> _Coordinates:
        """Choose coordinates for runs, with bounds on parameters of the law."""
        unit = float(np.exp(np.log(runs.loss).mean()))
        # A bound on A is a box in (a, alpha) only if a = log A, that is, without centring.
        centre_N = 0.0 if "A" in bounds else float(np.log(runs.N).mean())
        centre_D = 0.0 if "B" in bounds else float(np.log(runs.D).mean())
        smallest = np.log([runs.N.min(), runs.D.min()]) - [centre_N, centre_D]
        # A term that is one at the smallest run is far smaller at the middle if its exponent is large.
        least = -LOG_RANGE + LARGEST_EXPONENT * np.minimum(smallest, 0.0)
        lower = np.array([0.0, *least, 0.0, 0.0])
        upper = np.array([runs.loss.max() / unit, LOG_RANGE, LOG_RANGE, LARGEST_EXPONENT, LARGEST_EXPONENT])
        if "A" in bounds or "B" in bounds:
            upper[1:3] += LARGEST_EXPONENT * np.log([runs.N.max(), runs.D.max()])
        for name, limits in bounds.items():
            index = PARAMETERS.index(name)
            lower[index], upper[index] = limits_in_units(CHINCHILLA_PARAMETERS[index], limits, unit)
        return cls(unit, centre_N, centre_D, lower, upper, smallest)

    def law(self, theta: Array) -> ScalingLaw:
        """Return the law at theta; A or B is zero if its term is negligible at every run."""
        E, a, b = theta[:3]
        alpha, beta = theta[3:].astype(float)
        may_vanish = self.lower[1:3] <= -LOG_RANGE
        no_A, no_B = may_vanish & (theta[1:3] - theta[3:] * self.smallest <= -LOG_RANGE)
        A = 0.0 if no_A else uncentred(a, alpha, self.centre_N, self.unit)
        B = 0.0 if no_B else uncentred(b, beta, self.centre_D, self.unit)
        return ScalingLaw(E * self.unit, A, B, alpha, beta)

    def theta(self, points: Array) -> Array:
        """Convert starts, rows of log E, log A, log B, alpha, beta, to rows of theta inside the box."""
        log_E, log_A, log_B, alpha, beta = np.moveaxis(points, -1, 0)
        log_unit = np.log(self.unit)
        with np.errstate(over="ignore"):
            E = np.exp(log_E - log_unit)
        a = log_A - log_unit - alpha * self.centre_N
        b = log_B - log_unit - beta * self.centre_D
        return np.asarray(np.clip(np.stack([E, a, b, alpha, beta], axis=-1), self.lower, self.upper))

    def predictor(self, runs: Runs, dtype: type[np.floating[Any]] = np.float64) -> _Predictor:
        """Return the predictor of the losses of runs, in a precision."""
        x, y = np.log(runs.N.astype(dtype)) - self.centre_N, np.log(runs.D.astype(dtype)) - self.centre_D
        return _Predictor(x, y, self)


def limits_in_units(parameter: Parameter, limits: tuple[float, float], unit: float) -> tuple[float, float]:
    """Return the bounds of a parameter as those of its coordinate, with losses in a unit; factors are logarithms."""
    low, high = limits
    if parameter.kind == "floor":
        return low / unit, high / unit
    if parameter.kind == "factor":
        with np.errstate(divide="ignore"):
            log_low, log_high = np.log(low / unit), np.log(high / unit)
        return max(float(log_low), -LOG_RANGE), max(float(log_high), -LOG_RANGE)
    return low, high


@dataclass(frozen=True, eq=False, slots=True)
class _Predictor:
    """Predicts E + exp(a - alpha x) + exp(b - beta y).

    Attributes
    ----------
    x, y : ndarray, shape (n_runs,) or (n_projects, n_runs)
        Centred log N and log D.
    coordinates : _Coordinates
    """

    x: Array
    y: Array
    coordinates: _Coordinates

    def at(self, theta: Array) -> _Prediction:
        """Predict at theta, shape (..., 5)."""
        E, a, b, alpha, beta = over_runs(theta)
        A_term, B_term = np.exp(a - alpha * self.x), np.exp(b - beta * self.y)
        return _Prediction(self.x, self.y, A_term, B_term, E + A_term + B_term)

    def take(self, which: Array) -> _Predictor:
        """Return the predictor for some of the runs."""
        return replace(self, x=self.x[..., which], y=self.y[..., which])

    def grouped(self, count: int) -> _Predictor:
        """Return the predictor of ``count`` projects of equal size, whose runs follow one another in this one."""
        return replace(self, x=self.x.reshape(count, -1), y=self.y.reshape(count, -1))

    def members(self, which: Any) -> _Predictor:
        """Return the predictor of some of the projects; the same for runs that are not grouped."""
        return self if self.x.ndim == 1 else replace(self, x=self.x[which], y=self.y[which])

    def screen(self, starts: StartGrid, value: Callable[[Array], Array]) -> Array:
        """Evaluate an objective at every start; each distinct A / N^alpha and B / D^beta is computed only once."""
        log_E, log_A, log_B, alpha, beta = starts.log_axes()
        log_unit = np.log(self.coordinates.unit)
        values = np.empty([len(axis) for axis in (log_E, log_A, log_B, alpha, beta)])
        E = np.exp(log_E - log_unit)
        A_term = _terms(log_A - log_unit, alpha, self.x, self.coordinates.centre_N)
        B_term = _terms(log_B - log_unit, beta, self.y, self.coordinates.centre_D)
        each = B_term[0].size
        rows_E = max(1, min(len(E), BLOCK // each))
        rows_B = max(1, BLOCK // (each * rows_E))
        blocks = itertools.product(range(0, len(E), rows_E), range(0, len(log_B), rows_B))
        for (i, k), (e, b) in itertools.product(np.ndindex(A_term.shape[:2]), list(blocks)):
            some_E, some_B = slice(e, e + rows_E), slice(b, b + rows_B)
            terms = A_term[i, k] + B_term[some_B]
            values[some_E, i, some_B, k, :] = value(E[some_E, None, None, None] + terms)
        return values.reshape(-1)

    def profile(
        self, loss: Array, weight: Array, exponents: tuple[Array, ...] | None = None, least_floor: bool = False
    ) -> tuple[Array, Array]:
        """Fit E, A and B by weighted least squares at a lattice of exponents.

        For fixed exponents the law is linear in E, A and B (variable projection, Golub and Pereyra 1973): only the
        search over alpha and beta is nonlinear, and a lattice covers it however far the start grid is from the data.
        """
        box = self.coordinates
        alpha, beta = exponents or (np.unique(np.clip(LATTICE, box.lower[i], box.upper[i])) for i in (3, 4))
        # Each term is one at the smallest run, so that none overflows.
        smallest = box.smallest
        X, Y = np.exp(-np.outer(alpha, self.x - smallest[0])), np.exp(-np.outer(beta, self.y - smallest[1]))
        weight = np.broadcast_to(weight, (len(alpha), len(beta), len(loss)))
        normal, right = _normal_equations(X, Y, loss, weight)
        grid = np.stack(np.meshgrid(alpha, beta, indexing="ij"), axis=-1)
        low, high = np.empty((*grid.shape[:2], 3)), np.empty((*grid.shape[:2], 3))
        low[..., 0], high[..., 0] = box.lower[0], box.lower[0] if least_floor else box.upper[0]
        low[..., 1:], high[..., 1:] = (np.exp(end[1:3] - grid * smallest) for end in (box.lower, box.upper))
        cancellation_point()
        E, A, B = np.moveaxis(box_least_squares(normal, right, low, high), -1, 0)
        predicted = A[..., None] * X[:, None] + E[..., None]
        predicted += B[..., None] * Y
        # A term that has vanished has no slope in log A or log B, and would never return.
        factors = np.log(np.maximum(np.stack([A, B], axis=-1), LEAST_TERM)) + grid * smallest
        rows = np.concatenate([E[..., None], factors, grid], axis=-1)
        return np.clip(rows, box.lower, box.upper), predicted


def _normal_equations(X: Array, Y: Array, loss: Array, weight: Array) -> tuple[Array, Array]:
    """Return the normal equations of loss = E + A X + B Y for each pair of rows of X and Y."""
    normal, right = np.empty((*weight.shape[:2], 3, 3)), np.empty((*weight.shape[:2], 3))
    by_X = weight @ np.stack([np.ones_like(X), X, X**2, np.broadcast_to(loss, X.shape), X * loss], axis=-1)
    by_Y = np.swapaxes(weight, 0, 1) @ np.stack([Y, Y**2, Y * loss], axis=-1)
    normal[..., 0, 0], normal[..., 1, 1], normal[..., 2, 2] = by_X[..., 0], by_X[..., 2], by_Y[..., 1].T
    normal[..., 0, 1] = normal[..., 1, 0] = by_X[..., 1]
    normal[..., 0, 2] = normal[..., 2, 0] = by_Y[..., 0].T
    normal[..., 1, 2] = normal[..., 2, 1] = np.einsum("pqn,qn->pq", weight * X[:, None], Y)
    right[..., 0], right[..., 1], right[..., 2] = by_X[..., 3], by_X[..., 4], by_Y[..., 2].T
    return normal, right


class _Prediction:
    """A prediction and the two terms that make up its value and derivatives, each of shape (..., n_runs)."""

    __slots__ = ("A_term", "B_term", "value", "x", "y")

    def __init__(self, x: Array, y: Array, A_term: Array, B_term: Array, value: Array) -> None:
        self.x, self.y, self.A_term, self.B_term, self.value = x, y, A_term, B_term, value

    def jacobian(self) -> Array:
        """Return the derivatives by E, a, b, alpha and beta."""
        # A row per parameter in memory, in which products with other arrays are fastest.
        rows = np.empty((*self.value.shape[:-1], 5, self.value.shape[-1]), dtype=self.value.dtype)
        rows[..., 0, :], rows[..., 1, :], rows[..., 2, :] = 1.0, self.A_term, self.B_term
        np.multiply(self.A_term, -self.x, out=rows[..., 3, :])
        np.multiply(self.B_term, -self.y, out=rows[..., 4, :])
        return np.swapaxes(rows, -1, -2)

    def pull(self, push: Array) -> Array:
        """Return the vector-Jacobian product: the sum over runs of push x derivatives."""
        A_push, B_push = push * self.A_term, push * self.B_term
        pulled = [push.sum(-1), A_push.sum(-1), B_push.sum(-1), -summed(A_push, self.x), -summed(B_push, self.y)]
        # This is the hot path of every L-BFGS-B step: np.stack is slower for scalars.
        return np.array(pulled) if push.ndim == 1 else np.stack(pulled, axis=-1)

    def curvature(self, push: Array) -> Array:
        """Return the sum over runs of push x second derivatives; only a and alpha, and b and beta, are coupled."""
        hessian = np.zeros((*push.shape[:-1], 5, 5), dtype=self.value.dtype)
        for term, z, factor, exponent in ((self.A_term, self.x, 1, 3), (self.B_term, self.y, 2, 4)):
            pushed = push * term
            hessian[..., factor, factor] = pushed.sum(axis=-1)
            hessian[..., factor, exponent] = hessian[..., exponent, factor] = -summed(pushed, z)
            hessian[..., exponent, exponent] = summed(pushed * z, z)
        return hessian


class _Chinchilla:
    """The family of `ScalingLaw`."""

    name = "chinchilla"
    form = "E + A/N^α + B/D^β"
    parameters = CHINCHILLA_PARAMETERS
    starts = HOFFMANN_GRID
    published = KNOWN_LAWS["Hoffmann et al. 2022"]

    def coordinates(self, runs: Runs, bounds: Mapping[str, tuple[float, float]]) -> _Coordinates:
        """Choose coordinates for runs, with bounds on parameters of the law."""
        return _Coordinates.of(runs, bounds)

    def __reduce__(self) -> str:
        return "CHINCHILLA"  # copies and other processes refer to the one instance

    def from_params(self, params: Mapping[str, float]) -> ScalingLaw:
        """Build a law from its parameters by name."""
        return ScalingLaw.from_params(params)


def _terms(log_factor: Array, exponent: Array, z: Array, centre: float) -> Array:
    """Return factor x exp(-exponent (z + centre)), shape (n_factors, n_exponents, n_runs)."""
    return np.exp(log_factor[:, None, None] - exponent[None, :, None] * (z + centre))


CHINCHILLA = _Chinchilla()
"""The family of laws L(N, D) = E + A / N^alpha + B / D^beta."""
