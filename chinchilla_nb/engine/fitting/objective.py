"""The objective of a fit: the weighted mean loss over runs, with exact first and second derivatives."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.cancellation import cancellation_point
from chinchilla_nb.engine.fitting.losses import Loss, ResidualLoss
from chinchilla_nb.engine.fitting.overflow import may_overflow
from chinchilla_nb.engine.fitting.problem import Problem
from chinchilla_nb.engine.laws.family import Coordinates, Grouping, Prediction, Predictor

__all__ = ["Derivatives", "Objective", "gram"]

Array = NDArray[Any]


@dataclass(frozen=True, eq=False, slots=True)
class Derivatives:
    """The objective at theta, shape (..., p).

    Value (...), gradient (..., p), Hessian (..., p, p), residuals (..., n) and their Jacobian (..., n, p).
    """

    value: Any
    gradient: Array
    hessian: Array
    residuals: Array
    jacobian: Array


@dataclass(frozen=True, eq=False, slots=True)
class Objective:
    """Weighted mean of a loss over the runs whose weight is not zero, as a function of theta.

    Attributes
    ----------
    predictor : Predictor
        Predicts the losses of the runs, or those of m projects, each with runs of its own.
    target : ndarray, shape (n_runs,) or (m, n_runs)
        Measured losses in units of the coordinates; their logarithms for a logarithmic loss.
    weight : ndarray, shape (n_runs,) or (m, n_runs)
        Weights that add up to one. With m rows of targets or weights, as resamples have, it is m objectives, each of
        which is evaluated at its own row of theta.
    loss : Loss
        The loss, in the units of the target, divided by `scale`.
    scale : float
        Divides the objective, so that it is of moderate size whatever the unit of the losses.
    """

    predictor: Predictor
    target: Array
    weight: Array
    loss: Loss
    scale: float

    @classmethod
    def of(
        cls,
        problem: Problem,
        loss: ResidualLoss,
        coordinates: Coordinates,
        dtype: type[np.floating[Any]] = np.float64,
    ) -> Objective:
        """Return the objective of a problem in a precision, with a loss that may differ from that of the problem."""
        weight, scaled = problem.weights().astype(dtype), problem.runs.loss.astype(dtype) / coordinates.unit
        in_units = loss if loss.logarithmic else loss.in_units(coordinates.unit)
        over_all = cls(
            predictor=coordinates.predictor(problem.runs, dtype),
            target=np.log(scaled) if loss.logarithmic else scaled,
            weight=weight / weight.sum(),
            loss=in_units.divided_by(in_units.steepness),
            scale=in_units.steepness,
        )
        return over_all if weight.all() else over_all.take(np.flatnonzero(weight))

    @property
    def dtype(self) -> np.dtype[Any]:
        """The precision in which the objective is evaluated."""
        return self.target.dtype

    @property
    def measured(self) -> Array:
        """The measured losses in units of the coordinates."""
        return np.asarray(np.exp(self.target) if self.loss.logarithmic else self.target)

    def take(self, which: Array) -> Objective:
        """Return the objective for some of the runs."""
        weight = self.weight[..., which]
        return replace(
            self,
            predictor=self.predictor.take(which),
            target=self.target[..., which],
            weight=weight / weight.sum(axis=-1, keepdims=True),
            loss=self.loss.take(which),
        )

    @property
    def count(self) -> int:
        """The number of objectives."""
        return len(self.weight) if self.weight.ndim == 2 else len(self.target) if self.target.ndim == 2 else 1

    def member(self, index: int) -> Objective:
        """Return one of the objectives, over the runs that count in it."""
        one = self.members(index)
        return one.take(np.flatnonzero(one.weight))

    def members(self, which: Any) -> Objective:
        """Return some of the objectives; a single one is that of all its members."""
        if self.weight.ndim == self.target.ndim == 1:
            return self
        weight = self.weight if self.weight.ndim == 1 else self.weight[which]
        target = self.target if self.target.ndim == 1 else self.target[which]
        predictor = self.predictor.members(which) if isinstance(self.predictor, Grouping) else self.predictor
        return replace(self, predictor=predictor, weight=weight, target=target)

    def smoothed(self, width: float) -> Objective:
        """Return the objective with its kinks smoothed over a width."""
        return replace(self, loss=self.loss.smoothed(width))

    @may_overflow
    def residuals(self, theta: Array) -> Array:
        """Return the predictions minus the target, shape (..., n_runs)."""
        return self._compare(self._at(theta).value)

    @may_overflow
    def value(self, theta: Array) -> Any:
        """Return the weighted mean loss, shape (...)."""
        return self._mean(self.loss.value(self._compare(self._at(theta).value)))

    def value_of(self, prediction: Array) -> Array:
        """Return the weighted mean loss of predictions, shape (..., n_runs), which are overwritten."""
        cancellation_point()
        if self.loss.logarithmic:
            np.log(prediction, out=prediction)
        prediction -= self.target
        return np.asarray(self._mean(self.loss.value(prediction)))

    @may_overflow
    def value_and_gradient(self, theta: Array) -> tuple[Any, Array]:
        """Return the weighted mean loss and its gradient."""
        at = self._at(theta)
        r = self._compare(at.value)
        push = self.weight * self.loss.slope(r)
        if self.loss.logarithmic:
            push = push / at.value
        return self._mean(self.loss.value(r)), at.pull(push)

    @may_overflow
    def derivatives(self, theta: Array) -> Derivatives:
        """Return value, gradient and Hessian at theta, and the residuals and Jacobian they are computed from."""
        at = self._at(theta)
        r, jacobian = self._compare(at.value), self._jacobian(at)
        value, slope, curvature = self.loss.derivatives(r)
        slope = self.weight * slope
        gauss_newton = gram(jacobian, self.weight * curvature)
        return Derivatives(
            value=self._mean(value),
            gradient=(slope[..., None, :] @ jacobian)[..., 0, :],
            hessian=gauss_newton + self._residual_hessian(at, slope, jacobian),
            residuals=r,
            jacobian=jacobian,
        )

    def residual_hessian(self, theta: Array, coefficient: Array, jacobian: Array) -> Array:
        """Return the sum over runs of coefficient x Hessian of the residual, shape (p, p)."""
        return self._residual_hessian(self._at(theta), coefficient, jacobian)

    def _at(self, theta: Array) -> Prediction:
        cancellation_point()  # here, because every evaluation passes through
        return self.predictor.at(theta)

    def _mean(self, value: Array) -> Any:
        return value @ self.weight if self.weight.ndim == 1 else np.einsum("...n,...n->...", value, self.weight)

    def _compare(self, prediction: Array) -> Array:
        return (np.log(prediction) if self.loss.logarithmic else prediction) - self.target

    def _jacobian(self, at: Prediction) -> Array:
        jacobian = at.jacobian()
        if self.loss.logarithmic:
            jacobian /= at.value[..., None]
        return jacobian

    def _residual_hessian(self, at: Prediction, coefficient: Array, jacobian: Array) -> Array:
        if not self.loss.logarithmic:
            return at.curvature(coefficient)
        # The Hessian of log L is the Hessian of L over L, minus the outer product of the gradient of log L with itself.
        hessian = at.curvature(coefficient / at.value)
        hessian -= gram(jacobian, coefficient)
        return hessian


def gram(jacobian: Array, coefficient: Array) -> Array:
    """Return the sum over runs of coefficient x outer product of the row of the Jacobian, shape (..., p, p)."""
    return np.asarray(np.swapaxes(jacobian * coefficient[..., None], -1, -2) @ jacobian)
