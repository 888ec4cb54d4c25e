"""Choose a compute budget: a logarithmic slider, and a box for a number such as 5.76e23."""

from __future__ import annotations

import math
from html import escape

import ipywidgets
import traitlets

from chinchilla_nb.quantity import LARGEST_BUDGET, parse_budget, scientific, written_budget
from chinchilla_nb.widgets.base.style import note
from chinchilla_nb.widgets.frontier.hardware import HardwareForm

__all__ = ["BudgetControl"]

STEP = 0.01
"""Of the slider, in decades."""


class BudgetControl(ipywidgets.VBox):
    """A slider and a text box that agree on a budget.

    Attributes
    ----------
    C : float
        The budget in FLOPs; zero until a range is set.
    chosen : bool
        Whether a person chose it. A budget that nobody chose follows the runs.
    slider : FloatSlider
        The decimal logarithm of C.
    text : Text
    hardware_toggle : ToggleButton
    hardware : HardwareForm
        Devices, days, FLOP/s and utilisation, while the toggle is on.
    remark : HTML
        What the budget means, or what is wrong with the text.
    """

    C = traitlets.Float(0.0)

    def __init__(self) -> None:
        self.chosen = False
        self._low, self._largest_run = 1.0, 0.0
        self._following = False
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
            tooltip="Compute budget on a logarithmic scale",
            layout=ipywidgets.Layout(flex="1 1 160px", width="auto", min_width="120px", margin="0 8px"),
        )
        self.remark = ipywidgets.HTML()
        self.hardware_toggle = ipywidgets.ToggleButton(
            description="Hardware", tooltip="Devices × days × FLOP/s × utilisation", icon="caret-right"
        )
        self.hardware_toggle.layout.width = "116px"
        self.hardware = HardwareForm(self.choose)
        self.hardware.layout.display = "none"
        bar = ipywidgets.Box([label, self.text, unit, self.hardware_toggle, self.slider, self.remark])
        bar.add_class("cnb-bar")
        self._wrong = ipywidgets.HTML()
        super().__init__([bar, self.hardware, self._wrong])
        self.hardware_toggle.observe(self._open_hardware, "value")
        self.slider.observe(self._slid, "value")
        self.text.observe(self._typed, "value")

    def follow(self, lowest: float, largest_run: float, default: float) -> None:
        """Offer budgets from the lowest, up to a hundred times the largest run or what was chosen.

        Parameters
        ----------
        lowest, largest_run : float
            FLOPs of the smallest budget that makes sense and of the largest run, zero for no run.
        default : float
            Budget until one is chosen.
        """
        self._low, self._largest_run = lowest, largest_run
        self._set(max(self.C, lowest) if self.chosen else default)

    def choose(self, C: float) -> None:
        """Take over the budget that a person chose elsewhere.

        Raises
        ------
        ValueError
            If it is out of range.
        """
        self._check(C)
        self.chosen = True
        self._set(float(f"{C:.2e}"))

    @property
    def range(self) -> tuple[float, float]:
        """Lowest and highest budget the slider reaches."""
        high = max(100 * (self._largest_run or self._low), self.C)
        return self._low, high

    @property
    def problem(self) -> str:
        """What is wrong with the text in the box; empty if nothing is."""
        return str(self._wrong.value)

    def _slid(self, change: dict[str, float]) -> None:
        # The page moves the handle to the nearest step and reports that: not a choice.
        if not self._following and abs(change["new"] - math.log10(self.C)) > 0.51 * STEP:
            self.chosen = True
            self._set(float(f"{10 ** change['new']:.2e}"), move=False)

    def _typed(self, change: dict[str, str]) -> None:
        if self._following:
            return
        try:
            C = parse_budget(change["new"])
            self._check(C)
        except ValueError as error:
            self._wrong.value = note("warn", f"{error}. The budget stays at {written_budget(self.C)} FLOPs.")
            return
        self.chosen = True
        self._set(C, write=False)

    def _check(self, C: float) -> None:
        written, low, high = written_budget(C), written_budget(self._low), written_budget(LARGEST_BUDGET)
        if C < self._low:
            raise ValueError(f"{written} FLOPs is below the smallest run: type {low} or more")
        if C > LARGEST_BUDGET:
            raise ValueError(f"{written} FLOPs is not a budget: stay at or below {high}")

    def _open_hardware(self, change: dict[str, bool]) -> None:
        self.hardware.layout.display = None if change["new"] else "none"
        self.hardware_toggle.icon = "caret-down" if change["new"] else "caret-right"
        if change["new"]:
            self.hardware.fill(self.C)

    def _set(self, C: float, *, write: bool = True, move: bool = True) -> None:
        """Take over a budget; what is being typed is not rewritten, nor the handle moved under the hand."""
        self._following = True
        try:
            self._wrong.value = ""
            self.C = C
            if move:
                self._move_slider()
            if write:
                self.text.value = written_budget(C)
            self.remark.value = f'<span class="cnb-muted">{escape(self._meaning())}</span>'
        finally:
            self._following = False

    def _move_slider(self) -> None:
        low, high = (math.log10(end) for end in self.range)
        low, high = math.floor(low / STEP) * STEP, math.ceil(high / STEP) * STEP
        # Widen, move, tighten, each in a message of its own: in one, the page would clip the value to the old range
        # and report that as a choice.
        self.slider.min, self.slider.max = min(low, self.slider.min), max(high, self.slider.max)
        self.slider.value = math.log10(self.C)
        self.slider.min, self.slider.max = low, high

    def _meaning(self) -> str:
        if not self._largest_run:
            return scientific(self.C)
        times = self.C / self._largest_run
        factor = f"{times:.2g}" if times < 100 else f"{times:,.0f}" if times < 1e5 else scientific(times, 2)
        return f"= {scientific(self.C)}, {factor}× the largest run"
