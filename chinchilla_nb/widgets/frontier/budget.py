"""The compute budget that the user chooses: as a number, as typed text, and as a position on a slider."""

from __future__ import annotations

import math

import traitlets

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.sentences import stopped
from chinchilla_nb.quantity import LARGEST_BUDGET, multiple_text, scientific, written_budget
from chinchilla_nb.records.typed_number import parse_budget

__all__ = ["STEP", "Budget"]

STEP = 0.01
"""Step of the slider, in decades."""

SLIDER_MULTIPLE = 100.0
"""Upper end of the slider, as a multiple of the compute of the largest run."""


class Budget(traitlets.HasTraits):
    """A budget that follows the runs until the user chooses one.

    Attributes
    ----------
    C : float
        The budget in FLOPs; zero until `follow` is called.
    chosen : bool
        Whether the user chose it.
    text : str
        The budget as it was typed, or in a form that can be typed.
    problem : str
        The error in the last typed text; empty if there is none.
    lowest, largest_run : float
        FLOPs of the smallest budget allowed and of the largest run; the latter is zero if there are no runs.
    """

    C = traitlets.Float(0.0)
    chosen = traitlets.Bool(False)
    text = traitlets.Unicode("")
    problem = traitlets.Unicode("")
    lowest = traitlets.Float(1.0)
    largest_run = traitlets.Float(0.0)

    def follow(self, lowest: float, largest_run: float, default: float) -> None:
        """Set the range of the runs, and the budget to the default unless the user has chosen one."""
        C = max(self.C, lowest) if self.chosen else default
        with self.hold_trait_notifications():
            self.lowest, self.largest_run = lowest, largest_run
            self._set(C, written_budget(C))

    def choose(self, C: float) -> None:
        """Set the budget that the user chose, rounded to three digits.

        Raises
        ------
        InputError
            If it is out of range.
        """
        self.check(C)
        self._choose(float(f"{C:.2e}"))

    def type(self, text: str) -> None:
        """Set the budget that the user typed, without rounding, or explain in `problem` why it is not valid."""
        try:
            C = parse_budget(text)
            self.check(C)
        except ValueError as error:
            self.problem = f"{stopped(str(error))} The budget stays at {written_budget(self.C)} FLOPs."
            return
        self._choose(C, text)

    def slide(self, exponent: float) -> None:
        """Set the budget from a position on the slider, which is its decimal logarithm.

        The page also reports that it has moved the handle to the nearest step: this does not change the budget.
        """
        if abs(exponent - math.log10(self.C)) > 0.51 * STEP:
            self._choose(float(f"{10**exponent:.2e}"))

    def check(self, C: float) -> None:
        """Check that a budget is in range.

        Raises
        ------
        InputError
            If it is not.
        """
        got = f"{written_budget(C)} FLOPs"
        if C < self.lowest:
            remedy = f"type {written_budget(self.lowest)} or more"
            raise InputError(got, "is below the smallest run", remedy=remedy)
        if C > LARGEST_BUDGET:
            raise InputError(got, "is too large for a budget", remedy=f"type {written_budget(LARGEST_BUDGET)} or less")

    def clamp(self, C: float, seen: float) -> float:
        """Return the nearest budget within the range, extended to ``seen``, the largest compute on the chart."""
        low, high = self.range
        return min(max(C, low), max(high, seen))

    @property
    def range(self) -> tuple[float, float]:
        """Lowest and highest budget on the slider."""
        return self.lowest, max(SLIDER_MULTIPLE * (self.largest_run or self.lowest), self.C)

    @property
    def meaning(self) -> str:
        """The budget as a power of ten and as a multiple of the largest run."""
        if not self.largest_run:
            return scientific(self.C)
        return f"= {scientific(self.C)}, {multiple_text(self.C / self.largest_run)}× the largest run"

    def _choose(self, C: float, text: str | None = None) -> None:
        with self.hold_trait_notifications():
            self.chosen = True
            self._set(C, written_budget(C) if text is None else text)

    def _set(self, C: float, text: str) -> None:
        self.C, self.text, self.problem = C, text, ""
