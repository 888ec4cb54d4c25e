"""How charts of a session are scaled: one choice for all panels."""

from __future__ import annotations

from typing import Literal

import traitlets

__all__ = ["CHART_SCALES", "ChartScale", "Scale"]

Scale = Literal["log", "linear", "excess"]
CHART_SCALES: tuple[Scale, ...] = ("log", "linear", "excess")
"""The choices of `ChartScale.chart_scale`."""


class ChartScale(traitlets.HasTraits):
    """The scale of the charts of a session.

    Attributes
    ----------
    chart_scale : str
        ``"log"``; ``"linear"``; or ``"excess"``: logarithmic, with the loss as L - E, on which the frontier of a law is
        a line.
    """

    chart_scale: traitlets.Enum[Scale] = traitlets.Enum(CHART_SCALES, "log")
