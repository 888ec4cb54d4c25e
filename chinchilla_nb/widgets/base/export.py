"""Export results from a panel: the charts as an image, the runs as a table, the allocation as a code snippet."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from html import escape
from typing import Any

import ipywidgets

from chinchilla_nb.widgets.base.guard import Guard, guarded

__all__ = ["ExportControl", "download_link", "snippet"]

_MIME = {"csv": "text/csv", "png": "image/png", "svg": "image/svg+xml"}


class ExportControl(ipywidgets.VBox):
    """Buttons that create files to download, and a snippet to copy.

    Parameters
    ----------
    guard : Guard
    makers : mapping of str to callable
        Keys are ``"png"``, ``"svg"`` and ``"csv"``; each callable returns the content of the file.
    names : mapping of str to str
        Name of each file, without its suffix.

    Attributes
    ----------
    buttons : dict of str to Button
    link : HTML
        Link to the file created last.
    language : ToggleButtons
    code : HTML
    """

    def __init__(self, guard: Guard, makers: Mapping[str, Callable[[], bytes]], names: Mapping[str, str]) -> None:
        self.guard, self._makers, self._names = guard, makers, names
        self.buttons = {
            kind: ipywidgets.Button(description=kind.upper(), tooltip=f"Create a {kind.upper()} file to download")
            for kind in makers
        }
        for kind, button in self.buttons.items():
            button.layout.width = "60px"
            button.on_click(partial(self._offer, kind))
        self.link = ipywidgets.HTML()
        self.language = ipywidgets.ToggleButtons(
            options=["Python", "YAML"], tooltips=["Copy as Python", "Copy as YAML"]
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
    def _offer(self, kind: str, _button: ipywidgets.Button) -> None:
        """Create a file and show a link that downloads it."""
        self.link.value = download_link(f"{self._names[kind]}.{kind}", _MIME[kind], self._makers[kind]())

    def clear_link(self) -> None:
        """Remove the download link, because its file no longer matches what is shown."""
        self.link.value = ""

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
            self.code.value = f'<pre class="cnb-code" tabindex="0" title="Click to select all">{escape(text)}</pre>'


COUNTS = {
    *(f"{name}{end}" for name in ("N", "D") for end in ("", "_low", "_high")),
    *("configuration_N", "configuration_D"),
}
"""Names of numbers that are written as integers."""


def snippet(values: Mapping[str, float | str], language: str) -> str:
    """Write numbers and text as ``"Python"`` or ``"YAML"``.

    Numbers keep six digits, with a decimal point and a signed exponent, without which YAML would read them as text. N
    and D and the ends of their intervals are counts and are written as integers.
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
    return f"{round(Decimal(f'{value:.6g}')):{group}}" if name in COUNTS else repr(float(f"{value:.6g}"))


def download_link(name: str, mime: str, content: bytes) -> str:
    """Return a link that contains the content and downloads it as a file."""
    data = base64.b64encode(content).decode()
    size = f"{len(content) / 1000:,.0f} kB" if len(content) >= 1000 else f"{len(content)} bytes"
    return (
        f'<a class="cnb-download" download="{escape(name)}" href="data:{mime};base64,{data}">'
        f'Download {escape(name)}</a> <span class="cnb-muted">{size}</span>'
    )


def _heading(text: str) -> ipywidgets.HTML:
    return ipywidgets.HTML(f'<span class="cnb-heading">{escape(text)}</span>')
