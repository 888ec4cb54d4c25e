"""The choice of starts: the objective at every start of the grid, and profiled laws as additional starts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter

from chinchilla_nb.engine.fitting.objective import Objective
from chinchilla_nb.engine.laws.family import Coordinates, Profiling, Screening
from chinchilla_nb.engine.laws.starts import StartGrid

__all__ = ["profiled_starts", "screen", "spread_sample"]

Array = NDArray[Any]

BLOCK = 1 << 20
"""Losses predicted in one block, which takes about ten milliseconds; a fit can be stopped between two blocks."""
ROUNDS = 6
"""Rounds of reweighting, after which the values of profiled laws hardly change."""
SHARPNESS = 0.3
"""Width over which kinks are smoothed while reweighting, relative to that at which a typical residual is on the edge of
the quadratic middle."""
SAME_LOSS = 1e-9
"""Relative distance between a prediction and a measured loss below which they count as equal while reweighting."""


def spread_sample(n_runs: int, size: int) -> Array:
    """Return up to `size` indices spread evenly over the runs."""
    return np.unique(np.linspace(0, n_runs - 1, min(n_runs, size)).round().astype(int))


def screen(objective: Objective, starts: StartGrid, coordinates: Coordinates) -> Array:
    """Return the objective at every start, shape (n_starts,); infinity where it overflows."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        if isinstance(objective.predictor, Screening):
            values = objective.predictor.screen(starts, objective.value_of)
        else:
            rows = max(1, BLOCK // len(objective.target))
            theta = coordinates.theta(starts.points())
            values = np.concatenate([objective.value(theta[i : i + rows]) for i in range(0, len(theta), rows)])
    return np.where(np.isfinite(values), values, np.inf)


def profiled_starts(objective: Objective, starts: StartGrid, coordinates: Coordinates) -> Array:
    """Return laws fitted at a lattice of exponents whose objective is lower than at all neighbours; the lowest first.

    If the law cannot be profiled, these are the starts of the grid.
    """
    if not isinstance(objective.predictor, Profiling):
        return coordinates.theta(starts.points())
    loss = np.exp(objective.target) if objective.loss.logarithmic else objective.target
    # To first order, an error of the logarithm is an error of the loss divided by the loss.
    weight = objective.weight / loss**2 if objective.loss.logarithmic else objective.weight
    theta, predicted = objective.predictor.profile(loss, weight)
    if np.isfinite(objective.loss.upper):
        for _ in range(ROUNDS):
            theta, predicted = objective.predictor.profile(loss, _reweighted(objective, loss, predicted))
    with np.errstate(divide="ignore", invalid="ignore"):
        values = objective.value_of(predicted)
    values = np.where(np.isfinite(values), values, np.inf)
    lowest = (values <= minimum_filter(values, size=3, mode="nearest")) & np.isfinite(values)
    return np.asarray(theta[lowest][np.argsort(values[lowest], kind="stable")])


def _reweighted(objective: Objective, loss: Array, predicted: Array) -> Array:
    """Return weights with which squared errors have the gradient of the objective, smoothed, at the predictions."""
    error = predicted - loss
    error = np.where(np.abs(error) < SAME_LOSS * loss, SAME_LOSS * loss, error)
    predicted = np.maximum(loss + error, SAME_LOSS * loss)
    residual = np.log(predicted / loss) if objective.loss.logarithmic else error
    typical = np.median(np.abs(residual), axis=-1).min()
    width = SHARPNESS * typical / min(objective.loss.lower, objective.loss.upper)
    slope = objective.weight * objective.loss.smoothed(width).slope(residual)
    return np.asarray(slope / (error * (predicted if objective.loss.logarithmic else 1.0)))
