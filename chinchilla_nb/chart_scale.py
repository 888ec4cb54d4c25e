"""How charts of a session are scaled: one choice for all panels."""

from __future__ import annotations

from typing import Literal

import traitlets

__all__ = ["ChartScale"]


class ChartScale(traitlets.HasTraits):
    """The scale of the charts of a session.

    Attributes
    ----------
    chart_scale : str
        ``"log"``; ``"linear"``; or ``"excess"``: logarithmic, with the loss as L - E, on which the frontier of a law is
        a line.
    """

    chart_scale: traitlets.Enum[Literal["log", "linear", "excess"]] = traitlets.Enum(("log", "linear", "excess"), "log")
