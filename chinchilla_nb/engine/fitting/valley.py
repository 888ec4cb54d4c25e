"""Other optima in the same valley: laws traced along each parameter from an optimum of a strongly nonlinear problem.

Where the runs determine a law poorly, the objective is a long, curved valley, and the kinks of the residuals make many
optima along it. From one of them, single parameters are moved and held while the others follow.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.fitting.certificate import principal_directions
from chinchilla_nb.engine.fitting.newton import Minimum, newton_from_each
from chinchilla_nb.engine.fitting.objective import Objective
from chinchilla_nb.engine.laws.family import Coordinates

__all__ = ["nonlinearity", "traced"]

Array = NDArray[Any]

REACH = 3.0
"""Standard errors of a parameter combination at which nonlinearity is measured."""
RATIOS = (0.0, 0.3, 0.6, 0.8, 0.9, 0.95, 1.05, 1.1, 1.25, 1.6, 3.0)
"""Factors by which a parameter is moved."""
LEAST = 0.05
"""An exponent or irreducible loss below this is moved as if it were this large."""
TRACED_WIDTHS = (1.0, 0.2, 0.04)
"""Widths of smoothing over which the other parameters follow, relative to that for a typical residual."""
STEPS = 12
"""Most Newton steps of the other parameters at each width."""
NORMAL_MEDIAN = 1.4826
"""Ratio of the standard deviation to the median absolute value, for normal errors."""


def nonlinearity(objective: Objective, minimum: Minimum, box: Coordinates) -> float:
    """Return how far predictions bend away from straight lines within a few standard errors, relative to the way.

    This is the relative curvature of Bates and Watts (1980, Relative Curvature Measures of Nonlinearity), measured along
    the principal directions; a law determined well by its runs is well below one.
    """
    theta = minimum.theta.astype(float)
    at = objective.derivatives(theta)
    free = (theta > box.lower) & (theta < box.upper)
    T = principal_directions(objective, at, free)
    spread = NORMAL_MEDIAN * np.median(np.abs(at.residuals - np.median(at.residuals)))
    reach = REACH * float(spread) / np.sqrt(len(at.residuals))
    if not (reach > 0 and T.size):
        return 0.0
    steps = np.zeros((2 * T.shape[1], len(theta)))
    steps[:, free] = reach * np.concatenate([T.T, -T.T])
    with np.errstate(over="ignore", invalid="ignore"):
        bent = objective.residuals(theta + steps) - at.residuals - steps @ at.jacobian.T
        bends = np.sqrt(bent**2 @ objective.weight) / reach
    return float(np.nan_to_num(bends, nan=np.inf).max())


def traced(objective: Objective, minimum: Minimum, parameters: tuple[int, ...], width: float, box: Coordinates) -> Array:
    """Return laws in which one parameter was moved and held while the others followed, as rows of theta.

    Parameters
    ----------
    parameters : tuple of int
        The parameters to move.
    width : float
        Smoothing width for a typical residual.
    """
    theta = minimum.theta.astype(float)
    starts, fixed = [], []
    for index in parameters:
        for ratio in RATIOS:
            value = np.clip(max(theta[index], LEAST) * ratio, box.lower[index], box.upper[index])
            if value != theta[index]:
                starts.append(np.where(np.arange(len(theta)) == index, value, theta))
                fixed.append(np.arange(len(theta)) == index)
    rows, held = np.array(starts).reshape(-1, len(theta)), np.array(fixed).reshape(-1, len(theta))
    for share in TRACED_WIDTHS:
        if len(rows):
            smooth = objective.smoothed(share * width)
            rows = np.array([one.theta for one in newton_from_each(smooth, rows, box, STEPS, None, held)])
    return rows
