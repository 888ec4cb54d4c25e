"""What is believed of a fit: laws that the runs may follow as well, and the intervals that follow from them."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, stdtrit

from chinchilla_nb.engine.conversion import as_positive_array
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.results import Fit
from chinchilla_nb.engine.laws.allocation import exponents, has_optimum, optima
from chinchilla_nb.engine.laws.family import Coordinates, Law
from chinchilla_nb.engine.runs import Runs

__all__ = ["Interval", "Uncertainty"]

Array = NDArray[Any]


@dataclass(frozen=True, eq=False, slots=True)
class Interval:
    """A value of the fitted law and the ends of its interval; arrays of one shape.

    Without an upper limit the high end is infinite, and without a lower one the low end is 0.
    """

    value: Array
    low: Array
    high: Array


@dataclass(frozen=True, eq=False)
class Uncertainty:
    """The uncertainty of a fit, as laws drawn from what the runs allow.

    Attributes
    ----------
    fit : Fit
    method : str
        How the laws were drawn.
    theta : ndarray, shape (draws, n_parameters)
        The laws in the coordinates of the fit, a law a row.
    degrees : float
        Degrees of freedom of the errors of the fit.
    failed : int
        Number of draws that are missing, because no optimum was proven.
    """

    fit: Fit
    method: str
    theta: Array
    degrees: float
    failed: int

    @functools.cached_property
    def box(self) -> Coordinates:
        """The coordinates of the draws."""
        return self.fit.problem.family.coordinates(self.fit.runs, self.fit.problem.bounds)

    @functools.cached_property
    def laws(self) -> tuple[Law, ...]:
        """The law of each draw."""
        return tuple(self.box.law(theta) for theta in self.theta)

    @functools.cached_property
    def params(self) -> Array:
        """The parameters of each draw, shape (draws, n_parameters)."""
        return np.array([list(law.as_dict().values()) for law in self.laws])

    @property
    def at_bound(self) -> int:
        """The number of draws with a parameter at the end of its range, where the refit would have gone beyond it."""
        free = self.box.lower < self.box.upper
        return int(np.any(((self.theta <= self.box.lower) | (self.theta >= self.box.upper)) & free, axis=1).sum())

    @property
    def covariance(self) -> Array:
        """The covariance of the parameters over the draws, shape (n_parameters, n_parameters)."""
        return np.cov(self.params, rowvar=False)

    @property
    def correlation(self) -> Array:
        """The correlation of the parameters over the draws; NaN for one that is fixed."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.corrcoef(self.params, rowvar=False)

    def interval(self, level: float = 0.95) -> dict[str, Interval]:
        """Return the interval of each parameter, and of a and b, the exponents of N* and D* in C, by name."""
        values = self.fit.law.as_dict()
        found = {
            name: self._interval(np.float64(values[name]), self.params[:, index], level)
            for index, name in enumerate(values)
        }
        a, b = (np.array(column) for column in zip(*(_exponents(law) for law in self.laws), strict=True))
        fitted = _exponents(self.fit.law)
        return {**found, "a": self._interval(fitted[0], a, level), "b": self._interval(fitted[1], b, level)}

    def predict_loss(self, N: ArrayLike, D: ArrayLike, level: float = 0.95) -> Interval:
        """Return the predicted loss of models of N parameters trained on D tokens; N and D broadcast."""
        N, D = np.broadcast_arrays(np.asarray(N, dtype=float), np.asarray(D, dtype=float))
        runs = Runs(N.ravel(), D.ravel(), np.ones(N.size))
        drawn = self.box.predictor(runs).at(self.theta).value * self.box.unit
        return self._interval(self.fit.law.loss(N, D), drawn.reshape(-1, *N.shape), level)

    def allocate(self, C: ArrayLike, level: float = 0.95) -> dict[str, Interval]:
        """Return N*, D*, D*/N* and the loss there for each budget of C FLOPs, by the names N, D, D_per_N and loss."""
        C = as_positive_array(C, "C")
        drawn = [_allocation(law, C) for law in self.laws]
        fitted = _allocation(self.fit.law, C)
        return {name: self._interval(fitted[name], np.array([one[name] for one in drawn]), level) for name in fitted}

    def _interval(self, value: Any, drawn: Array, level: float) -> Interval:
        low, high = self._limits(drawn, level)
        return Interval(np.asarray(value), low, high)

    def _limits(self, drawn: Array, level: float) -> tuple[Array, Array]:
        """Return the ends of the interval of values drawn, shape (draws, ...).

        The percentiles lie further out than those of the level, by as much as Student's t and the degrees of freedom
        that the parameters used up widen an interval of least squares [Hesterberg 2015, section 4.4].
        """
        if not 0 < level < 1:
            raise InputError("level", "must be between 0 and 1", got=repr(level))
        tail = (1 - level) / 2
        n_free = int(np.count_nonzero(self.box.lower < self.box.upper))
        tail = float(ndtr(np.sqrt(1 + n_free / self.degrees) * stdtrit(self.degrees, tail)))
        # A law without an optimum has N* anywhere.
        low = np.quantile(np.where(np.isnan(drawn), 0.0, drawn), tail, axis=0)
        high = np.quantile(np.where(np.isnan(drawn), np.inf, drawn), 1 - tail, axis=0, method="higher")
        return low, high


def _exponents(law: Law) -> tuple[float, float]:
    return exponents(law) if has_optimum(law) else (np.nan, np.nan)


def _allocation(law: Law, C: Array) -> dict[str, Array]:
    N, D = optima(law, C)
    with np.errstate(invalid="ignore"):
        return {"N": N, "D": D, "D_per_N": D / N, "loss": law.loss(N, D)}
