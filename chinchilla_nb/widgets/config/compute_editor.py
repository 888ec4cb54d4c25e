"""Edit how C follows from N and D."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import ipywidgets

from chinchilla_nb.config.allowed_functions import AllowedFunctions
from chinchilla_nb.config.compute import (
    FLOP_COUNTERS,
    ComputeOfRuns,
    ComputeSetting,
    CountedCompute,
    StatedCompute,
    read_compute,
)
from chinchilla_nb.config.settings import Settings
from chinchilla_nb.engine.compute.product import SIX_ND, ProductCompute
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.quantity import number_text
from chinchilla_nb.widgets.base.fields import Editor, FunctionBox, Row, number
from chinchilla_nb.widgets.base.parts import Parts, set_shown

__all__ = ["ComputeEditor"]

SIX, KAPPA, OWN, GIVEN = "6ND", "kappa", "own", "given"
"""Choices that are no name of a convention in code: kappa ND, a function, and a value that code has set."""
_CHOICES = [
    ("C = 6ND", SIX),
    ("C = κND, with κ", KAPPA),
    ("C = κND, the mean of the runs", "measured"),
    ("C = k N^p D^q, fitted to the runs", "fitted"),
    ("Transformer, counted", "transformer"),
    ("My function …", OWN),
]
_MEANINGS = {
    SIX: "two FLOPs per parameter and token forward, four backward",
    KAPPA: "FLOPs per parameter and token, e.g. 8 with recomputed activations",
    "measured": "a column of compute in FLOPs; empty for C",
    "fitted": "a column of compute in FLOPs; empty for C",
    "transformer": "forward and backward FLOPs of the configurations of the model search",
    OWN: "flops(**configuration), per token, forward and backward",
    GIVEN: "set in code",
}


class ComputeEditor(Editor):
    """How C follows from N and D.

    Attributes
    ----------
    kind : Dropdown
    kappa, column : Text
        FLOPs per parameter and token, and the column that the convention is estimated from.
    function : FunctionBox
        Counts the FLOPs per token of a configuration.
    row : Row
    """

    title = "Compute"

    def __init__(self, parts: Parts, watch: Callable[[ipywidgets.Widget], None], functions: AllowedFunctions) -> None:
        super().__init__(parts, watch, "cnb-wordy")
        self.kind = parts.choice("How C follows from N and D", _CHOICES, "xxl", label="C in FLOPs")
        self.kappa = parts.text("FLOPs per parameter and token", "s", value="8")
        self.column = parts.text("Column of the runs that holds compute in FLOPs", "s", placeholder="C")
        self.function = FunctionBox(parts, functions, "flops(**configuration)")
        self.row = Row(parts, [self.kind, self.kappa, self.column, self.function], "cnb-long-remark")
        self.fill([self.row])
        self._seen: ComputeSetting | None = None

    @staticmethod
    def describe(settings: Settings) -> str:
        """Return the convention."""
        setting = settings.compute
        if isinstance(setting, ComputeOfRuns):
            column = f", column {setting.column}" if setting.column else ""
            return next(name for name, key in _CHOICES if key == setting.how) + column
        if isinstance(setting, CountedCompute):
            return f"FLOPs per token counted by {setting.name}"
        return f"C = {setting.compute.text}"

    def show(self, settings: Settings) -> None:
        """Show the convention if it has changed."""
        if settings.compute == self._seen:
            return
        self.row.explain("")
        setting, kind = settings.compute, _kind(settings.compute)
        extra = [(setting.compute.text, GIVEN)] if isinstance(setting, StatedCompute) and kind == GIVEN else []
        self.kind.options = [*_CHOICES, *extra]
        self.kind.value = kind
        if isinstance(setting, StatedCompute) and isinstance(setting.compute, ProductCompute) and kind == KAPPA:
            self.kappa.value = number_text(setting.compute.kappa)
        if isinstance(setting, ComputeOfRuns):
            self.column.value = setting.column
        if isinstance(setting, CountedCompute) and kind == OWN:
            self.function.show(setting.function)
        self._remember(setting)

    def read(self, settings: Settings, owner: ipywidgets.Widget) -> Settings:  # noqa: ARG002  there is one row
        """Return settings with the convention of the inputs, if it is valid."""
        try:
            setting = read_compute(self._written(settings.compute), {"model_search": settings.model_search})
        except InputError as error:
            self._remember(settings.compute)
            self.row.explain(str(error), self._box())
            return settings
        self.row.explain("")
        self._remember(setting)
        return settings if setting == settings.compute else replace(settings, compute=setting)

    def _written(self, setting: ComputeSetting) -> Any:
        """Return what the inputs say, as code would write it."""
        kind = self.kind.value
        if kind == KAPPA:
            return number(self.kappa.value, "kappa")
        if kind == OWN:
            return self.function.read()
        if kind == GIVEN:
            return setting
        column = self.column.value.strip() if kind in ("measured", "fitted") else ""
        return f"{kind}:{column}" if column else kind

    def _box(self) -> ipywidgets.Widget:
        boxes = {KAPPA: self.kappa, OWN: self.function}
        if self.column.value.strip():
            boxes |= dict.fromkeys(("measured", "fitted"), self.column)
        return boxes.get(self.kind.value, self.kind)

    def _remember(self, setting: ComputeSetting) -> None:
        self._seen, kind = setting, self.kind.value
        set_shown(self.kappa, kind == KAPPA)
        set_shown(self.column, kind in ("measured", "fitted"))
        set_shown(self.function, kind == OWN)
        if kind == OWN:
            self.function.offer()
        self.row.say(_MEANINGS[kind])


def _kind(setting: ComputeSetting) -> str:
    """Return the choice that a convention is."""
    if isinstance(setting, ComputeOfRuns):
        return setting.how
    if isinstance(setting, CountedCompute):
        return next((name for name, function in FLOP_COUNTERS.items() if function is setting.function), OWN)
    if isinstance(setting.compute, ProductCompute):
        return SIX if setting.compute == SIX_ND else KAPPA
    return GIVEN
