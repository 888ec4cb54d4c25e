"""Choose which columns of the run table are shown."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

import ipywidgets

from chinchilla_nb.widgets.base.guard import Guard, guarded
from chinchilla_nb.widgets.base.parts import Parts

__all__ = ["ColumnChoice"]


class ColumnChoice(ipywidgets.Box):
    """A check box for each column.

    Parameters
    ----------
    guard : Guard
        The panel's.
    parts : Parts
    on_choice : callable
        Called with the name of a column and whether to show it.

    Attributes
    ----------
    boxes : dict of str to Checkbox
    """

    def __init__(self, guard: Guard, parts: Parts, on_choice: Callable[[str, bool], None]) -> None:
        self.guard, self._parts, self._on_choice = guard, parts, on_choice
        self.boxes: dict[str, ipywidgets.Checkbox] = {}
        super().__init__(**parts.look(ipywidgets.Box, ("cnb-section", "cnb-columns")))

    def offer(self, names: Iterable[str], hidden: Collection[str]) -> None:
        """Offer these columns in this order; the boxes of hidden ones are not checked."""
        names = list(names)
        if names == list(self.boxes):
            return
        for box in self.boxes.values():
            box.close()
        self.boxes = {name: self._box(name, name not in hidden) for name in names}
        self.children = tuple(self.boxes.values())

    def _box(self, name: str, shown: bool) -> ipywidgets.Checkbox:
        box = self._parts.make(ipywidgets.Checkbox, description=name, value=shown, indent=False, tooltip="Show or hide")
        box.observe(self._choose, "value")
        return box

    @guarded
    def _choose(self, change: Any) -> None:
        self._on_choice(change["owner"].description, change["new"])
