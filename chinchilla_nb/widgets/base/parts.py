"""The small widgets that forms and tables are made of, few models each.

Every widget brings a Layout and a Style, models of their own that travel to the page before it is drawn. What is made
here is sized by the style sheet instead, so that one Layout, and one Style of each kind, serve a whole panel: a third
of the models and of the messages, of which a notebook server lets a thousand through in a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any, TypeVar

import ipywidgets

from chinchilla_nb.widgets.base.style import typeset

__all__ = ["Parts", "close_parts", "set_shown"]

W = TypeVar("W", bound=ipywidgets.Widget)


class Parts:
    """Makes the widgets of one panel.

    The layout they share must stay as it is: widths are classes of the style sheet, and `set_shown` hides.
    """

    def __init__(self) -> None:
        self._layout = ipywidgets.Layout()
        self._styles: dict[type, ipywidgets.Widget] = {}

    def look(self, kind: type, classes: Iterable[str]) -> dict[str, Any]:
        """Return what to construct a widget of a kind with, so that it shares its models and bears these classes."""
        look: dict[str, Any] = {"layout": self._layout, "_dom_classes": tuple(classes)}
        style = kind.class_traits().get("style")  # type: ignore[attr-defined]
        if style is not None:
            if style.klass not in self._styles:
                self._styles[style.klass] = style.klass()
            look["style"] = self._styles[style.klass]
        return look

    def make(self, kind: type[W], *classes: str, **traits: Any) -> W:
        """Return a widget of a kind."""
        widget: W = kind(**self.look(kind, classes), **traits)
        return widget

    def html(self, value: str = "", *classes: str) -> ipywidgets.HTML:
        """Return a text; the caller escapes what it says."""
        return self.make(ipywidgets.HTML, *classes, value=value)

    def title(self, name: str) -> ipywidgets.HTML:
        """Return the title of a panel."""
        return self.html(f'<span class="cnb-title">{escape(name)}</span>')

    def box(self, children: Sequence[ipywidgets.Widget], *classes: str) -> ipywidgets.Box:
        """Return widgets side by side, or as the classes say."""
        return self.make(ipywidgets.Box, *classes, children=tuple(children))

    def text(
        self, tooltip: str, size: str = "m", *, label: str = "", value: str = "", placeholder: str = ""
    ) -> ipywidgets.Text:
        """Return a box that reports every keystroke, with its name before it; sizes are xs, s, m, l, xl and grow."""
        named = _named(label, tooltip)
        return self.make(ipywidgets.Text, f"cnb-{size}", value=value, placeholder=placeholder, **named)

    def choice(
        self, tooltip: str, options: Sequence[Any], size: str = "l", *, label: str = "", **traits: Any
    ) -> ipywidgets.Dropdown:
        """Return a list to choose from, with its name before it; sizes are s, m, l, xl and xxl."""
        named = _named(label, tooltip)
        return self.make(ipywidgets.Dropdown, f"cnb-{size}", options=list(options), **named, **traits)

    def button(self, name: str, tooltip: str = "", *classes: str, **traits: Any) -> ipywidgets.Button:
        """Return a button."""
        return self.make(ipywidgets.Button, *classes, description=name, tooltip=tooltip or None, **traits)

    def toggle(self, name: str, tooltip: str, *classes: str, value: bool = False) -> ipywidgets.ToggleButton:
        """Return a button that stays pressed."""
        return self.make(ipywidgets.ToggleButton, *classes, description=name, tooltip=tooltip, value=value)


def _named(label: str, tooltip: str) -> dict[str, Any]:
    """Name an input; one with a label shows no tooltip of its own, so that the label does."""
    if not label:
        return {"tooltip": tooltip}
    hinted = f'<span title="{escape(tooltip)}">{typeset(label)}</span>'
    return {"tooltip": tooltip, "description": hinted, "description_allow_html": True}


def set_shown(widget: ipywidgets.DOMWidget, shown: bool) -> None:
    """Show a widget, or take it off the page without losing its place."""
    (widget.remove_class if shown else widget.add_class)("cnb-none")


def close_parts(widget: ipywidgets.Widget) -> None:
    """Close all that a widget is made of: the kernel and the page keep the model of each until it is closed."""
    todo, seen = [widget], {widget}
    while todo:
        one = todo.pop()
        for value in [getattr(one, name) for name in one.keys]:
            held = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else [value]
            new = {part for part in held if isinstance(part, ipywidgets.Widget)} - seen
            todo += new
            seen |= new
    for part in seen - {widget}:
        ipywidgets.Widget.close(part)
