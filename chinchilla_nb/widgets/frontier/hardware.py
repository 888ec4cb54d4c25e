"""A compute budget from hardware: devices, days, peak FLOP/s and utilisation."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape

import ipywidgets

from chinchilla_nb.quantity import number_text, parse_quantity, scientific
from chinchilla_nb.widgets.base.style import note

__all__ = ["HardwareForm", "budget_of_hardware"]

DEVICES = ("A100 · 312e12", "H100 · 989e12", "H200 · 989e12", "B200 · 2250e12", "TPU v4 · 275e12", "TPU v5p · 459e12")
"""Peak dense BF16 FLOP/s as their makers state it; suggestions, any number can be typed."""

SECONDS_PER_DAY = 86_400.0


class HardwareForm(ipywidgets.VBox):
    """Fields whose product is a budget.

    Parameters
    ----------
    on_budget : callable
        Called with FLOPs when a person changes a field and all are valid.

    Attributes
    ----------
    devices, days, speed, utilisation : Text or Combobox
    outcome : HTML
        The product, or what is wrong with a field.
    """

    def __init__(self, on_budget: Callable[[float], None]) -> None:
        self._on_budget = on_budget
        self._filling = False
        self.devices = _text("64", "Number of devices")
        self.days = _text("14", "Days of training")
        self.speed = ipywidgets.Combobox(
            value="989e12",
            options=DEVICES,
            ensure_option=False,
            tooltip="Peak FLOP/s of one device, such as 989e12",
            layout=ipywidgets.Layout(width="130px", min_width="0"),
        )
        self.utilisation = _text("0.4", "Share of the peak that training reaches: 0.4 or 40%")
        self.outcome = ipywidgets.HTML()
        row = ipywidgets.Box(
            [
                *(self.devices, _word("devices ×"), self.days, _word("days ×"), self.speed, _word("FLOP/s ×")),
                *(self.utilisation, _word("utilisation"), self.outcome),
            ]
        )
        row.add_class("cnb-bar")
        super().__init__([row])
        for field in (self.devices, self.days, self.speed, self.utilisation):
            field.observe(self._changed, "value")

    def fill(self, C: float) -> None:
        """Write how many days these devices take for C FLOPs, if their fields are valid; hand nothing over."""
        try:
            per_day = budget_of_hardware(self.devices.value, "1", self.speed.value, self.utilisation.value)
        except ValueError:
            return
        self._filling = True
        try:
            self.days.value = number_text(float(f"{C / per_day:.4g}"))
        finally:
            self._filling = False
        self._say(C)

    def apply(self) -> None:
        """Hand over the budget of the fields as they are, or say what is wrong with one."""
        try:
            C = budget_of_hardware(self.devices.value, self.days.value, self.speed.value, self.utilisation.value)
            self._on_budget(C)
        except ValueError as error:
            self.outcome.value = note("warn", f"{error}.")
        else:
            self._say(C)

    def _say(self, C: float) -> None:
        self.outcome.value = f'<span class="cnb-muted">= {escape(scientific(C))} FLOPs</span>'

    def _changed(self, _change: object) -> None:
        if not self._filling:
            self.apply()


def budget_of_hardware(devices: str, days: str, speed: str, utilisation: str) -> float:
    """Return the FLOPs that devices deliver: devices x days x 86,400 s x peak FLOP/s x utilisation.

    Raises
    ------
    ValueError
        If a field is no positive number, or the utilisation is above one.
    """
    share = utilisation.strip()
    if share.endswith("%"):
        reached = _number("utilisation", share[:-1], "40%") / 100
    else:
        reached = _number("utilisation", share, "0.4")
    if reached > 1:
        raise ValueError(f"utilisation {utilisation!r} is above 1: write 0.4 or 40%")
    # The speed may come with the name of its device before it: "H100 · 989e12".
    peak = re.split(r"[·\s]+", speed.strip())[-1]
    return (
        _number("number of devices", devices, "64")
        * _number("number of days", days, "14")
        * SECONDS_PER_DAY
        * _number("FLOP/s", peak, "989e12")
        * reached
    )


def _number(name: str, text: str, example: str) -> float:
    try:
        return parse_quantity(text)
    except ValueError:
        raise ValueError(f"{name} {text.strip()!r} is not a positive number: write {example}") from None


def _text(value: str, tooltip: str) -> ipywidgets.Text:
    return ipywidgets.Text(value=value, tooltip=tooltip, layout=ipywidgets.Layout(width="64px", min_width="0"))


def _word(text: str) -> ipywidgets.HTML:
    return ipywidgets.HTML(f'<span class="cnb-muted">{escape(text)}</span>')
