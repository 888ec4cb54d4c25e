"""The profile of a parameter: how much worse the best law is at each value, and what it says of the optimum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chinchilla_nb.engine.uncertainty.profile_curve import ProfileCurve
from chinchilla_nb.figures.polyline import NOTHING, Polyline, polyline
from chinchilla_nb.figures.ticks import Axis, linear_axis, log_axis
from chinchilla_nb.quantity import scientific

__all__ = ["ProfileFigure", "profile_figure"]

HIGHEST = 2.0
"""Upper end of the axis of standard errors, in units of the line of the interval: what is far above it is cut off."""


@dataclass(frozen=True, eq=False, slots=True)
class ProfileFigure:
    """Two charts over the values of a parameter.

    Attributes
    ----------
    x : Axis
        The parameter.
    errors_axis : Axis
    errors : Polyline
        Distance of the best law at each value from the fit, in standard errors.
    limit : Polyline
        The distance at which the 95 % interval ends, from one side of the chart to the other.
    N_axis : Axis or None
        None if no law of the profile has an optimum at the budget.
    N : Polyline
        N* at the budget along the profile, as far as there is one.
    """

    x: Axis
    errors_axis: Axis
    errors: Polyline
    limit: Polyline
    N_axis: Axis | None
    N: Polyline


def profile_figure(curve: ProfileCurve, C: float) -> ProfileFigure:
    """Lay out the profile of a parameter, with N* at a budget of C FLOPs along it."""
    symbols = {parameter.name: f"{parameter.symbol}, {parameter.meaning}" for parameter in curve.laws[0].parameters}
    x = linear_axis(curve.name, curve.values, symbols[curve.name])
    errors = np.abs(curve.errors)
    top = min(float(errors.max()), HIGHEST * curve.quantile)
    N = curve.optimal_N(C)
    known = np.isfinite(N)
    return ProfileFigure(
        x=x,
        errors_axis=linear_axis(
            "errors", [0.0, max(top, 1.1 * curve.quantile)], "Distance (std. errors)", upright=True
        ),
        errors=polyline(curve.values, errors),
        limit=polyline([x.low, x.high], [curve.quantile, curve.quantile]),
        N_axis=log_axis("N", N[known], f"N* at {scientific(C)} FLOPs") if known.any() else None,
        N=polyline(curve.values[known], N[known]) if known.any() else NOTHING,
    )
