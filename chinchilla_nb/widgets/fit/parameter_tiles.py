"""The parameters of a law as tiles, each with its interval, which opens the parameter's profile."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import ipywidgets

from chinchilla_nb.engine.fitting.fit import Fit
from chinchilla_nb.engine.laws.parameters import Parameter
from chinchilla_nb.engine.uncertainty.interval import Interval
from chinchilla_nb.figures import LEVEL
from chinchilla_nb.quantity import interval_text, percent
from chinchilla_nb.widgets.base.guard import Guard, guarded
from chinchilla_nb.widgets.base.style import tile_content

__all__ = ["ParameterTiles"]


class ParameterTiles(ipywidgets.Box):
    """A tile for each parameter: its name, its value and its interval, and a lock if it was fixed or limited.

    Parameters
    ----------
    guard : Guard
    on_profile : callable
        Called with the name of a parameter whose interval the user clicks.

    Attributes
    ----------
    values : dict of str to HTML
    intervals : dict of str to Button
        By name of the parameter; hidden without an interval.
    """

    def __init__(self, guard: Guard, on_profile: Callable[[str], None]) -> None:
        self.guard, self._on_profile = guard, on_profile
        self.values: dict[str, ipywidgets.HTML] = {}
        self.intervals: dict[str, ipywidgets.Button] = {}
        super().__init__()
        self.add_class("cnb-tiles")

    def show(self, fit: Fit | None, texts: Mapping[str, str], intervals: Mapping[str, Interval]) -> None:
        """Show a fit, with the intervals of its parameters if they are known; nothing for None.

        ``texts`` are the parameters of its law as text, by name.
        """
        parameters = fit.law.parameters if fit is not None else ()
        if list(self.values) != [parameter.name for parameter in parameters]:
            self._build(parameters)
        if fit is None:
            return
        held = fit.held
        for parameter, tile in zip(parameters, self.children, strict=True):
            name, limits = parameter.name, held.get(parameter.name)
            button, fixed = self.intervals[name], limits is not None and limits.fixed
            button.layout.display = None if intervals and not fixed else "none"
            if intervals and not fixed:
                button.description = interval_text(float(intervals[name].low), float(intervals[name].high))
            said = [] if limits is None else [limits.text]
            self.values[name].value = tile_content(_name(parameter), texts[name], *said)
            (tile.remove_class if limits is None else tile.add_class)("cnb-locked")

    def _build(self, parameters: tuple[Parameter, ...]) -> None:
        self.values = {parameter.name: ipywidgets.HTML() for parameter in parameters}
        self.intervals = {
            parameter.name: ipywidgets.Button(
                tooltip=f"{percent(LEVEL)} interval of {parameter.symbol}: click for its profile"
            )
            for parameter in parameters
        }
        tiles = []
        for name, button in self.intervals.items():
            button.add_class("cnb-interval")
            button.on_click(partial(self._open, name))
            tiles.append(ipywidgets.VBox([self.values[name], button]))
            tiles[-1].add_class("cnb-tile")
        self.children = tiles

    @guarded
    def _open(self, name: str, _button: ipywidgets.Button) -> None:
        self._on_profile(name)


def _name(parameter: Parameter) -> str:
    return parameter.symbol if parameter.kind == "factor" else f"{parameter.symbol}, {parameter.meaning}"
