"""Fits of losses without usable derivatives: runs that depend on each other, steps, noise.

Numeric derivatives of the whole objective first, then a simplex search where they fail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from chinchilla_nb.engine.blas_threads import one_blas_thread
from chinchilla_nb.engine.fitting.elementwise import UserLoss
from chinchilla_nb.engine.fitting.losses import SQUARE
from chinchilla_nb.engine.fitting.newton import Minimum
from chinchilla_nb.engine.fitting.objective import Objective
from chinchilla_nb.engine.fitting.overflow import may_overflow
from chinchilla_nb.engine.fitting.problem import Problem
from chinchilla_nb.engine.laws.family import Coordinates, Predictor
from chinchilla_nb.engine.laws.starts import StartGrid

__all__ = ["CustomObjective"]

Array = NDArray[Any]

EVALUATIONS = 500
"""Evaluations of one Nelder-Mead call; the best minimum so far is reported after each call."""
SMALLEST_SIMPLEX = 1e-9
"""Size of a simplex, as the change of a prediction in units of the loss, at which the search ends."""
SHRINK = 10
"""Factor by which the simplex shrinks once it finds nothing lower."""
LEAST_GAIN = 1e-9
"""Relative decrease below which a search is not repeated with a simplex of the same size."""
XATOL = 1e-3
"""Size of the final simplex of a search, relative to its first one, at which Nelder-Mead has converged."""
FLATTEST, LONGEST_EDGE = 1e-12, 1.0
"""Least effect of theta on predictions that is divided by, and the longest edge of a simplex along a direction without
any."""
DIFFERENCE = 6e-6
"""Step of a central difference, about the cube root of float64's rounding, which balances its two errors."""
LARGEST = 1e300
"""Replaces an infinite objective or slope, because L-BFGS-B does not accept infinity."""
LBFGSB_OPTIONS = {"maxiter": 300, "ftol": 1e-12, "gtol": 1e-9}
"""Where L-BFGS-B stops; the simplex search continues from there."""


@dataclass(frozen=True, eq=False, slots=True)
class CustomObjective:
    """Weighted mean of any ``loss_fn(y_true, y_pred)`` over runs, as a function of theta.

    Attributes
    ----------
    squared : Objective
        The squared-error objective over the runs whose weight is not zero, for good starts.
    predictor : Predictor
        Predicts the losses of all runs.
    loss : UserLoss
    weight : ndarray, shape (n_runs,)
        Weights that add up to one.
    """

    squared: Objective
    predictor: Predictor
    loss: UserLoss
    weight: Array

    @classmethod
    def of(cls, problem: Problem, coordinates: Coordinates) -> CustomObjective:
        """Return the objective of a problem."""
        weight = problem.weights()
        return cls(
            squared=Objective.of(problem, SQUARE, coordinates),
            predictor=coordinates.predictor(problem.runs),
            loss=UserLoss.of(problem, coordinates.unit),
            weight=weight / weight.sum(),
        )

    @may_overflow
    def value(self, theta: Array) -> float:
        """Return the weighted mean loss; infinity where it is not finite."""
        losses = self.loss(self.predictor.at(theta).value - self.loss.size)
        counted = self.weight > 0
        return float(self.weight[counted] @ losses[counted])

    def screen(self, grid: StartGrid, coordinates: Coordinates) -> Iterator[float]:
        """Evaluate the objective at every start, one by one."""
        return (self.value(theta) for theta in coordinates.theta(grid.points()))

    @one_blas_thread()  # here too, because a map may run it in another process
    def optimise(self, start: Array, box: Coordinates) -> Minimum:
        """Minimise from one start with SciPy's L-BFGS-B and central differences."""
        unit = self.value(start)
        if not (np.isfinite(unit) and unit > 0):
            return Minimum(start, unit)
        found = minimize(
            lambda theta: min(self.value(theta) / unit, LARGEST),
            start,
            jac=_central_differences(self, box, unit),
            method="L-BFGS-B",
            bounds=np.stack([box.lower, box.upper], axis=1),
            options=LBFGSB_OPTIONS,
        )
        return Minimum(found.x, self.value(found.x))

    def finish(self, theta: Array, box: Coordinates) -> Iterator[Minimum]:
        """Continue with a simplex search, which also passes kinks and steps, until it finds nothing lower.

        Yields the best minimum so far after each Nelder-Mead call; the last one is the result.
        """
        at = Minimum(theta, self.value(theta))
        size = float(np.median(np.abs(self.squared.residuals(theta))))
        while size > SMALLEST_SIMPLEX and np.isfinite(at.value):
            simplex: Array | None = self._simplex(at.theta, size, box)
            before = at.value
            while simplex is not None:
                found = minimize(
                    self.value,
                    at.theta,
                    method="Nelder-Mead",
                    bounds=np.stack([box.lower, box.upper], axis=1),
                    options={"initial_simplex": simplex, "maxfev": EVALUATIONS, "xatol": XATOL * size, "fatol": np.inf},
                )
                # A search that ran out of evaluations continues with its simplex.
                simplex = found.final_simplex[0] if found.status else None
                at = min(at, Minimum(found.x, found.fun), key=lambda minimum: float(minimum.value))
                yield at
            if before - at.value <= LEAST_GAIN * abs(before):
                size /= SHRINK
        yield at

    def _simplex(self, theta: Array, size: float, box: Coordinates) -> Array:
        """Return corners around theta, each of which changes the predictions by `size` in a direction of its own."""
        jacobian = self.squared.derivatives(theta).jacobian / np.sqrt(len(self.squared.target))
        _, singular, directions = np.linalg.svd(jacobian, full_matrices=False)
        reach = np.minimum(size / np.maximum(singular, FLATTEST), LONGEST_EDGE)
        corners = np.zeros((len(theta), len(theta)))
        corners[: len(reach)] = directions * reach[:, None]
        inside = np.clip(theta + corners, box.lower, box.upper)
        # A corner that clipping to the box returns to theta is reflected.
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
