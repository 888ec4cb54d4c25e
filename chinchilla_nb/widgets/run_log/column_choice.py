"""Choose which columns of a table are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import ipywidgets

from chinchilla_nb.widgets.base.parts import Parts

__all__ = ["ColumnChoice"]


class ColumnChoice(ipywidgets.Box):
    """A check box for each column.

    Parameters
    ----------
    parts : Parts
    on_choice : callable
        Called after a box was clicked.

    Attributes
    ----------
    hidden : set of str
        Names of the columns that are not shown, whether or not they exist at present.
    boxes : dict of str to Checkbox
    """

    def __init__(self, parts: Parts, on_choice: Callable[[], None]) -> None:
        self._parts, self._on_choice = parts, on_choice
        self.hidden: set[str] = set()
        self.boxes: dict[str, ipywidgets.Checkbox] = {}
        super().__init__(**parts.look(ipywidgets.Box, ("cnb-section", "cnb-columns")))

    def offer(self, names: Iterable[str]) -> None:
        """Offer these columns, in this order."""
        names = list(names)
        if names == list(self.boxes):
            return
        for box in self.boxes.values():
            box.close()
        self.boxes = {name: self._box(name) for name in names}
        self.children = tuple(self.boxes.values())

    def _box(self, name: str) -> ipywidgets.Checkbox:
        box = self._parts.make(
            ipywidgets.Checkbox, description=name, value=name not in self.hidden, indent=False, tooltip="Show or hide"
        )
        box.observe(lambda change: self._choose(name, change["new"]), "value")
        return box

    def _choose(self, name: str, shown: bool) -> None:
        (self.hidden.discard if shown else self.hidden.add)(name)
        self._on_choice()
