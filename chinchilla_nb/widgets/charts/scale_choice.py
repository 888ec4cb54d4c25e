"""The switch between logarithmic and linear charts, for all charts of a session."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import ipywidgets

from chinchilla_nb.session import Session
from chinchilla_nb.widgets.base.guard import Guard, guarded
from chinchilla_nb.widgets.charts.plots import Frame

__all__ = ["ScaleChoice"]

_NAMES = {"log": "Log", "linear": "Linear", "excess": "Log, L − E"}
_EXCESS = (
    "Logarithmic axes, in all panels; axes of the loss show how far it is above the irreducible loss E of the law, "
    "where its frontier is a line; charts without such an axis look as with Log"
)
_TOOLTIPS = ("Logarithmic axes, in all panels", "Linear axes, in all panels", _EXCESS)


class ScaleChoice(ipywidgets.ToggleButtons):
    """Toggles that set `Session.chart_scale` and follow it; every panel may show its own.

    Parameters
    ----------
    guard : Guard
    session : Session
    """

    def __init__(self, guard: Guard, session: Session) -> None:
        self.guard, self._session = guard, session
        options = [(name, scale) for scale, name in _NAMES.items()]
        super().__init__(options=options, value=session.chart_scale, tooltips=_TOOLTIPS)
        self.observe(self._choose, "value")

    @guarded
    def _choose(self, change: Any) -> None:
        self._session.chart_scale = change["new"]

    def rescale(self, frames: Iterable[Frame]) -> None:
        """Follow the session, and show logarithmic axes of these charts as linear ones if it says so."""
        self.follow()
        for frame in frames:
            frame.linearise(self._session.chart_scale == "linear")

    def follow(self) -> None:
        """Show the choice of the session."""
        self.value = self._session.chart_scale
