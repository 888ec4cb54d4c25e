"""Choose a compute budget with a logarithmic slider or in a box for a number such as 5.76e23."""

from __future__ import annotations

import math
from typing import Any

import ipywidgets

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.planning.hardware import Hardware
from chinchilla_nb.widgets.base.accessible_names import read_out
from chinchilla_nb.widgets.base.echo import Writing
from chinchilla_nb.widgets.base.fields import mark_wrong
from chinchilla_nb.widgets.base.guard import Guard, guarded
from chinchilla_nb.widgets.base.style import note
from chinchilla_nb.widgets.frontier.budget import STEP, Budget
from chinchilla_nb.widgets.frontier.hardware_form import HardwareForm

__all__ = ["BudgetControl"]


class BudgetControl(ipywidgets.VBox):
    """A slider and a text box for one budget.

    Parameters
    ----------
    guard : Guard
    budget : Budget

    Attributes
    ----------
    slider : FloatSlider
        The decimal logarithm of C.
    text : Text
    hardware_toggle : ToggleButton
    hardware : HardwareForm
        Devices, days, FLOP/s and utilisation, shown while the toggle is on.
    remark, problem : HTML
        What the budget means; the error in the text.
    """

    def __init__(self, guard: Guard, budget: Budget) -> None:
        self.guard, self._budget = guard, budget
        self._writing, self._sliding = Writing(), Writing()
        label = ipywidgets.HTML('<span class="cnb-title">Compute budget</span>')
        self.text = ipywidgets.Text(
            placeholder="5.76e23",
            tooltip="FLOPs, such as 5.76e23",
            layout=ipywidgets.Layout(width="100px", min_width="0"),
        )
        unit = ipywidgets.HTML('<span class="cnb-muted">FLOPs</span>')
        self.slider = ipywidgets.FloatSlider(
            value=21.0,
            min=18.0,
            max=24.0,
            step=STEP,
            readout=False,
            tooltip="Compute budget",
            layout=ipywidgets.Layout(flex="1 1 160px", width="auto", min_width="120px", margin="0 8px"),
        )
        self.remark, self.problem = ipywidgets.HTML(), ipywidgets.HTML()
        self.hardware_toggle = ipywidgets.ToggleButton(
            description="Hardware", tooltip="Devices × days × FLOP/s × utilisation", icon="caret-right"
        )
        self.hardware_toggle.layout.width = "116px"
        self.hardware = HardwareForm(guard, budget)
        self.hardware.layout.display = "none"
        bar = ipywidgets.Box([label, self.text, unit, self.hardware_toggle, self.slider, self.remark])
        bar.add_class("cnb-bar")
        super().__init__([bar, self.hardware, self.problem])
        self.add_class("cnb-budget")
        self.hardware_toggle.observe(self._open_hardware, "value")
        self.slider.observe(self._slid, "value")
        self.text.observe(self._typed, "value")
        budget.observe(self._show)

    @guarded
    def _slid(self, change: dict[str, float]) -> None:
        if not self._writing:
            with self._sliding:
                self._budget.slide(change["new"])

    @guarded
    def _typed(self, change: dict[str, str]) -> None:
        if not self._writing:
            self._budget.type(change["new"])

    @property
    def chosen_hardware(self) -> Hardware | None:
        """The hardware, while its fields are shown and valid."""
        if not self.hardware_toggle.value:
            return None
        try:
            return self.hardware.read()
        except InputError:
            return None  # the form shows the error

    @guarded
    def _open_hardware(self, change: dict[str, bool]) -> None:
        self.hardware.layout.display = None if change["new"] else "none"
        self.hardware_toggle.icon = "caret-down" if change["new"] else "caret-right"
        if change["new"]:
            self.hardware.fill()

    @guarded
    def _show(self, _change: Any) -> None:
        budget = self._budget
        with self._writing:
            self.problem.value = note("warn", budget.problem) if budget.problem else ""
            mark_wrong(self.text, bool(budget.problem))
            self.remark.value = read_out("Compute budget in FLOPs", budget.meaning, "cnb-muted")
            if not budget.problem:  # keep what is being typed
                self.text.value = budget.text
            if not self._sliding:  # do not move a handle that is being dragged
                self._move_slider()

    def _move_slider(self) -> None:
        low, high = (math.log10(end) for end in self._budget.range)
        low, high = math.floor(low / STEP) * STEP, math.ceil(high / STEP) * STEP
        # Widen, move, tighten, each in its own message: in a single one, the page would clip the value to the old range
        # and report that as the user's choice.
        self.slider.min, self.slider.max = min(low, self.slider.min), max(high, self.slider.max)
        # At a step, because the page would move the handle there and report that, perhaps after a later budget is set.
        self.slider.value = round(math.log10(self._budget.C) / STEP) * STEP
        self.slider.min, self.slider.max = low, high
