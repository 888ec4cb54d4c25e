"""The region of the two exponents of a law that the runs allow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chinchilla_nb.engine.uncertainty.exponent_region import ExponentRegion
from chinchilla_nb.figures.polyline import Polyline, polyline
from chinchilla_nb.figures.ticks import Axis, linear_axis

__all__ = ["ExponentRegionFigure", "exponent_region_figure"]


@dataclass(frozen=True, eq=False, slots=True)
class ExponentRegionFigure:
    """A chart of one exponent against the other.

    Attributes
    ----------
    x, y : Axis
        The exponents of N and of D.
    edge : Polyline
        The edge of the region, closed.
    fitted : Polyline
        The fitted law, one point.
    """

    x: Axis
    y: Axis
    edge: Polyline
    fitted: Polyline


def exponent_region_figure(region: ExponentRegion) -> ExponentRegionFigure:
    """Lay out the region of the two exponents of a law."""
    parameters = {parameter.name: parameter for parameter in region.laws[0].parameters}
    x, y = (
        linear_axis(name, values, f"{parameters[name].symbol}, {parameters[name].meaning}", upright=upright)
        for name, values, upright in zip(region.names, region.edge.T, (False, True), strict=True)
    )
    edge = np.vstack([region.edge, region.edge[:1]])
    return ExponentRegionFigure(x, y, polyline(*edge.T), polyline(*region.fitted[:, None]))
