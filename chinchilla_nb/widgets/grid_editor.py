"""Edit the grid of starting values: where each parameter begins and ends, how many values, how they are spaced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import ipywidgets
import numpy as np

from chinchilla_nb._validator import ParamGrid, validate
from chinchilla_nb.checks import as_count
from chinchilla_nb.engine.grid import StartGrid
from chinchilla_nb.settings import Settings
from chinchilla_nb.widgets.fields import Editor, Row, card, choice, number, number_text, numbers, text_box

__all__ = ["AxisRow", "GridEditor"]

EVEN, RATIOS, LISTED = "even", "ratios", "listed"
MANY_STARTS = 50_000
"""Starts above which a fit takes more than seconds."""

_NAMES = {"E": "E", "A": "A", "B": "B", "alpha": "α", "beta": "β"}
_LOGS = {"E": "e", "A": "a", "B": "b"}


class AxisRow(Row):
    """The starting values of one parameter.

    Attributes
    ----------
    unit : Dropdown
        Whether the numbers are the parameter or its logarithm; the value is the documented key, ``"E"`` or ``"e"``.
    spacing : Dropdown
    low, high, count, listed : Text
    """

    def __init__(self, parameter: str) -> None:
        self.parameter = parameter
        name = _NAMES[parameter]
        keys = [(name, parameter)]
        if parameter in _LOGS:
            keys.append((f"log {name}", _LOGS[parameter]))
        self.unit = choice(f"{name} itself, or its natural logarithm", keys, "auto")
        self.unit.disabled = len(keys) == 1
        spacings = [("even steps", EVEN), ("equal ratios", RATIOS), ("listed", LISTED)]
        self.spacing = choice(f"How the values of {name} are spaced", spacings, "auto")
        self.low, self.high, self.count = (
            text_box(f"{what} of the starting values of {name}", "auto") for what in ("Lowest", "Highest", "Number")
        )
        self.listed = text_box(f"Starting values of {name}, with commas between them", "auto", "1, 2, 5")
        self.listed.add_class("cnb-listed")
        hint = str(ParamGrid.model_fields[parameter].description)
        super().__init__(name, [self.unit, self.spacing, self.low, self.high, self.count, self.listed], hint)

    def show(self, key: str, axis: Sequence[float]) -> None:
        """Write an axis into the inputs."""
        self.unit.value = key
        self.spacing.value = _spacing_of(axis)
        self.low.value, self.high.value = number_text(axis[0]), number_text(axis[-1])
        self.count.value = str(len(axis))
        self.listed.value = ", ".join(number_text(value) for value in axis)
        self.arrange()

    def arrange(self) -> None:
        """Show the inputs that the spacing needs."""
        listed = self.spacing.value == LISTED
        for box in (self.low, self.high, self.count):
            box.layout.display = "none" if listed else ""
        self.listed.layout.display = "" if listed else "none"

    def switch(self, owner: ipywidgets.Widget | None, key: str, axis: Sequence[float]) -> None:
        """Follow a change of unit or spacing: the same values, written the new way.

        Parameters
        ----------
        owner : Widget or None
            What a person has changed.
        key, axis
            The axis that was valid last.
        """
        unit_changed, spacing_changed = owner is self.unit, owner is self.spacing
        if unit_changed and self.unit.value != key:
            convert = np.exp if self.unit.value == self.parameter else np.log
            listed = self.spacing.value == LISTED
            values = [float(f"{value:.4g}") for value in convert(axis if listed else [axis[0], axis[-1]])]
            self.show(self.unit.value, values if listed else _spaced(values[0], values[1], len(axis), EVEN))
        elif spacing_changed:
            self.listed.value = ", ".join(number_text(value) for value in axis)
            self.arrange()

    def read(self) -> tuple[str, tuple[float, ...]]:
        """Return key and values.

        Raises
        ------
        ValueError
            If they are not valid.
        """
        key = self.unit.value
        if self.spacing.value == LISTED:
            axis = numbers(self.listed.value, self.label(key))
        else:
            low, high = number(self.low.value, "low"), number(self.high.value, "high")
            count = as_count(number(self.count.value, "count"), "count")
            axis = _spaced(low, high, count, self.spacing.value)
        # The documented model says what is allowed; the other axes are there because it asks for all five.
        others = {name: (1.0,) for name in _NAMES if name != self.parameter}
        try:
            valid = validate(ParamGrid, {**others, key: axis}).axes()[key]
            StartGrid({**others, key: valid})
        except ValueError as error:
            raise ValueError(str(error).replace(f"param_grid[{key!r}]", self.label(key))) from None
        return key, valid

    def label(self, key: str) -> str:
        """Return the name of what the numbers are."""
        return _NAMES[self.parameter] if key == self.parameter else f"log {_NAMES[self.parameter]}"


class GridEditor(Editor):
    """Starting values of all five parameters.

    Attributes
    ----------
    axes : dict of str to AxisRow
    total : HTML
        How many starts the grid makes.
    suggest : Button
    """

    def __init__(self) -> None:
        self.axes = {parameter: AxisRow(parameter) for parameter in _NAMES}
        self.rows = list(self.axes.values())
        self.watched = [field for row in self.rows for field in row.inputs]
        self.total = ipywidgets.HTML()
        self.suggest = ipywidgets.Button(
            description="Suggest a grid from the runs",
            tooltip="Starts around the laws that could have made the runs",
            layout=ipywidgets.Layout(width="auto"),
        )
        heads = "".join(f"<span>{name}</span>" for name in ("in", "values", "low", "high", "count"))
        head = ipywidgets.HTML(f'<div class="cnb-grid-line"><i></i><div class="cnb-grid-head">{heads}</div></div>')
        foot = ipywidgets.Box([self.suggest, self.total])
        foot.add_class("cnb-bar")
        foot.layout.margin = "8px 0 0"
        super().__init__(card("Starting values of the fit", head, *self.rows, foot))
        self.add_class("cnb-card")
        self.add_class("cnb-grid")
        self._grid: StartGrid | None = None

    def show(self, settings: Settings) -> None:
        """Write the grid if it is another one."""
        if settings.grid is not self._grid:
            self._grid = settings.grid
            for row, (key, axis) in zip(self.rows, settings.grid.axes.items(), strict=True):
                row.explain("")
                row.show(key, axis.tolist())
        self._remark(settings)

    def read(self, settings: Settings, owner: ipywidgets.Widget | None) -> Settings:
        """Return settings with the axes that are valid."""
        axes: dict[str, Any] = {}
        for row, (key, axis) in zip(self.rows, settings.grid.axes.items(), strict=True):
            axes[key] = axis
            if owner is not None and owner not in row.inputs:
                continue
            row.switch(owner, key, axis.tolist())
            try:
                new_key, new_axis = row.read()
            except ValueError as error:
                row.explain(str(error), _culprit(row, str(error)))
                continue
            row.explain("")
            if new_key != key or not np.array_equal(new_axis, axis):
                del axes[key]
                axes[new_key] = new_axis
        if any(axes.get(key) is not axis for key, axis in settings.grid.axes.items()):
            self._grid = StartGrid(axes)
            settings = replace(settings, grid=self._grid)
        self._remark(settings)
        return settings

    def _remark(self, settings: Settings) -> None:
        for row, (key, axis) in zip(self.rows, settings.grid.axes.items(), strict=True):
            values = np.exp(axis) if key != row.parameter else axis
            row.say(f"{_NAMES[row.parameter]} = {_sketch(values)}")
        count = len(settings.grid)
        parts = " × ".join(str(len(axis)) for axis in settings.grid.axes.values())
        kind, advice = ("cnb-warn", ": a fit will take long") if count > MANY_STARTS else ("cnb-muted", "")
        self.total.value = (
            f'<span class="{kind}">{parts} = <b>{count:,}</b> start{"" if count == 1 else "s"}{advice}</span>'
        )


def _spacing_of(axis: Sequence[float]) -> str:
    count = len(axis)
    if np.allclose(np.linspace(axis[0], axis[-1], count), axis, rtol=1e-9, atol=1e-300):
        return EVEN
    if min(axis) > 0 and np.allclose(np.geomspace(axis[0], axis[-1], count), axis, rtol=1e-9, atol=0):
        return RATIOS
    return LISTED


def _spaced(low: float, high: float, count: int, spacing: str) -> list[float]:
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ValueError(f"low and high must be finite, got {low:g} and {high:g}")
    if low > high:
        raise ValueError(f"low must not be above high, got {low:g} and {high:g}")
    if not 1 <= count <= 1000:
        raise ValueError(f"count must be from 1 to 1,000, got {count:,}")
    if count == 1 and low != high:
        raise ValueError("one value needs low and high to be the same")
    if spacing == EVEN:
        return list(np.linspace(low, high, count).tolist())
    if low <= 0:
        raise ValueError(f"equal ratios need a positive low, got {low:g}: choose even steps")
    return list(np.geomspace(low, high, count).tolist())


def _culprit(row: AxisRow, problem: str) -> ipywidgets.Widget:
    """Find the box a person has to look at."""
    if row.spacing.value == LISTED:
        return row.listed
    for box in (row.low, row.high, row.count):
        try:
            number(box.value, "")
        except ValueError:
            return box
    return row.count if problem.startswith(("count", "one value")) else row.low


def _sketch(values: Any) -> str:
    """Write a few of many values."""
    texts = [_brief(value) for value in values]
    return ", ".join(texts if len(texts) <= 7 else [*texts[:3], "…", *texts[-2:]])


def _brief(value: float) -> str:
    if value == 0 or 1e-3 <= abs(value) < 1e4:
        return f"{value:.3g}" if abs(value) < 999.5 else f"{value:.0f}"
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{float(mantissa):g}e{int(exponent)}"
