"""Edit the limits of single parameters in a fit: free, fixed to a number, or bounded."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace

import ipywidgets

from chinchilla_nb.config.settings import Settings
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.limits import as_limits
from chinchilla_nb.engine.laws.family import Family, Law
from chinchilla_nb.engine.laws.parameters import Parameter
from chinchilla_nb.quantity import number_text
from chinchilla_nb.widgets.base.fields import Editor, Row, number
from chinchilla_nb.widgets.base.parts import Parts, set_shown

__all__ = ["LimitRow", "LimitsEditor"]

FREE, FIXED, BOUNDED = "free", "fixed", "bounded"
LOWER, UPPER = "lower limit", "upper limit"
_MODES = [("free", FREE), ("fixed at", FIXED), ("between", BOUNDED)]


class LimitRow(Row):
    """Limits of one parameter: free, fixed or bounded.

    Attributes
    ----------
    parameter : Parameter
    mode : Dropdown
    low, high : Text
        A fixed parameter uses only ``low``.
    """

    def __init__(self, parts: Parts, parameter: Parameter) -> None:
        self.parameter = parameter
        name = parameter.symbol
        self.mode = parts.choice(f"Whether {name} is free, fixed or bounded in a fit", _MODES, "m", label=name)
        self.low = parts.text(f"Value that {name} is fixed at, or its lower limit")
        self.high = parts.text(f"Upper limit of {name}", label="and")
        super().__init__(parts, [self.mode, self.low, self.high])

    def show(self, limits: tuple[float, float] | None) -> None:
        """Show limits in the inputs; None for a free parameter."""
        if limits is None:
            self.mode.value, self.low.value, self.high.value = FREE, "", ""
        else:
            low, high = limits
            self.mode.value = FIXED if low == high else BOUNDED
            self.low.value, self.high.value = number_text(low), number_text(high) if low != high else ""
        self.arrange()

    def suggest(self, value: float) -> None:
        """Fill empty boxes: with the value itself if fixed, with half and twice the value if bounded."""
        if self.mode.value == FIXED and not self.low.value:
            self.low.value = number_text(float(f"{value:.4g}"))
        elif self.mode.value == BOUNDED and not self.high.value:
            with suppress(InputError):
                # The value that it was fixed at becomes the lower limit.
                value = max(value, number(self.low.value, LOWER))
            self.low.value = self.low.value or number_text(float(f"{value / 2:.3g}"))
            self.high.value = number_text(float(f"{2 * value:.3g}"))

    def arrange(self) -> None:
        """Show only the boxes that the mode needs."""
        set_shown(self.low, self.mode.value != FREE)
        set_shown(self.high, self.mode.value == BOUNDED)

    def read(self) -> tuple[float, float] | None:
        """Return the limits; None for a free parameter.

        Raises
        ------
        InputError
            If they are not valid; `where` names the parameter or the limit.
        """
        if self.mode.value == FREE:
            return None
        if self.mode.value == FIXED:
            value = number(self.low.value, self.parameter.symbol)
            return self._checked(value, value)
        return self._checked(number(self.low.value, LOWER), number(self.high.value, UPPER))

    def _checked(self, low: float, high: float) -> tuple[float, float]:
        try:
            return as_limits((low, high), self.parameter)
        except InputError:
            above, name = self.parameter.kind == "factor", self.parameter.symbol
            if self.mode.value == FIXED:
                remedy = f"type a number that is {'above 0' if above else '0 or more'}"
                raise InputError(name, f"is fixed at {number_text(low)}", remedy=remedy) from None
            if not 0 <= low < math.inf:
                raise InputError(LOWER, "must be 0 or more", got=number_text(low)) from None
            if low > self.parameter.largest:
                rule = f"must be at most {number_text(self.parameter.largest)}, the largest that a fit considers"
                raise InputError(LOWER, rule, got=number_text(low)) from None
            rule = f"must be finite{' and above 0' if above else ''}, and not below the lower limit"
            raise InputError(UPPER, rule, got=number_text(high)) from None


class LimitsEditor(Editor):
    """Limits of the parameters of the law.

    Attributes
    ----------
    limits : dict of str to LimitRow
        By parameter; replaced when the law changes.
    law : Law
        Source of suggested values: a published law until the same kind of law has been fitted.
    """

    title = "Parameters in the fit"
    law: Law

    def __init__(self, parts: Parts, watch: Callable[[ipywidgets.Widget], None]) -> None:
        super().__init__(parts, watch, "cnb-limits")
        self.limits: dict[str, LimitRow] = {}
        self._family: Family | None = None
        self._bounds: Mapping[str, tuple[float, float]] | None = None

    @staticmethod
    def describe(settings: Settings) -> str:
        """Return the parameters that are not free, with their limits."""
        symbols = {parameter.name: parameter.symbol for parameter in settings.family.parameters}
        texts = [
            f"{symbols[name]} = {low:g}" if low == high else f"{symbols[name]} from {low:g} to {high:g}"
            for name, (low, high) in settings.bounds.items()
        ]
        return ", ".join(texts) or "all free"

    def show(self, settings: Settings) -> None:
        """Show the limits if they have changed."""
        if settings.family is not self._family:
            self._offer(settings.family)
        elif settings.bounds is self._bounds:
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
            row.suggest(self.law.as_dict()[row.parameter.name])
        try:
            limits = row.read()
        except InputError as error:
            row.explain(str(error), row.high if error.where == UPPER else row.low)
            return settings
        row.explain("")
        row.say("")
        known, edited = dict(settings.bounds), row.parameter.name
        if limits == known.get(edited):
            return settings
        known |= {} if limits is None else {edited: limits}
        kept = (name for name in self.limits if name in known and not (name == edited and limits is None))
        self._bounds = {name: known[name] for name in kept}
        return replace(settings, bounds=self._bounds)

    def _offer(self, family: Family) -> None:
        """Make a row for each parameter of a law."""
        for row in self.limits.values():
            row.discard()
        self._family, self.law = family, family.published
        self.limits = {parameter.name: LimitRow(self.parts, parameter) for parameter in family.parameters}
        self.fill(list(self.limits.values()))
