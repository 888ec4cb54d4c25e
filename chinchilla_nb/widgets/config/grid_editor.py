"""Edit the grid of starting values of the fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import ipywidgets
import numpy as np

from chinchilla_nb.config.settings import Settings
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.chinchilla_family import CHINCHILLA
from chinchilla_nb.engine.laws.parameters import Parameter
from chinchilla_nb.engine.laws.starts import StartGrid
from chinchilla_nb.quantity import scientific
from chinchilla_nb.widgets.base.fields import Editor
from chinchilla_nb.widgets.base.parts import Parts, set_shown
from chinchilla_nb.widgets.config.axis_row import AxisRow

__all__ = ["GridEditor"]

MANY_STARTS = 50_000
"""Starts above which a fit takes more than seconds."""


class GridEditor(Editor):
    """Starting values of the parameters of the law.

    Attributes
    ----------
    axes : dict of str to AxisRow
        By parameter; replaced when the law changes.
    suggest : Button
        Shown only for the law that a grid can be suggested for.
    """

    title = "Starting values of the fit"

    def __init__(self, parts: Parts, watch: Callable[[ipywidgets.Widget], None]) -> None:
        super().__init__(parts, watch, "cnb-grid")
        self.axes: dict[str, AxisRow] = {}
        self.suggest = parts.button(
            "Suggest a grid from the runs", "Starting values around the laws that could explain the runs"
        )
        heads = "".join(f"<span>{name}</span>" for name in ("", "in", "values", "low", "high", "count"))
        self._head = parts.html(f'<div class="cnb-grid-head">{heads}</div>')
        self._grid: StartGrid | None = None

    @staticmethod
    def describe(settings: Settings) -> str:
        """Return the number of starts."""
        count = len(settings.starts)
        parts = " × ".join(str(len(axis)) for axis in settings.starts.axes.values())
        advice = ": a fit will take long" if count > MANY_STARTS else ""
        return f"{parts} = {count:,} start{'' if count == 1 else 's'}{advice}"

    def show(self, settings: Settings) -> None:
        """Show the grid if it has changed."""
        if settings.starts is not self._grid:
            self._grid = settings.starts
            self._offer(settings.family.parameters)
            set_shown(self.suggest, settings.family is CHINCHILLA)
            for row, (key, axis) in zip(self.axes.values(), settings.starts.axes.items(), strict=True):
                row.explain("")
                row.show(key, axis.tolist())
        self._remark(settings)

    def read(self, settings: Settings, owner: ipywidgets.Widget) -> Settings:
        """Return settings with the axis that was edited, if it is valid."""
        axes: dict[str, Any] = {}
        for row, (key, axis) in zip(self.axes.values(), settings.starts.axes.items(), strict=True):
            if owner in row.inputs:
                new_key, new_axis = _read(row, owner, key, axis)
                axes[new_key] = new_axis
            else:
                axes[key] = axis
        if any(axes.get(key) is not axis for key, axis in settings.starts.axes.items()):
            self._grid = StartGrid(axes, settings.family.parameters)
            settings = replace(settings, grid=self._grid)
        self._remark(settings)
        return settings

    def _offer(self, parameters: Sequence[Parameter]) -> None:
        """Make a row for each parameter, unless the existing rows are for the same law."""
        if [row.parameter for row in self.axes.values()] == list(parameters):
            return
        for row in self.axes.values():
            row.discard()
        self.axes = {parameter.name: AxisRow(self.parts, parameter) for parameter in parameters}
        self.fill(list(self.axes.values()), self.suggest)
        self.children = (self._head, *self.children)

    def _remark(self, settings: Settings) -> None:
        for row, (key, axis) in zip(self.axes.values(), settings.starts.axes.items(), strict=True):
            with np.errstate(over="ignore", under="ignore"):
                values = np.exp(axis) if key != row.parameter.name else axis
            row.say(f"{row.parameter.symbol} = {_sketch(values)}")


def _read(row: AxisRow, owner: ipywidgets.Widget, key: str, axis: Any) -> tuple[str, Any]:
    """Read a row; if it is not valid, show why and return the previous axis."""
    row.switch(owner, key, axis.tolist())
    try:
        new_key, new_axis = row.read()
    except InputError as error:
        row.explain(str(error), row.box(error.where))
        return key, axis
    row.explain("")
    return (key, axis) if new_key == key and np.array_equal(new_axis, axis) else (new_key, new_axis)


def _sketch(values: Any) -> str:
    """Return values as text, with an ellipsis if there are many."""
    texts = [_brief(value) for value in values]
    return ", ".join(texts if len(texts) <= 7 else [*texts[:3], "…", *texts[-2:]])


def _brief(value: float) -> str:
    if not np.isfinite(value):
        return "beyond all numbers"
    if value == 0 or 1e-3 <= abs(value) < 1e4:
        return f"{value:.3g}" if abs(value) < 999.5 else f"{value:.0f}"
    return scientific(value, 2)
