"""Buttons for the ways to read a table that leaves a question."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import ipywidgets

from chinchilla_nb.records.columns.candidates import Candidate
from chinchilla_nb.records.columns.questions import option_text
from chinchilla_nb.records.columns.reading import Reading
from chinchilla_nb.records.columns.sources import AnySource
from chinchilla_nb.widgets.base.guard import Guard, guarded
from chinchilla_nb.widgets.base.parts import Parts

__all__ = ["WaysToRead"]


class WaysToRead(ipywidgets.Box):
    """A button for each way to read a quantity that a table does not decide.

    Parameters
    ----------
    guard : Guard
        The panel's.
    parts : Parts
    on_choice : callable
        Called with the quantity and the source that was chosen.

    Attributes
    ----------
    buttons : tuple of Button
    """

    def __init__(self, guard: Guard, parts: Parts, on_choice: Callable[[str, AnySource], None]) -> None:
        self.guard, self._parts, self._on_choice = guard, parts, on_choice
        self.buttons: tuple[ipywidgets.Button, ...] = ()
        super().__init__(**parts.look(ipywidgets.Box, ("cnb-bar", "cnb-ways")))

    def offer(self, reading: Reading | None) -> None:
        """Offer the ways to read a table; none for no table."""
        for button in self.buttons:
            button.close()
        questions = reading.questions.values() if reading is not None else ()
        self.buttons = tuple(self._button(one.quantity, way) for one in questions for way in one.options)
        self.children = self.buttons

    def _button(self, quantity: str, way: Candidate) -> ipywidgets.Button:
        text = f"{quantity} = {option_text(quantity, way)}"
        button = self._parts.button(text, f"Read {quantity} from {way.source}")
        button.on_click(partial(self._choose, quantity, way.source))
        return button

    @guarded
    def _choose(self, quantity: str, source: AnySource, _button: Any) -> None:
        self._on_choice(quantity, source)
