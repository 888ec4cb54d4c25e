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
    slider : FloatSlider
        Its coordinate: for a factor, the logarithm of the size of its term in the middle of the runs.
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
        self.slider = ipywidgets.FloatSlider(readout=False, tooltip=f"{symbol} by hand: {moves}")
        self.box = ipywidgets.Text(continuous_update=False, tooltip=f"Value of {symbol}; press Enter to apply")
        self.fitted = ipywidgets.HTML()
        self.fix = ipywidgets.ToggleButton(
            description="Fix", tooltip=f"Keep {symbol} at its value while others are changed"
        )
        super().__init__([name, self.slider, self.box, self.fitted, self.fix])
        self.add_class("cnb-hand-row")

    def show_range(self, low: float, high: float, position: float) -> None:
        """Set the ends and the handle of the slider."""
        low, high = min(low, position), max(high, position)
        slider = self.slider
        slider.disabled = self.fix.value or low == high
        if low == high:
            return
        # Widen, move, tighten, each in its own message: in a single one, the page would clip the value to the old range
        # and report that as the user's choice.
        slider.min, slider.max = min(low, slider.min), max(high, slider.max)
        slider.value = position
        slider.min, slider.max, slider.step = low, high, (high - low) / STEPS

    def show_value(self, value: float) -> None:
        """Write the value into the box."""
        self.box.value = number_text(float(f"{value:.{DIGITS}g}"))
        self.box.remove_class("cnb-wrong")

    def show_fitted(self, value: float | None) -> None:
        """Show the fitted value beside the box; None without a fit."""
        text = "" if value is None else f"fit {plain(value, FITTED_DIGITS)}"
        self.fitted.value = f'<span class="cnb-muted">{escape(text)}</span>'
