"""Edit the limits of single parameters in a fit: free, fixed to a number, or bounded."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace

import ipywidgets

from chinchilla_nb.config.settings import Settings
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.problem import as_limits
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.laws.known import KNOWN_LAWS
from chinchilla_nb.engine.laws.parameters import CHINCHILLA_PARAMETERS
from chinchilla_nb.quantity import number_text
from chinchilla_nb.widgets.base.fields import GREEK, Editor, Row, number
from chinchilla_nb.widgets.base.parts import Parts, set_shown

__all__ = ["LimitRow", "LimitsEditor"]

FREE, FIXED, BOUNDED = "free", "fixed", "bounded"
LOWER, UPPER = "lower limit", "upper limit"
_PARAMETERS = {parameter.name: parameter for parameter in CHINCHILLA_PARAMETERS}
_MODES = [("free", FREE), ("fixed at", FIXED), ("between", BOUNDED)]


class LimitRow(Row):
    """Whether a fit may move one parameter, and how far.

    Attributes
    ----------
    parameter : str
    mode : Dropdown
    low, high : Text
        ``low`` alone holds the number of a fixed parameter.
    """

    def __init__(self, parts: Parts, parameter: str) -> None:
        self.parameter = parameter
        name = GREEK[parameter]
        self.mode = parts.choice(f"Whether a fit may move {name}", _MODES, "m", label=name)
        self.low = parts.text(f"Number that {name} is fixed at, or its lower limit")
        self.high = parts.text(f"Upper limit of {name}", label="and")
        super().__init__(parts, [self.mode, self.low, self.high])

    def show(self, limits: tuple[float, float] | None) -> None:
        """Write limits into the inputs, None for a free parameter."""
        if limits is None:
            self.mode.value, self.low.value, self.high.value = FREE, "", ""
        else:
            low, high = limits
            self.mode.value = FIXED if low == high else BOUNDED
            self.low.value, self.high.value = number_text(low), number_text(high) if low != high else ""
        self.arrange()

    def suggest(self, value: float) -> None:
        """Write into empty boxes a value to start from, as a number or with limits of half and twice that."""
        if self.mode.value == FIXED and not self.low.value:
            self.low.value = number_text(float(f"{value:.4g}"))
        elif self.mode.value == BOUNDED and not self.high.value:
            with suppress(InputError):
                # A number that it was fixed at becomes the lower limit.
                value = max(value, number(self.low.value, LOWER))
            self.low.value = self.low.value or number_text(float(f"{value / 2:.3g}"))
            self.high.value = number_text(float(f"{2 * value:.3g}"))

    def arrange(self) -> None:
        """Show the boxes that the mode needs."""
        set_shown(self.low, self.mode.value != FREE)
        set_shown(self.high, self.mode.value == BOUNDED)

    def read(self) -> tuple[float, float] | None:
        """Return the limits, None for a free parameter.

        Raises
        ------
        InputError
            If they are not valid; `where` is the name of the parameter, or which limit it is.
        """
        if self.mode.value == FREE:
            return None
        if self.mode.value == FIXED:
            value = number(self.low.value, GREEK[self.parameter])
            return self._checked(value, value)
        return self._checked(number(self.low.value, LOWER), number(self.high.value, UPPER))

    def _checked(self, low: float, high: float) -> tuple[float, float]:
        try:
            return as_limits(low, high, _PARAMETERS[self.parameter])
        except InputError:
            above, name = self.parameter in ("A", "B"), GREEK[self.parameter]
            if self.mode.value == FIXED:
                remedy = f"type a number that is {'above 0' if above else '0 or more'}"
                raise InputError(name, f"is fixed at {number_text(low)}", remedy=remedy) from None
            if not 0 <= low < math.inf:
                raise InputError(LOWER, "must be 0 or more", got=number_text(low)) from None
            rule = f"must be finite{' and above 0' if above else ''}, and not below the lower limit"
            raise InputError(UPPER, rule, got=number_text(high)) from None


class LimitsEditor(Editor):
    """Limits of all five parameters.

    Attributes
    ----------
    limits : dict of str to LimitRow
    law : Law
        Whose parameters are suggested: the law of Hoffmann et al. until there is a fit.
    """

    title = "Parameters in the fit"

    def __init__(self, parts: Parts, watch: Callable[[ipywidgets.Widget], None]) -> None:
        super().__init__(parts, watch, "cnb-limits")
        self.limits = {parameter: LimitRow(parts, parameter) for parameter in GREEK}
        self.fill(list(self.limits.values()))
        self.law: Law = KNOWN_LAWS["Hoffmann et al. 2022"]
        self._bounds: Mapping[str, tuple[float, float]] | None = None

    @staticmethod
    def describe(settings: Settings) -> str:
        """Write which parameters are not free."""
        texts = [
            f"{GREEK[name]} = {low:g}" if low == high else f"{GREEK[name]} from {low:g} to {high:g}"
            for name, (low, high) in settings.bounds.items()
        ]
        return ", ".join(texts) or "all free"

    def show(self, settings: Settings) -> None:
        """Write the limits if they are others."""
        if settings.bounds is self._bounds:
            return
        self._bounds = settings.bounds
        for parameter, row in self.limits.items():
            row.explain("")
            row.show(settings.bounds.get(parameter))
            row.say("")

    def read(self, settings: Settings, owner: ipywidgets.Widget) -> Settings:
        """Return settings with the limits that were edited, if they are valid."""
        row = next(row for row in self.limits.values() if owner in row.inputs)
        row.arrange()
        if owner is row.mode:
            row.suggest(self.law.as_dict()[row.parameter])
        try:
            limits = row.read()
        except InputError as error:
            row.explain(str(error), row.high if error.where == UPPER else row.low)
            return settings
        row.explain("")
        row.say("")
        known = dict(settings.bounds)
        if limits == known.get(row.parameter):
            return settings
        known |= {} if limits is None else {row.parameter: limits}
        kept = (name for name in GREEK if name in known and not (name == row.parameter and limits is None))
        self._bounds = {name: known[name] for name in kept}
        return replace(settings, bounds=self._bounds)
