"""Where to start: the objective at every start of the grid in one array pass, and at profiled laws beside it."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from chinchilla_nb.engine.cancellation import cancellation_point
from chinchilla_nb.engine.fitting.objective import Coordinates, Objective
from chinchilla_nb.engine.fitting.starts import StartGrid

__all__ = ["profiled_starts", "screen", "spread_sample"]

Array = NDArray[Any]

BLOCK = 1 << 20
"""Losses predicted in one go, some ten milliseconds' worth; between two of them a fit can be stopped."""
LATTICE = np.geomspace(0.05, 3.0, 10)
"""Exponents that laws are profiled at, besides those of the user's grid."""


def spread_sample(n_runs: int, size: int) -> Array:
    """Return up to `size` indices spread evenly over the runs."""
    return np.unique(np.linspace(0, n_runs - 1, min(n_runs, size)).round().astype(int))


def screen(objective: Objective, grid: StartGrid, coordinates: Coordinates) -> Array:
    """Evaluate the objective at every start, shape (n_starts,); infinity where it overflows.

    The terms A / N^alpha and B / D^beta take few distinct values over a grid, so that each is computed once.
    """
    log_E, log_A, log_B, alpha, beta = grid.log_axes()
    log_unit = np.log(coordinates.unit)
    values = np.empty([len(axis) for axis in (log_E, log_A, log_B, alpha, beta)])
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        E = np.exp(log_E - log_unit)
        A_term = _terms(log_A - log_unit, alpha, objective.x, coordinates.centre_N)
        B_term = _terms(log_B - log_unit, beta, objective.y, coordinates.centre_D)
        rows = max(1, BLOCK // B_term.size)
        firsts = range(0, len(E), rows)
        for i, k, first in itertools.product(range(len(log_A)), range(len(alpha)), firsts):
            cancellation_point()
            block = slice(first, first + rows)
            prediction = E[block, None, None, None] + (A_term[i, k] + B_term)[None]
            if objective.loss.logarithmic:
                np.log(prediction, out=prediction)
            prediction -= objective.target
            values[block, i, :, k, :] = objective.loss.value(prediction) @ objective.weight
    return np.where(np.isfinite(values), values, np.inf).reshape(-1)


def profiled_starts(objective: Objective, grid: StartGrid, coordinates: Coordinates) -> Array:
    """Fit E, A and B by least squares at a lattice of exponents; rows of theta, shape (n, 5).

    For fixed exponents a law is linear in E, A and B (variable projection, Golub and Pereyra 1973): the only
    nonlinear search is over alpha and beta, and a lattice covers that, however far the grid is from the data.
    """
    *_, alpha, beta = grid.log_axes()
    truth = np.exp(objective.target) if objective.loss.logarithmic else objective.target
    rows = []
    weight = np.sqrt(objective.weight)
    for p, q in {*itertools.product(LATTICE, LATTICE), *itertools.product(alpha, beta)}:
        cancellation_point()
        with np.errstate(over="ignore"):
            design = np.stack([np.ones_like(truth), np.exp(-p * objective.x), np.exp(-q * objective.y)], axis=1)
            size = np.linalg.norm(design, axis=0)
        if not np.isfinite(size).all():
            continue
        E, A, B = nnls(design / size * weight[:, None], truth * weight)[0] / size
        with np.errstate(divide="ignore"):
            rows.append([E, np.log(A), np.log(B), p, q])
    return np.clip(np.array(rows).reshape(-1, 5), coordinates.lower, coordinates.upper)


def _terms(log_factor: Array, exponent: Array, z: Array, centre: float) -> Array:
    """Return factor x exp(-exponent (z + centre)), shape (n_factors, n_exponents, n_runs)."""
    return np.exp(log_factor[:, None, None] - exponent[None, :, None] * (z + centre))
