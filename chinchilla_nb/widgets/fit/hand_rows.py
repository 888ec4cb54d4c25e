"""A row for each parameter of a law by hand: its name, a slider, a box, its fitted value, and whether it is fixed."""

from __future__ import annotations

from html import escape

import ipywidgets

from chinchilla_nb.engine.laws.parameters import Parameter
from chinchilla_nb.quantity import number_text, plain
from chinchilla_nb.widgets.base.style import typeset

__all__ = ["HandRow"]

STEPS = 1000
"""Number of steps of a slider."""
DIGITS = 5
"""Digits of a value in a box."""
FITTED_DIGITS = 4
"""Digits of the fitted value beside it."""


class HandRow(ipywidgets.Box):
    """The controls of one parameter.

    Parameters
    ----------
    parameter : Parameter

    Attributes
    ----------
    slider : IntSlider
        Its coordinate, in steps of a thousandth of its range. A page rounds the value of a slider to its steps and
        reports that as a choice of the user, so that the value must be one of them.
    box : Text
        Its value.
    fitted : HTML
    fix : ToggleButton
    """

    def __init__(self, parameter: Parameter) -> None:
        self.parameter = parameter
        symbol = parameter.symbol
        name = ipywidgets.HTML(f'<span title="{escape(parameter.meaning)}">{typeset(symbol)}</span>')
        moves = f"size of the term in {parameter.axis}" if parameter.kind == "factor" else parameter.meaning
        self._ends = 0.0, 0.0
        self.slider = ipywidgets.IntSlider(max=STEPS, readout=False, tooltip=f"{symbol} by hand: {moves}")
        self.box = ipywidgets.Text(continuous_update=False, tooltip=f"Value of {symbol}; press Enter to apply")
        self.fitted = ipywidgets.HTML()
        self.fix = ipywidgets.ToggleButton(
            description="Fix", tooltip=f"Keep {symbol} at its value while others are changed"
        )
        super().__init__([name, self.slider, self.box, self.fitted, self.fix])
        self.add_class("cnb-hand-row")

    def show_range(self, low: float, high: float) -> None:
        """Set the coordinates at the ends of the slider."""
        self._ends = low, high

    def show_position(self, position: float) -> None:
        """Move the handle to the step nearest to a coordinate."""
        low, high = self._ends
        self.slider.disabled = self.fix.value or low == high
        share = (position - low) / (high - low) if low < high else 0.0
        self.slider.value = round(STEPS * min(max(share, 0.0), 1.0))

    def position_at(self, step: int) -> float:
        """Return the coordinate at a step of the slider."""
        low, high = self._ends
        return low + step / STEPS * (high - low)

    def show_value(self, value: float) -> None:
        """Write the value into the box."""
        self.box.value = number_text(float(f"{value:.{DIGITS}g}"))
        self.box.remove_class("cnb-wrong")

    def show_fitted(self, value: float | None) -> None:
        """Show the fitted value beside the box; None without a fit."""
        text = "" if value is None else f"fit {plain(value, FITTED_DIGITS)}"
        self.fitted.value = f'<span class="cnb-muted">{escape(text)}</span>'
