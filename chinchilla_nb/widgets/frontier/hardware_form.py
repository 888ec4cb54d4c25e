"""Fields for computing a budget from hardware."""

from __future__ import annotations

from html import escape

import ipywidgets

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.planning.hardware import Hardware
from chinchilla_nb.engine.sentences import stopped
from chinchilla_nb.quantity import number_text, scientific
from chinchilla_nb.widgets.base.echo import Writing
from chinchilla_nb.widgets.base.fields import mark_wrong
from chinchilla_nb.widgets.base.guard import Guard, guarded
from chinchilla_nb.widgets.base.style import note
from chinchilla_nb.widgets.frontier.budget import Budget
from chinchilla_nb.widgets.frontier.typed_hardware import (
    DAYS,
    DEVICE_COUNT,
    PRICE,
    SPEED,
    SPEEDS,
    UTILISATION,
    amount,
    typed_hardware,
)

__all__ = ["HardwareForm"]


class HardwareForm(ipywidgets.VBox):
    """Fields whose product becomes the budget when the user changes one and all are valid.

    Parameters
    ----------
    guard : Guard
    budget : Budget

    Attributes
    ----------
    devices, days, speed, utilisation, price : Text or Combobox
    fields : tuple of Text or Combobox
        All of them.
    outcome : HTML
        The product, or the error in a field.
    """

    def __init__(self, guard: Guard, budget: Budget) -> None:
        self.guard, self._budget = guard, budget
        self._writing = Writing()
        self.devices = _text("64", "Number of devices")
        self.days = _text("14", "Days of training")
        self.speed = ipywidgets.Combobox(
            value="989e12",
            options=SPEEDS,
            ensure_option=False,
            tooltip="Peak FLOP/s of one device, such as 989e12",
            layout=ipywidgets.Layout(width="130px", min_width="0"),
        )
        self.utilisation = _text("0.4", "Share of the peak that training reaches: 0.4 or 40%")
        self.price = _text("", "Price of a device for an hour, for the cost of plans")
        self.price.placeholder = "price"
        self.outcome = ipywidgets.HTML()
        row = ipywidgets.Box(
            [
                _before(self.devices, "devices ×"),
                _before(self.days, "days ×"),
                _before(self.speed, "FLOP/s ×"),
                _before(self.utilisation, "utilisation"),
                _before(self.price, "per device-hour"),
                self.outcome,
            ]
        )
        row.add_class("cnb-bar")
        super().__init__([row])
        self.add_class("cnb-hardware")
        self._named = {
            DEVICE_COUNT: self.devices,
            DAYS: self.days,
            SPEED: self.speed,
            UTILISATION: self.utilisation,
            PRICE: self.price,
        }
        self.fields = tuple(self._named.values())
        for field in self.fields:
            field.observe(self._changed, "value")

    def fill(self) -> None:
        """Fill in the days that these devices need for the current budget, if the other fields are valid."""
        C = self._budget.C
        try:
            days = float(self.read().days(C))
        except InputError:
            return
        with self._writing:
            self.days.value = number_text(float(f"{days:.4g}"))
        self._say(C)

    @guarded
    def _changed(self, _change: object) -> None:
        if self._writing:
            return
        try:
            hardware, days = self.read(), amount(DAYS, self.days.value, "14", "days")
            C = hardware.C(days)
            self._budget.check(C)
        except InputError as error:
            self._mark(self._named.get(error.where))
            self.outcome.value = note("warn", stopped(str(error)))
            return
        self._mark(None)
        self._say(C)
        self._budget.choose(C)

    def read(self) -> Hardware:
        """Return the hardware.

        Raises
        ------
        InputError
            If a field is not valid.
        """
        return typed_hardware(self.devices.value, self.speed.value, self.utilisation.value, self.price.value)

    def _mark(self, wrong: ipywidgets.DOMWidget | None) -> None:
        """Frame the field that is not valid, and no other."""
        for field in self.fields:
            mark_wrong(field, field is wrong)

    def _say(self, C: float) -> None:
        self.outcome.value = f'<span class="cnb-muted">= {escape(scientific(C))} FLOPs</span>'


def _text(value: str, tooltip: str) -> ipywidgets.Text:
    return ipywidgets.Text(value=value, tooltip=tooltip, layout=ipywidgets.Layout(width="64px", min_width="0"))


def _before(field: ipywidgets.Widget, text: str) -> ipywidgets.Box:
    """Return a field before its word, from which a narrow page does not part it."""
    both = ipywidgets.Box([field, ipywidgets.HTML(f'<span class="cnb-muted">{escape(text)}</span>')])
    both.add_class("cnb-unit")
    return both
