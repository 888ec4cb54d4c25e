"""Widths over which a loss is smoothed, so that its minima can be followed from few smooth ones to the loss itself."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.fitting.newton import newton
from chinchilla_nb.engine.fitting.objective import Objective
from chinchilla_nb.engine.laws.family import Coordinates

__all__ = ["smoothing_widths", "typical_width", "widths_from"]

Array = NDArray[Any]

NO_RESIDUAL = 1e-9
"""Smallest typical residual, in units of the loss: used for runs that follow a law exactly."""
WIDEST = 5.0
"""Least first width, relative to that at which a typical residual is on the edge of the quadratic middle; it covers
twice the mean residual too, so that minima can be found from where most residuals are large."""
STEPS = 40
"""Most Newton steps by which the optimum is found whose residuals decide on the last width."""
NARROWER = 0.2
"""Factor from one width to the next."""
NARROWEST, FEWEST = 1e-2, 100
"""The last width is this share of the typical one, divided by the number of runs or by 100 if there are fewer: hardly a
residual is in the quadratic middle then that does not belong there."""


def typical_width(objective: Objective, theta: Array) -> float:
    """Return the width at which a typical residual lies on the edge of the quadratic middle."""
    if objective.loss.is_quadratic:
        return objective.loss.width
    typical = max(float(np.median(np.abs(objective.residuals(theta)))), NO_RESIDUAL)
    return max(objective.loss.width_of(typical), objective.loss.width)


def smoothing_widths(objective: Objective, theta: Array, box: Coordinates) -> tuple[float, ...]:
    """Return the widths, from one that covers the residuals at theta to that of the loss itself or nearly a kink."""
    if objective.loss.is_quadratic:
        return (objective.loss.width,)
    mean = float(objective.weight @ np.abs(objective.residuals(theta)))
    widest = max(WIDEST * typical_width(objective, theta), objective.loss.width_of(2 * mean), objective.loss.width)
    # Residuals near an optimum may be far smaller than those at theta.
    optimum = newton(objective.smoothed(widest), theta, box, STEPS)
    return widths_from(widest, objective, typical_width(objective, optimum.theta))


def widths_from(widest: float, objective: Objective, typical: float) -> tuple[float, ...]:
    """Return the widths from one on, given that at which a typical residual is on the edge of the quadratic middle."""
    narrowest = max(objective.loss.width, typical * NARROWEST / max(objective.target.shape[-1], FEWEST))
    widths = [widest]
    while widths[-1] > narrowest:
        widths.append(max(widths[-1] * NARROWER, narrowest))
    return tuple(widths)
