"""The small widgets of forms and tables, created with as few models as possible.

By default every widget has its own Layout and Style, which are separate models sent to the page before the widget is
drawn. The widgets created here are sized by the style sheet instead, so that a whole panel shares one Layout and one
Style of each kind. This leaves a third of the models and messages; a notebook server passes on a thousand messages a
second.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any, TypeVar

import ipywidgets

from chinchilla_nb.widgets.base.style import typeset

__all__ = ["Parts", "close_parts", "set_shown", "widgets_within"]

W = TypeVar("W", bound=ipywidgets.Widget)


class Parts:
    """Create the widgets of one panel.

    Do not change the layout that they share: CSS classes set widths, and `set_shown` hides widgets.
    """

    def __init__(self) -> None:
        self._layout = ipywidgets.Layout()
        self._styles: dict[type, ipywidgets.Widget] = {}

    def look(self, kind: type, classes: Iterable[str]) -> dict[str, Any]:
        """Return the arguments with which a widget of this kind shares its models and has these CSS classes."""
        look: dict[str, Any] = {"layout": self._layout, "_dom_classes": tuple(classes)}
        style = kind.class_traits().get("style")  # type: ignore[attr-defined]
        if style is not None:
            if style.klass not in self._styles:
                self._styles[style.klass] = style.klass()
            look["style"] = self._styles[style.klass]
        return look

    def make(self, kind: type[W], *classes: str, **traits: Any) -> W:
        """Return a widget of this kind."""
        widget: W = kind(**self.look(kind, classes), **traits)
        return widget

    def html(self, value: str = "", *classes: str) -> ipywidgets.HTML:
        """Return an HTML text; the caller must escape its content."""
        return self.make(ipywidgets.HTML, *classes, value=value)

    def title(self, name: str) -> ipywidgets.HTML:
        """Return the title of a panel."""
        return self.html(f'<span class="cnb-title">{escape(name)}</span>')

    def box(self, children: Sequence[ipywidgets.Widget], *classes: str) -> ipywidgets.Box:
        """Return a box of widgets, side by side unless the CSS classes say otherwise."""
        return self.make(ipywidgets.Box, *classes, children=tuple(children))

    def text(
        self, tooltip: str, size: str = "m", *, label: str = "", value: str = "", placeholder: str = ""
    ) -> ipywidgets.Text:
        """Return a labelled text box that reports every keystroke; sizes are xs, s, m, l, xl and grow."""
        named = _named(label, tooltip)
        return self.make(ipywidgets.Text, f"cnb-{size}", value=value, placeholder=placeholder, **named)

    def choice(
        self, tooltip: str, options: Sequence[Any], size: str = "l", *, label: str = "", **traits: Any
    ) -> ipywidgets.Dropdown:
        """Return a labelled drop-down list; sizes are s, m, l, xl and xxl."""
        named = _named(label, tooltip)
        return self.make(ipywidgets.Dropdown, f"cnb-{size}", options=list(options), **named, **traits)

    def button(self, name: str, tooltip: str = "", *classes: str, **traits: Any) -> ipywidgets.Button:
        """Return a button."""
        return self.make(ipywidgets.Button, *classes, description=name, tooltip=tooltip or None, **traits)

    def toggle(self, name: str, tooltip: str, *classes: str, value: bool = False) -> ipywidgets.ToggleButton:
        """Return a button that stays pressed."""
        return self.make(ipywidgets.ToggleButton, *classes, description=name, tooltip=tooltip, value=value)


def _named(label: str, tooltip: str) -> dict[str, Any]:
    """Return the label and tooltip of an input, with the tooltip on the label if there is one."""
    if not label:
        return {"tooltip": tooltip}
    hinted = f'<span title="{escape(tooltip)}">{typeset(label)}</span>'
    return {"tooltip": tooltip, "description": hinted, "description_allow_html": True}


def set_shown(widget: ipywidgets.DOMWidget, shown: bool) -> None:
    """Show or hide a widget, keeping its place on the page."""
    (widget.remove_class if shown else widget.add_class)("cnb-none")


def widgets_within(widget: ipywidgets.Widget) -> set[ipywidgets.Widget]:
    """Return all widgets inside a widget, also layouts and styles."""
    todo, seen = [widget], {widget}
    while todo:
        one = todo.pop()
        for value in [getattr(one, name) for name in one.keys]:
            held = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else [value]
            new = {part for part in held if isinstance(part, ipywidgets.Widget)} - seen
            todo += new
            seen |= new
    return seen - {widget}


def close_parts(widget: ipywidgets.Widget) -> None:
    """Close all widgets inside a widget: kernel and page keep the model of each until it is closed."""
    for part in widgets_within(widget):
        ipywidgets.Widget.close(part)
