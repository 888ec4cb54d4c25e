"""The function a fit minimises: the weighted mean loss over runs, with exact first and second derivatives.

Coordinates are theta = (E, a, b, alpha, beta) of L = E + exp(a - alpha x) + exp(b - beta y) with centred
x = log N - mean and y = log D - mean, and losses in units of their geometric mean. Centring takes out most of the
correlation between A and alpha (and B and beta); the unit makes a fit independent of how the loss is measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.cancellation import cancellation_point
from chinchilla_nb.engine.fitting.losses import ResidualLoss
from chinchilla_nb.engine.laws.chinchilla import PARAMETERS, ScalingLaw
from chinchilla_nb.engine.runs import Runs

__all__ = ["Coordinates", "Derivatives", "Objective"]

Array = NDArray[Any]

LOG_RANGE = 40.0
"""A and B may shrink to exp(-40) of the mean loss before they count as zero, or grow as far above it."""
LARGEST_EXPONENT = 10.0


@dataclass(frozen=True, eq=False, slots=True)
class Coordinates:
    """The change of variables between a law and theta, and the box that theta stays in.

    Attributes
    ----------
    unit : float
        Loss that counts as one.
    centre_N, centre_D : float
        What is taken off log N and log D.
    lower, upper : ndarray, shape (5,)
        Bounds of theta.
    """

    unit: float
    centre_N: float
    centre_D: float
    lower: Array
    upper: Array

    @classmethod
    def of(cls, runs: Runs, bounds: Mapping[str, tuple[float, float]]) -> Coordinates:
        """Choose coordinates for runs, with limits of single parameters of the law."""
        unit = float(np.exp(np.log(runs.loss).mean()))
        # A limit on A is a box in (a, alpha) only where a = log A, that is without centring.
        centre_N = 0.0 if "A" in bounds else float(np.log(runs.N).mean())
        centre_D = 0.0 if "B" in bounds else float(np.log(runs.D).mean())
        lower = np.array([0.0, -LOG_RANGE, -LOG_RANGE, 0.0, 0.0])
        upper = np.array([runs.loss.max() / unit, LOG_RANGE, LOG_RANGE, LARGEST_EXPONENT, LARGEST_EXPONENT])
        if "A" in bounds or "B" in bounds:
            upper[1:3] += LARGEST_EXPONENT * np.log([runs.N.max(), runs.D.max()])
        for name, limits in bounds.items():
            lower[PARAMETERS.index(name)], upper[PARAMETERS.index(name)] = _in_units(name, limits, unit)
        return cls(unit, centre_N, centre_D, lower, upper)

    def law(self, theta: Array) -> ScalingLaw:
        """Return the law at theta; A or B is zero at the end of its range."""
        E, a, b, alpha, beta = theta
        A = 0.0 if a <= -LOG_RANGE else np.exp(a + alpha * self.centre_N) * self.unit
        B = 0.0 if b <= -LOG_RANGE else np.exp(b + beta * self.centre_D) * self.unit
        return ScalingLaw(E * self.unit, A, B, alpha, beta)

    def theta(self, points: Array) -> Array:
        """Turn starts, rows of log E, log A, log B, alpha, beta, into rows of theta inside the box."""
        log_E, log_A, log_B, alpha, beta = np.moveaxis(points, -1, 0)
        log_unit = np.log(self.unit)
        with np.errstate(over="ignore"):
            E = np.exp(log_E - log_unit)
        a = log_A - log_unit - alpha * self.centre_N
        b = log_B - log_unit - beta * self.centre_D
        return np.asarray(np.clip(np.stack([E, a, b, alpha, beta], axis=-1), self.lower, self.upper))


@dataclass(frozen=True, eq=False, slots=True)
class Derivatives:
    """The objective at one theta: value, gradient (5,), Hessian (5, 5), residuals (n,) and their Jacobian (n, 5)."""

    value: Any
    gradient: Array
    hessian: Array
    residuals: Array
    jacobian: Array


@dataclass(frozen=True, eq=False, slots=True)
class Objective:
    """Weighted mean of a loss over runs, as a function of theta.

    Attributes
    ----------
    x, y : ndarray, shape (n_runs,)
        Centred log N and log D.
    target : ndarray, shape (n_runs,)
        Loss in units of its geometric mean, or its logarithm for logarithmic losses.
    weight : ndarray, shape (n_runs,)
        Weights that add up to one.
    loss : ResidualLoss
        In the same units as the target.
    """

    x: Array
    y: Array
    target: Array
    weight: Array
    loss: ResidualLoss

    @classmethod
    def of(cls, runs: Runs, loss: ResidualLoss, weight: Array, coordinates: Coordinates) -> Objective:
        """Set up the objective for runs; `weight` has one positive number per run."""
        scaled = runs.loss / coordinates.unit
        return cls(
            x=np.log(runs.N) - coordinates.centre_N,
            y=np.log(runs.D) - coordinates.centre_D,
            target=np.log(scaled) if loss.logarithmic else scaled,
            weight=weight / weight.sum(),
            loss=loss if loss.logarithmic else loss.in_units(coordinates.unit),
        )

    def take(self, which: Array) -> Objective:
        """Return the objective over some of the runs."""
        weight = self.weight[which]
        return replace(self, x=self.x[which], y=self.y[which], target=self.target[which], weight=weight / weight.sum())

    def astype(self, dtype: type[np.floating[Any]]) -> Objective:
        """Return the objective evaluated in another precision."""
        arrays = {name: getattr(self, name).astype(dtype) for name in ("x", "y", "target", "weight")}
        return replace(self, **arrays)

    def smoothed(self, width: float) -> Objective:
        """Return the objective with kinks rounded off over this width."""
        return replace(self, loss=self.loss.smoothed(width))

    def residuals(self, theta: Array) -> Array:
        """Prediction minus truth, in units of the target."""
        return self._compare(sum(self._terms(theta), start=theta[0]))

    def _terms(self, theta: Array) -> tuple[Array, Array]:
        """A / N^alpha and B / D^beta of each run."""
        cancellation_point()  # here, as no evaluation does without these
        return np.exp(theta[1] - theta[3] * self.x), np.exp(theta[2] - theta[4] * self.y)

    def _compare(self, prediction: Array) -> Array:
        return (np.log(prediction) if self.loss.logarithmic else prediction) - self.target

    def value(self, theta: Array) -> Any:
        """Weighted mean loss."""
        return self.weight @ self.loss.value(self.residuals(theta))

    def value_and_gradient(self, theta: Array) -> tuple[Any, Array]:
        """Weighted mean loss and its gradient."""
        A_term, B_term = self._terms(theta)
        prediction = theta[0] + A_term + B_term
        r = self._compare(prediction)
        value = self.weight @ self.loss.value(r)
        push = self.weight * self.loss.slope(r)
        if self.loss.logarithmic:
            push = push / prediction
        push_A, push_B = push * A_term, push * B_term
        return value, np.array([push.sum(), push_A.sum(), push_B.sum(), -(push_A @ self.x), -(push_B @ self.y)])

    def derivatives(self, theta: Array) -> Derivatives:
        """Value, gradient and Hessian, with the residuals and Jacobian they are made of."""
        A_term, B_term = self._terms(theta)
        prediction = theta[0] + A_term + B_term
        r = self._compare(prediction)
        jacobian = np.stack([np.ones_like(A_term), A_term, B_term, -self.x * A_term, -self.y * B_term], axis=1)
        if self.loss.logarithmic:
            jacobian /= prediction[:, None]
        slope = self.weight * self.loss.slope(r)
        gauss_newton = (jacobian * (self.weight * self.loss.curvature(r))[:, None]).T @ jacobian
        return Derivatives(
            value=self.weight @ self.loss.value(r),
            gradient=slope @ jacobian,
            hessian=gauss_newton + self.residual_hessian(theta, slope, jacobian),
            residuals=r,
            jacobian=jacobian,
        )

    def residual_hessian(self, theta: Array, coefficient: Array, jacobian: Array) -> Array:
        """Sum over runs of coefficient x Hessian of the residual, shape (5, 5)."""
        A_term, B_term = self._terms(theta)
        hessian = np.zeros((5, 5), dtype=A_term.dtype)
        scaled = coefficient / (theta[0] + A_term + B_term) if self.loss.logarithmic else coefficient
        for term, z, factor, exponent in ((A_term, self.x, 1, 3), (B_term, self.y, 2, 4)):
            push = scaled * term
            hessian[factor, factor] = push.sum()
            hessian[factor, exponent] = hessian[exponent, factor] = -(push @ z)
            hessian[exponent, exponent] = (push * z) @ z
        if self.loss.logarithmic:
            hessian -= (jacobian * coefficient[:, None]).T @ jacobian
        return hessian


def _in_units(name: str, limits: tuple[float, float], unit: float) -> tuple[float, float]:
    low, high = limits
    if name == "E":
        return low / unit, high / unit
    if name in ("A", "B"):
        with np.errstate(divide="ignore"):
            log_low, log_high = np.log(low / unit), np.log(high / unit)
        return max(float(log_low), -LOG_RANGE), float(log_high)
    return low, high
