"""Export results from a panel: charts as an image, runs as a table, the allocation as a code snippet."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from html import escape
from typing import Any

import ipywidgets

from chinchilla_nb.widgets.base.file_making import FileMaking
from chinchilla_nb.widgets.base.guard import Guard, guarded
from chinchilla_nb.widgets.base.page_actions import Download, copy_block

__all__ = ["ExportControl", "snippet"]

_MIME = {"csv": "text/csv", "png": "image/png", "svg": "image/svg+xml"}


class ExportControl(ipywidgets.VBox):
    """Buttons that save files, and a snippet with a button that copies it; each takes one click.

    Parameters
    ----------
    guard : Guard
    makers : mapping of str to callable
        Keys are ``"png"``, ``"svg"`` and ``"csv"``. Each callable is called by a click and returns a function that
        makes the content, which runs in the background.
    names : mapping of str to str
        Name of each file, without its suffix.

    Attributes
    ----------
    buttons : dict of str to Button
    link : Download
        Saves the file that a button creates, and keeps a link to it.
    making : FileMaking
    language : ToggleButtons
    code : HTML
    """

    def __init__(
        self, guard: Guard, makers: Mapping[str, Callable[[], Callable[[], bytes]]], names: Mapping[str, str]
    ) -> None:
        self.guard, self._makers, self._names = guard, makers, names
        self.buttons = {
            kind: ipywidgets.Button(description=kind.upper(), tooltip=f"Save as {kind.upper()}") for kind in makers
        }
        for kind, button in self.buttons.items():
            button.layout.width = "72px"
            button.on_click(partial(self._offer, kind))
        self.link = Download()
        self.making = FileMaking(guard, self.link, *self.buttons.values())
        self.language = ipywidgets.ToggleButtons(
            options=["Python", "YAML"], tooltips=["Write it in Python", "Write it in YAML"]
        )
        self.language.style.button_width = "72px"
        self.code = ipywidgets.HTML()
        self._allocation: Mapping[str, float | str] | None = None
        save = ipywidgets.Box([_heading("Save"), *self.buttons.values(), self.link])
        self._copy = ipywidgets.Box([_heading("Allocation"), self.language])
        for bar in (save, self._copy):
            bar.add_class("cnb-bar")
        super().__init__([self._copy, self.code, save])
        self.language.observe(self._show_code, "value")
        self.show(None)

    @guarded
    def _offer(self, kind: str, button: ipywidgets.Button) -> None:
        """Create a file of what is shown now, and save it."""
        self.making.start(button, f"{self._names[kind]}.{kind}", _MIME[kind], self._makers[kind]())

    def clear_link(self) -> None:
        """Remove the download link, because its file no longer matches what is shown."""
        self.making.outdate()

    def show(self, allocation: Mapping[str, float | str] | None) -> None:
        """Show an allocation as a snippet, or nothing if it is None."""
        self._allocation = allocation
        self._show_code()

    @guarded
    def _show_code(self, _change: Any = None) -> None:
        for part in (self._copy, self.code):
            part.layout.display = "none" if self._allocation is None else None
        if self._allocation is not None:
            text = snippet(self._allocation, self.language.value)
            self.code.value = copy_block(text, "the allocation")


COUNTS = {
    *(f"{name}{end}" for name in ("N", "D") for end in ("", "_low", "_high")),
    *("configuration_N", "configuration_D"),
}
"""Names of numbers that are written as integers."""


def snippet(values: Mapping[str, float | str], language: str) -> str:
    """Write numbers and text as ``"Python"`` or ``"YAML"``.

    Numbers keep six digits and are as short as that allows: ``5.00209e+13``. YAML reads them as numbers only with a
    point and a signed exponent. N and D and the ends of their intervals are counts and are written as integers.
    """
    group = "" if language == "YAML" else "_"
    numbers = {name: _written(name, value, group) for name, value in values.items()}
    if language == "YAML":
        lines = [f"  {name}: {_with_point(number)}" for name, number in numbers.items()]
        return "\n".join(["allocation:", *lines])
    lines = [f'    "{name}": {number},' for name, number in numbers.items()]
    return "\n".join(["allocation = {", *lines, "}"])


def _with_point(number: str) -> str:
    """Return a number as YAML reads it; texts are quoted."""
    return number if number[0] == '"' or "." in number or "e" not in number else number.replace("e", ".0e")


def _written(name: str, value: float | str, group: str) -> str:
    if isinstance(value, str):
        return json.dumps(value)  # a quoted text, in both languages
    if name in COUNTS:
        return f"{round(Decimal(f'{value:.6g}')):{group}}"
    text = f"{value:.6g}"
    return text if "." in text or "e" in text else f"{text}.0"


def _heading(text: str) -> ipywidgets.HTML:
    return ipywidgets.HTML(f'<span class="cnb-heading">{escape(text)}</span>')
