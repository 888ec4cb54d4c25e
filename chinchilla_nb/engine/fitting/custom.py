"""Fits of losses the engine does not know: numeric derivatives, and a simplex for what they miss."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from chinchilla_nb.engine.fitting.losses import SQUARE, LossFunction, loss_name
from chinchilla_nb.engine.fitting.newton import Minimum
from chinchilla_nb.engine.fitting.objective import Objective
from chinchilla_nb.engine.fitting.problem import FitError, Problem
from chinchilla_nb.engine.laws.family import Coordinates
from chinchilla_nb.engine.laws.starts import StartGrid

__all__ = ["CustomObjective"]

Array = NDArray[Any]

WALK = 500
"""Evaluations of one walk of the simplex; between two of them its best is reported."""
COLLAPSED = 1e-9
"""Size of a simplex, as the change of a prediction in units of the loss, at which the walk ends."""
SMALLER = 10
"""Factor by which the simplex shrinks once it finds nothing lower."""
NO_GAIN = 1e-9
"""Relative decrease that a walk must bring for another one of the same size."""
DIFFERENCE = 6e-6
"""Step of a central difference, about the cube root of float64's rounding, which balances its two errors."""
LARGEST = 1e300
"""What an objective or a slope beyond all numbers counts as, since L-BFGS-B does not take infinity."""
ROUGHLY = {"maxiter": 300, "ftol": 1e-12, "gtol": 1e-9}
"""How far L-BFGS-B goes; the simplex does the rest."""


@dataclass(frozen=True, eq=False, slots=True)
class CustomObjective:
    """Weighted mean of any ``loss_fn(y_true, y_pred)`` over runs, as a function of theta.

    Attributes
    ----------
    squared : Objective
        The squared-error objective over the same runs: it predicts losses and finds good starts.
    unit : float
        Loss that counts as one in `squared`.
    """

    squared: Objective
    loss_fn: LossFunction
    unit: float

    @classmethod
    def of(cls, problem: Problem, coordinates: Coordinates) -> CustomObjective:
        """Set up the objective of a problem."""
        return cls(Objective.of(problem, SQUARE, coordinates), problem.loss_fn, coordinates.unit)

    def value(self, theta: Array) -> float:
        """Weighted mean loss; infinity where the loss is not a number."""
        with np.errstate(all="ignore"):
            truth = self.squared.target * self.unit
            predicted = self.squared.residuals(theta) * self.unit + truth
            try:
                losses = np.asarray(self.loss_fn(truth, predicted))
            except Exception as error:
                raise FitError(
                    loss_name(self.loss_fn),
                    f"raised {type(error).__name__}({error}) on {len(truth)} losses",
                    remedy="call it on two arrays, true and predicted losses, to see where",
                ) from error
        if losses.shape != truth.shape:
            rule = f"must return one loss per run, shape {truth.shape}"
            raise FitError(loss_name(self.loss_fn), rule, got=f"shape {losses.shape}")
        value = float(self.squared.weight @ losses.astype(float))
        return value if np.isfinite(value) else np.inf

    def screen(self, grid: StartGrid, coordinates: Coordinates) -> Iterator[float]:
        """Evaluate the objective at every start, one after the other."""
        return (self.value(theta) for theta in coordinates.theta(grid.points()))

    def optimise(self, start: Array, box: Coordinates) -> Minimum:
        """Minimise from one start with SciPy's L-BFGS-B on central differences."""
        unit = self.value(start)
        if not (np.isfinite(unit) and unit > 0):
            return Minimum(start, unit, unit == 0)
        found = minimize(
            lambda theta: min(self.value(theta) / unit, LARGEST),
            start,
            jac=_central_differences(self, box, unit),
            method="L-BFGS-B",
            bounds=np.stack([box.lower, box.upper], axis=1),
            options=ROUGHLY,
        )
        return Minimum(found.x, self.value(found.x), bool(found.success))

    def finish(self, theta: Array, box: Coordinates) -> Iterator[Minimum]:
        """Let a simplex walk on where gradients fail (a kink, a step), until it finds nothing lower.

        Yields the best minimum so far after each short walk; the last one is the answer.
        """
        at = Minimum(theta, self.value(theta), False)
        size = float(np.median(np.abs(self.squared.residuals(theta))))
        while size > COLLAPSED:
            simplex: Array | None = self._simplex(at.theta, size, box)
            before = at.value
            while simplex is not None:
                found = minimize(
                    self.value,
                    at.theta,
                    method="Nelder-Mead",
                    bounds=np.stack([box.lower, box.upper], axis=1),
                    options={"initial_simplex": simplex, "maxfev": WALK, "xatol": 1e-3 * size, "fatol": np.inf},
                )
                # A walk that was cut short goes on with its simplex.
                simplex = found.final_simplex[0] if found.status else None
                at = min(at, Minimum(found.x, found.fun, False), key=lambda minimum: float(minimum.value))
                yield at
            if before - at.value <= NO_GAIN * abs(before):
                size /= SMALLER
        yield replace(at, converged=True)

    def _simplex(self, theta: Array, size: float, box: Coordinates) -> Array:
        """Corners around theta that change the predictions by `size` each, in directions that do so independently."""
        jacobian = self.squared.derivatives(theta).jacobian / np.sqrt(len(self.squared.target))
        _, singular, directions = np.linalg.svd(jacobian, full_matrices=False)
        reach = np.minimum(size / np.maximum(singular, 1e-12), 1.0)
        corners = np.zeros((len(theta), len(theta)))
        corners[: len(reach)] = directions * reach[:, None]
        inside = np.clip(theta + corners, box.lower, box.upper)
        # A corner that the box pushes back onto theta is reflected.
        flat = np.all(inside == theta, axis=1)
        inside[flat] = np.clip(theta - corners[flat], box.lower, box.upper)
        return np.concatenate([theta[None], inside])


def _central_differences(objective: CustomObjective, box: Coordinates, unit: float) -> Callable[[Array], Array]:
    def gradient(theta: Array) -> Array:
        slope = np.zeros_like(theta)
        for index in range(len(theta)):
            step = np.zeros_like(theta)
            step[index] = DIFFERENCE * max(1.0, abs(theta[index]))
            high, low = np.minimum(theta + step, box.upper), np.maximum(theta - step, box.lower)
            width = high[index] - low[index]
            if width > 0:
                slope[index] = (objective.value(high) - objective.value(low)) / width / unit
        return np.asarray(np.clip(np.nan_to_num(slope), -LARGEST, LARGEST))

    return gradient
