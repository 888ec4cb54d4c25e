"""One axis of the grid of starting values: its ends, the number of values and their spacing."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets
import numpy as np

from chinchilla_nb.checks import as_count
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.parameters import Parameter
from chinchilla_nb.engine.laws.starts import StartGrid
from chinchilla_nb.quantity import number_text
from chinchilla_nb.widgets.base.fields import Row, number, numbers
from chinchilla_nb.widgets.base.parts import Parts, set_shown

__all__ = ["AxisRow"]

EVEN, RATIOS, LISTED = "even", "ratios", "listed"
_SPACINGS = [("even steps", EVEN), ("equal ratios", RATIOS), ("listed", LISTED)]


class AxisRow(Row):
    """The starting values of one parameter.

    Attributes
    ----------
    parameter : Parameter
    unit : Dropdown
        Whether the numbers are the parameter or its logarithm; the value is the documented key, ``"E"`` or ``"e"``.
    spacing : Dropdown
    low, high, count, listed : Text
    """

    def __init__(self, parts: Parts, parameter: Parameter) -> None:
        self.parameter = parameter
        name = parameter.symbol
        keys = [(self.label(key), key) for key in parameter.names]
        itself = f"{name} itself, or its natural logarithm" if parameter.log_name else name
        self.unit = parts.choice(f"{itself}: {parameter.meaning}", keys, "s", label=name, disabled=len(keys) == 1)
        self.spacing = parts.choice(f"How the values of {name} are spaced", _SPACINGS, "m")
        self.low, self.high, self.count = (
            parts.text(f"{what} of the starting values of {name}", "s") for what in ("Lowest", "Highest", "Number")
        )
        self.listed = parts.text(f"Starting values of {name}, separated by commas", placeholder="1, 2, 5")
        self.listed.add_class("cnb-listed")
        self._boxes = {"low": self.low, "high": self.high, "count": self.count}
        super().__init__(parts, [self.unit, self.spacing, self.low, self.high, self.count, self.listed])

    def show(self, key: str, axis: Sequence[float]) -> None:
        """Show an axis in the inputs."""
        self.unit.value = key
        self.spacing.value = _spacing_of(axis)
        self.low.value, self.high.value = number_text(axis[0]), number_text(axis[-1])
        self.count.value = str(len(axis))
        self.listed.value = _list_text(axis)
        self.arrange()

    def arrange(self) -> None:
        """Show only the inputs that the spacing needs."""
        listed = self.spacing.value == LISTED
        for box in (self.low, self.high, self.count):
            set_shown(box, not listed)
        set_shown(self.listed, listed)

    def switch(self, owner: ipywidgets.Widget, key: str, axis: Sequence[float]) -> None:
        """Convert the inputs after a change of unit or spacing, keeping the same values.

        Parameters
        ----------
        owner : Widget
            The input that the user has just changed.
        key, axis
            The last valid axis.
        """
        if owner is self.unit and self.unit.value != key:
            convert = np.exp if self.unit.value == self.parameter.name else np.log
            listed = self.spacing.value == LISTED
            values = [float(f"{value:.4g}") for value in convert(axis if listed else [axis[0], axis[-1]])]
            self.show(self.unit.value, values if listed else _spaced(values[0], values[1], len(axis), EVEN))
        elif owner is self.spacing:
            self.listed.value = _list_text(axis)
            self.arrange()

    def read(self) -> tuple[str, tuple[float, ...]]:
        """Return the key and the values.

        Raises
        ------
        InputError
            If they are not valid; `box(error.where)` is the input to mark.
        """
        key = self.unit.value
        if self.spacing.value == LISTED:
            axis = numbers(self.listed.value, self.label(key))
        else:
            low, high = number(self.low.value, "low"), number(self.high.value, "high")
            count = as_count(number(self.count.value, "count"), "count")
            axis = _spaced(low, high, count, self.spacing.value)
            for end, value in (("low", low), ("high", high)):
                self._axis(key, [value], end)
        return key, self._axis(key, axis, self.label(key))

    def _axis(self, key: str, values: Sequence[float], where: str) -> tuple[float, ...]:
        """Return values that the law can start from; an error is about `where`."""
        try:
            return tuple(StartGrid({key: values}, [self.parameter]).axes[key].tolist())
        except InputError as error:
            raise InputError(where, error.rule, got=error.got, remedy=error.remedy) from None

    def label(self, key: str) -> str:
        """Return the symbol of the quantity that the numbers stand for."""
        return self.parameter.symbol if key == self.parameter.name else f"log {self.parameter.symbol}"

    def box(self, where: str) -> ipywidgets.Widget:
        """Return the box that an error is about: low, high or count, or else the first box that holds values."""
        return self.listed if self.spacing.value == LISTED else self._boxes.get(where, self.low)


def _list_text(axis: Sequence[float]) -> str:
    return ", ".join(number_text(value) for value in axis)


def _spacing_of(axis: Sequence[float]) -> str:
    count = len(axis)
    if np.allclose(np.linspace(axis[0], axis[-1], count), axis, rtol=1e-9, atol=1e-300):
        return EVEN
    if min(axis) > 0 and np.allclose(np.geomspace(axis[0], axis[-1], count), axis, rtol=1e-9, atol=0):
        return RATIOS
    return LISTED


def _spaced(low: float, high: float, count: int, spacing: str) -> list[float]:
    for name, end in (("low", low), ("high", high)):
        if not np.isfinite(end):
            raise InputError(name, "must be finite", got=f"{end:g}")
    if low > high:
        raise InputError("low", "must not be above high", got=f"{number_text(low)} and {number_text(high)}")
    if not 1 <= count <= 1000:
        raise InputError("count", "must be from 1 to 1,000", got=f"{count:,}")
    if count == 1 and low != high:
        raise InputError("count", "must be 2 or more where low and high are not the same", got="1")
    if spacing == EVEN:
        return list(np.linspace(low, high, count).tolist())
    if low <= 0:
        raise InputError("low", "must be positive for equal ratios", got=number_text(low), remedy="choose even steps")
    return list(np.geomspace(low, high, count).tolist())
