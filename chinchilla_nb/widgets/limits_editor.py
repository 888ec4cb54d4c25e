"""Edit the limits of single parameters in a fit: free, fixed to a number, or bounded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import ipywidgets

from chinchilla_nb.checks import as_limits
from chinchilla_nb.engine.law import PARAMETERS
from chinchilla_nb.settings import Settings
from chinchilla_nb.widgets.fields import Editor, Row, card, choice, number, number_text, text_box

__all__ = ["LimitRow", "LimitsEditor"]

FREE, FIXED, BOUNDED = "free", "fixed", "bounded"
_NAMES = {"alpha": "α", "beta": "β"}


class LimitRow(Row):
    """Whether a fit may move one parameter, and how far.

    Attributes
    ----------
    parameter : str
    mode : Dropdown
    low, high : Text
        ``low`` alone holds the number of a fixed parameter.
    """

    def __init__(self, parameter: str) -> None:
        self.parameter = parameter
        name = _NAMES.get(parameter, parameter)
        modes = [("free", FREE), ("fixed at", FIXED), ("between", BOUNDED)]
        self.mode = choice(f"Whether a fit may move {name}", modes, "104px")
        self.low = text_box(f"Number that {name} is fixed at, or its lower limit", "84px")
        self.high = text_box(f"Upper limit of {name}", "84px")
        super().__init__(name, [self.mode, self.low, self.high])

    def show(self, limits: tuple[float, float] | None) -> None:
        """Write limits into the inputs, None for a free parameter."""
        if limits is None:
            self.mode.value, self.low.value, self.high.value = FREE, "", ""
        else:
            low, high = limits
            self.mode.value = FIXED if low == high else BOUNDED
            self.low.value, self.high.value = number_text(low), number_text(high) if low != high else ""
        self.arrange()

    def arrange(self) -> None:
        """Show the boxes that the mode needs."""
        self.low.layout.display = "none" if self.mode.value == FREE else ""
        self.high.layout.display = "" if self.mode.value == BOUNDED else "none"

    def read(self) -> tuple[float, float] | None:
        """Return the limits, None for a free parameter.

        Raises
        ------
        ValueError
            If they are not valid.
        """
        if self.mode.value == FREE:
            return None
        if self.mode.value == FIXED:
            value = number(self.low.value, "number")
            return self._checked(value, value)
        return self._checked(number(self.low.value, "lower limit"), number(self.high.value, "upper limit"))

    def _checked(self, low: float, high: float) -> tuple[float, float]:
        name = _NAMES.get(self.parameter, self.parameter)
        try:
            return as_limits(low, high, self.parameter)
        except ValueError as error:
            raise ValueError(str(error).replace(f"bounds[{self.parameter!r}]", name)) from None


class LimitsEditor(Editor):
    """Limits of all five parameters.

    Attributes
    ----------
    limits : dict of str to LimitRow
    """

    def __init__(self) -> None:
        self.limits = {parameter: LimitRow(parameter) for parameter in PARAMETERS}
        self.rows = list(self.limits.values())
        self.watched = [field for row in self.rows for field in row.inputs]
        super().__init__(card("Parameters in the fit", *self.rows))
        self.add_class("cnb-card")
        self.add_class("cnb-limits")
        self._bounds: Mapping[str, tuple[float, float]] | None = None

    def show(self, settings: Settings) -> None:
        """Write the limits if they are others."""
        if settings.bounds is self._bounds:
            return
        self._bounds = settings.bounds
        for parameter, row in self.limits.items():
            row.explain("")
            row.show(settings.bounds.get(parameter))
            row.say("")

    def read(self, settings: Settings, owner: ipywidgets.Widget | None) -> Settings:
        """Return settings with the limits that are valid."""
        bounds = dict(settings.bounds)
        for parameter, row in self.limits.items():
            if owner is not None and owner not in row.inputs:
                continue
            if owner is row.mode:
                row.arrange()
            try:
                limits = row.read()
            except ValueError as error:
                row.explain(str(error), row.high if "upper" in str(error) else row.low)
                continue
            row.explain("")
            row.say("")
            if limits is None:
                bounds.pop(parameter, None)
            else:
                bounds[parameter] = limits
        if bounds == dict(settings.bounds):
            return settings
        self._bounds = {name: bounds[name] for name in PARAMETERS if name in bounds}
        return replace(settings, bounds=self._bounds)
