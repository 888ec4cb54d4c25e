"""How L(N, D) = [(N_c / N)^(alpha_N / alpha_D) + D_c / D]^alpha_D is fitted: coordinates, predictions and starts.

The coordinates are theta = (p, q, alpha_N, alpha_D) in L = (exp(p - r x) + exp(q - y))^alpha_D, with
r = alpha_N / alpha_D, centred x = log N - mean and y = log D - mean, and losses in units of their geometric mean. p and
q are the logarithms of the two terms in the middle of the runs, which the runs determine well, whereas N_c and D_c are
far extrapolations. If N_c or D_c is bounded, theta begins with log N_c and log D_c instead, so that the bounds are a
box.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.cancellation import cancellation_point
from chinchilla_nb.engine.laws.box_least_squares import box_least_squares
from chinchilla_nb.engine.laws.family import over_runs
from chinchilla_nb.engine.laws.kaplan import KAPLAN_PARAMETERS, LEAST_EXPONENT, KaplanLaw
from chinchilla_nb.engine.laws.parameters import LARGEST_EXPONENT, check_overlap
from chinchilla_nb.engine.laws.starts import StartGrid
from chinchilla_nb.engine.runs import Runs, check_losses

__all__ = ["KAPLAN"]

Array = NDArray[Any]

LOG_RANGE = 300.0
"""Range of p and q: each term lies within exp(+-300) of the sum that gives the mean loss. Raised to the power alpha_D,
which is far below one, even these extremes are moderate losses."""
LARGEST_LOG = 700.0
"""Largest log N_c and log D_c; exp(700) is just below the largest float64."""
VANISHED = 1e-12
"""A term that changes the loss of no run by more than this share of it, near its rounding, counts as zero."""
FAR = 6.0
"""Logarithm of the largest ratio of a loss to the geometric mean for which N_c must be a number; a mean far from one
raises the lower end of the exponents for that."""
LEAST_LOSS, LARGEST_LOSS = 1e-12, 1e12
"""Losses beyond these are refused: a law with exponents near the published 0.08 would need N_c and D_c beyond float64
to predict them."""
LATTICE = np.geomspace(0.02, LARGEST_EXPONENT, 16)
"""Exponents at which laws are profiled."""
LEAST_TERM = 1e-6
"""Least share of L^(1 / alpha_D) that a term of a profiled law has at the run where its share is largest."""


@dataclass(frozen=True, eq=False, slots=True)
class _Coordinates:
    """theta = (p, q, alpha_N, alpha_D), or (log N_c, log D_c, alpha_N, alpha_D) if direct.

    Attributes
    ----------
    unit : float
        The loss that equals one in these coordinates.
    centre_N, centre_D : float
        Subtracted from log N and log D.
    lower, upper : ndarray, shape (4,)
        Bounds of theta.
    direct : bool
        Whether theta begins with log N_c and log D_c.
    x_ends, y_ends : tuple of float
        Smallest and largest centred log N and log D of the runs.
    """

    unit: float
    centre_N: float
    centre_D: float
    lower: Array
    upper: Array
    direct: bool
    x_ends: tuple[float, float]
    y_ends: tuple[float, float]

    @classmethod
    def of(cls, runs: Runs, bounds: Mapping[str, tuple[float, float]]) -> _Coordinates:
        """Choose coordinates for runs, with bounds on parameters of the law."""
        check_losses(runs.loss, LEAST_LOSS, LARGEST_LOSS, "for law='kaplan', which has no factor of the loss")
        unit = float(np.exp(np.log(runs.loss).mean()))
        direct = "N_c" in bounds or "D_c" in bounds
        scale = LARGEST_LOG if direct else LOG_RANGE
        # log N_c is about (log of a loss) / alpha_N, and log D_c likewise.
        least = max(LEAST_EXPONENT, (abs(np.log(unit)) + FAR) / LARGEST_LOG)
        lower = np.array([-scale, -scale, least, least])
        upper = np.array([scale, scale, LARGEST_EXPONENT, LARGEST_EXPONENT])
        for index, parameter in enumerate(KAPLAN_PARAMETERS):
            if parameter.name in bounds:
                with np.errstate(divide="ignore"):
                    limits = np.log(bounds[parameter.name]) if parameter.log_name else bounds[parameter.name]
                ends = lower[index], upper[index]
                check_overlap(
                    parameter.name, bounds[parameter.name], np.exp(ends).tolist() if parameter.log_name else ends
                )
                lower[index], upper[index] = np.clip(limits, *ends)
        centre_N, centre_D = float(np.log(runs.N).mean()), float(np.log(runs.D).mean())
        x_ends, y_ends = _ends(np.log(runs.N) - centre_N), _ends(np.log(runs.D) - centre_D)
        return cls(unit, centre_N, centre_D, lower, upper, direct, x_ends, y_ends)

    def scales(self, theta: Array) -> tuple[Array, Array]:
        """Return log N_c and log D_c at theta."""
        first, second, alpha_N, alpha_D = np.moveaxis(theta, -1, 0)
        if self.direct:
            return first, second
        log_unit = np.log(self.unit) / alpha_D
        return self.centre_N + (first + log_unit) * alpha_D / alpha_N, self.centre_D + second + log_unit

    def middle(self, log_N_c: Array, log_D_c: Array, alpha_N: Array, alpha_D: Array) -> tuple[Array, Array]:
        """Return p and q: the logarithms of the two terms in the middle of the runs."""
        log_unit = np.log(self.unit) / alpha_D
        return alpha_N / alpha_D * (log_N_c - self.centre_N) - log_unit, log_D_c - self.centre_D - log_unit

    def law(self, theta: Array) -> KaplanLaw:
        """Return the law at theta."""
        theta = np.concatenate([theta[:2], theta[2:].astype(float)])  # with the exponents as the law has them
        log_N_c, log_D_c = self.scales(theta)
        p, q = self.middle(log_N_c, log_D_c, *theta[2:])
        N_c, D_c = np.exp(np.clip([log_N_c, log_D_c], -LARGEST_LOG, LARGEST_LOG))
        ratio, alpha_D = theta[2] / theta[3], theta[3]
        # The largest logarithm of the ratio of the two terms that any run can have; d log L = alpha_D d log(U + V).
        most_N = (p - ratio * self.x_ends[0]) - (q - self.y_ends[1])
        most_D = (q - self.y_ends[0]) - (p - ratio * self.x_ends[1])
        least = np.log(VANISHED / alpha_D)
        return KaplanLaw(0.0 if most_N < least else N_c, 0.0 if most_D < least else D_c, *theta[2:])

    def theta(self, points: Array) -> Array:
        """Convert starts, rows of log N_c, log D_c, alpha_N, alpha_D, to rows of theta inside the box."""
        log_N_c, log_D_c, alpha_N, alpha_D = np.moveaxis(points, -1, 0)
        alpha_N = np.clip(alpha_N, self.lower[2], self.upper[2])
        alpha_D = np.clip(alpha_D, self.lower[3], self.upper[3])
        first, second = log_N_c, log_D_c
        if not self.direct:
            first, second = self.middle(log_N_c, log_D_c, alpha_N, alpha_D)
        return np.asarray(np.clip(np.stack([first, second, alpha_N, alpha_D], axis=-1), self.lower, self.upper))

    def predictor(self, runs: Runs, dtype: type[np.floating[Any]] = np.float64) -> _Predictor:
        """Return the predictor of the losses of runs, in a precision."""
        x, y = np.log(runs.N.astype(dtype)) - self.centre_N, np.log(runs.D.astype(dtype)) - self.centre_D
        return _Predictor(x, y, self)


@dataclass(frozen=True, eq=False, slots=True)
class _Predictor:
    """Predicts (exp(p - r x) + exp(q - y))^alpha_D.

    Attributes
    ----------
    x, y : ndarray, shape (n_runs,)
        Centred log N and log D.
    coordinates : _Coordinates
    """

    x: Array
    y: Array
    coordinates: _Coordinates

    def at(self, theta: Array) -> _Prediction | _DirectPrediction:
        """Predict at theta, shape (..., 4)."""
        if not self.coordinates.direct:
            return _Prediction(self.x, self.y, theta)
        middle = self.coordinates.middle(*np.moveaxis(theta, -1, 0))
        inner = np.concatenate([np.stack(middle, axis=-1), theta[..., 2:]], axis=-1)
        return _DirectPrediction(_Prediction(self.x, self.y, inner), theta, self.coordinates)

    def take(self, which: Array) -> _Predictor:
        """Return the predictor for some of the runs."""
        return replace(self, x=self.x[..., which], y=self.y[..., which])

    def grouped(self, count: int) -> _Predictor:
        """Return the predictor of ``count`` projects of equal size, whose runs follow one another in this one."""
        return replace(self, x=self.x.reshape(count, -1), y=self.y.reshape(count, -1))

    def members(self, which: Any) -> _Predictor:
        """Return the predictor of some of the projects; the same for runs that are not grouped."""
        return self if self.x.ndim == 1 else replace(self, x=self.x[which], y=self.y[which])

    def profile(
        self, loss: Array, weight: Array, exponents: tuple[Array, ...] | None = None, least_floor: bool = False
    ) -> tuple[Array, Array]:
        """Fit the two terms by weighted least squares at a lattice of exponents.

        For fixed exponents L^(1 / alpha_D) is linear in the sizes of the terms (variable projection, Golub and Pereyra
        1973). Errors are weighted by dL / dL^(1 / alpha_D), so that the errors of L are minimised to first order.
        """
        del least_floor  # this law has no irreducible loss
        box = self.coordinates
        cancellation_point()
        axes = exponents or (np.unique(np.clip(LATTICE, box.lower[i], box.upper[i])) for i in (2, 3))
        alpha_N, alpha_D = np.meshgrid(*axes, indexing="ij")
        # The terms relative to L^(1 / alpha_D), each one at the run where it is largest.
        log_S = np.log(loss) / alpha_D[..., None]
        log_terms = np.stack(np.broadcast_arrays(-(alpha_N / alpha_D)[..., None] * self.x - log_S, -self.y - log_S))
        largest = log_terms.max(axis=-1)
        U, V = np.exp(log_terms - largest[..., None])
        scale = np.broadcast_to(weight, U.shape) * (alpha_D[..., None] * loss) ** 2
        normal, right = np.empty((*alpha_N.shape, 2, 2)), np.empty((*alpha_N.shape, 2))
        normal[..., 0, 0], normal[..., 1, 1] = np.sum(scale * U**2, axis=-1), np.sum(scale * V**2, axis=-1)
        normal[..., 0, 1] = normal[..., 1, 0] = np.sum(scale * U * V, axis=-1)
        right[..., 0], right[..., 1] = np.sum(scale * U, axis=-1), np.sum(scale * V, axis=-1)
        ends = (
            np.stack(np.broadcast_arrays(*self._terms_at(end, alpha_N, alpha_D)), -1) for end in (box.lower, box.upper)
        )
        shift = np.moveaxis(largest, 0, -1)
        low, high = (np.exp(np.clip(end + shift, -LARGEST_LOG, LARGEST_LOG)) for end in ends)
        F, G = np.moveaxis(box_least_squares(normal, right, low, high), -1, 0)
        with np.errstate(divide="ignore"):
            predicted = loss * (F[..., None] * U + G[..., None] * V) ** alpha_D[..., None]
        p, q = np.log(np.maximum([F, G], LEAST_TERM)) - largest
        first, second = (
            (p, q) if not box.direct else replace(box, direct=False).scales(np.stack([p, q, alpha_N, alpha_D], -1))
        )
        return np.clip(np.stack([first, second, alpha_N, alpha_D], axis=-1), box.lower, box.upper), predicted

    def _terms_at(self, ends: Array, alpha_N: Array, alpha_D: Array) -> tuple[Array, Array]:
        """Return p and q at an end of the box, for each pair of exponents."""
        first, second = ends[:2]
        return self.coordinates.middle(first, second, alpha_N, alpha_D) if self.coordinates.direct else (first, second)


class _Prediction:
    """The prediction at theta = (p, q, alpha_N, alpha_D).

    Derivatives follow from log L = alpha_D log(U + V) by dL = L dlog L; u = U / (U + V) and v = V / (U + V) are the
    shares of the two terms.
    """

    __slots__ = ("_log_S", "_r", "_u", "_v", "alpha_D", "value", "x")

    def __init__(self, x: Array, y: Array, theta: Array) -> None:
        p, q, alpha_N, alpha_D = over_runs(theta)
        self.x, self.alpha_D, self._r = x, alpha_D, alpha_N / alpha_D
        log_U, log_V = p - self._r * x, q - y
        self._log_S = np.logaddexp(log_U, log_V)
        self._u, self._v = np.exp(log_U - self._log_S), np.exp(log_V - self._log_S)
        self.value = np.exp(alpha_D * self._log_S)

    def _slopes(self) -> Array:
        """Return the derivatives of log L, shape (..., n_runs, 4)."""
        u, xu = self._u, self.x * self._u
        return np.stack([self.alpha_D * u, self.alpha_D * self._v, -xu, self._log_S + self._r * xu], axis=-1)

    def jacobian(self) -> Array:
        """Return the derivatives by p, q, alpha_N and alpha_D."""
        return np.asarray(self.value[..., None] * self._slopes())

    def pull(self, push: Array) -> Array:
        """Return the vector-Jacobian product: the sum over runs of push x derivatives."""
        return np.asarray(((push * self.value)[..., None, :] @ self._slopes())[..., 0, :])

    def curvature(self, push: Array) -> Array:
        """Return the sum over runs of push x second derivatives."""
        w = push * self.value
        slopes = self._slopes()
        hessian = np.swapaxes(slopes * w[..., None], -1, -2) @ slopes
        # The derivative of u by p is uv; all others follow from it by the chain rule.
        shift, r, alpha_D = w * self._u * self._v, np.squeeze(self._r, -1), np.squeeze(self.alpha_D, -1)
        moment = [(shift * power).sum(axis=-1) for power in (np.ones_like(self.x), self.x, self.x**2)]
        u, v = (w * self._u).sum(axis=-1), (w * self._v).sum(axis=-1)
        second = np.zeros_like(hessian)
        second[..., 0, 0] = second[..., 1, 1] = alpha_D * moment[0]
        second[..., 0, 1] = -alpha_D * moment[0]
        second[..., 0, 2], second[..., 1, 2] = -moment[1], moment[1]
        second[..., 0, 3], second[..., 1, 3] = u + r * moment[1], v - r * moment[1]
        second[..., 2, 2] = moment[2] / alpha_D
        second[..., 2, 3] = -r * moment[2] / alpha_D
        second[..., 3, 3] = r**2 * moment[2] / alpha_D
        upper = np.triu(second, 1)
        return np.asarray(hessian + second + np.swapaxes(upper, -1, -2))


class _DirectPrediction:
    """The prediction at theta = (log N_c, log D_c, alpha_N, alpha_D), by the chain rule from `_Prediction`."""

    def __init__(self, inner: _Prediction, theta: Array, coordinates: _Coordinates) -> None:
        self._inner, self.value = inner, inner.value
        n, _, alpha_N, alpha_D = np.moveaxis(theta, -1, 0)
        self._r, self._alpha_D = alpha_N / alpha_D, alpha_D
        self._n, self._log_unit = n - coordinates.centre_N, np.log(coordinates.unit)

    def _inner_by_theta(self) -> Array:
        """Return the derivatives of p, q, alpha_N, alpha_D by theta, shape (..., 4, 4)."""
        r, alpha_D, n = self._r, self._alpha_D, self._n
        change = np.zeros((*np.shape(r), 4, 4), dtype=self.value.dtype)
        change[..., range(4), range(4)] = 1
        change[..., 0, 0], change[..., 0, 2] = r, n / alpha_D
        change[..., 1, 3] = self._log_unit / alpha_D**2
        change[..., 0, 3] = -r * n / alpha_D + change[..., 1, 3]
        return change

    def jacobian(self) -> Array:
        """Return the derivatives by log N_c, log D_c, alpha_N and alpha_D."""
        return np.asarray(self._inner.jacobian() @ self._inner_by_theta())

    def pull(self, push: Array) -> Array:
        """Return the vector-Jacobian product: the sum over runs of push x derivatives."""
        return np.asarray((self._inner.pull(push)[..., None, :] @ self._inner_by_theta())[..., 0, :])

    def curvature(self, push: Array) -> Array:
        """Return the sum over runs of push x second derivatives."""
        change, pulled = self._inner_by_theta(), self._inner.pull(push)
        r, alpha_D, n = self._r, self._alpha_D, self._n
        p, q = pulled[..., 0], pulled[..., 1]
        second = np.zeros_like(change)
        second[..., 0, 2] = p / alpha_D
        second[..., 0, 3] = -p * r / alpha_D
        second[..., 2, 3] = -p * n / alpha_D**2
        second[..., 3, 3] = (2 * p * r * n / alpha_D**2) - 2 * (p + q) * self._log_unit / alpha_D**3
        curved = second + np.swapaxes(np.triu(second, 1), -1, -2)
        return np.asarray(np.swapaxes(change, -1, -2) @ self._inner.curvature(push) @ change + curved)


def _ends(values: Array) -> tuple[float, float]:
    return float(values.min()), float(values.max())


class _Kaplan:
    """The family of `KaplanLaw`."""

    name = "kaplan"
    form = "[(N_c/N)^(α_N/α_D) + D_c/D]^α_D"
    parameters = KAPLAN_PARAMETERS
    starts = StartGrid(
        {
            "log_N_c": (20.0, 30.0, 40.0),
            "log_D_c": (20.0, 30.0, 40.0),
            "alpha_N": (0.05, 0.1, 0.2, 0.4),
            "alpha_D": (0.05, 0.1, 0.2, 0.4),
        },
        KAPLAN_PARAMETERS,
    )
    """Around the published law."""
    published = KaplanLaw(N_c=6.4e13, D_c=1.8e13, alpha_N=0.076, alpha_D=0.103)
    """Kaplan et al. 2020, table 2."""

    def coordinates(self, runs: Runs, bounds: Mapping[str, tuple[float, float]]) -> _Coordinates:
        """Choose coordinates for runs, with bounds on parameters of the law."""
        return _Coordinates.of(runs, bounds)

    def __reduce__(self) -> str:
        return "KAPLAN"  # copies and other processes refer to the one instance

    def from_params(self, params: Mapping[str, float]) -> KaplanLaw:
        """Build a law from its parameters by name."""
        return KaplanLaw.from_params(params)


KAPLAN = _Kaplan()
"""The family of laws L(N, D) = [(N_c / N)^(alpha_N / alpha_D) + D_c / D]^alpha_D."""
