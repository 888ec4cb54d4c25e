"""Sections of a panel that open and close, and say in a few words what is inside."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import ipywidgets

from chinchilla_nb.widgets.base.parts import Parts, set_shown
from chinchilla_nb.widgets.base.style import typeset

__all__ = ["Section"]


class Section(ipywidgets.Box):
    """A heading over contents that are made when they are seen first.

    Parameters
    ----------
    parts : Parts
    title : str
    make : callable
        Makes the contents.

    Attributes
    ----------
    toggle : ToggleButton
        Open or closed.
    summary : HTML
        What is inside, for those who do not open it.
    content : Widget or None
        None until it was opened.
    """

    def __init__(self, parts: Parts, title: str, make: Callable[[], ipywidgets.DOMWidget]) -> None:
        self._title, self._make = title, make
        self.content: ipywidgets.DOMWidget | None = None
        self.toggle = parts.toggle(f"▸ {title}", f"Open or close: {title}", "cnb-section-head")
        self.summary = parts.html("", "cnb-section-summary")
        super().__init__([self.toggle, self.summary], **parts.look(ipywidgets.Box, ("cnb-section",)))

    def arrange(self) -> None:
        """Show or hide the contents, as the toggle says."""
        if self.toggle.value:
            self.fill()
        if self.content is not None:
            set_shown(self.content, self.toggle.value)
        self.toggle.description = f"{'▾' if self.toggle.value else '▸'} {self._title}"

    def fill(self) -> ipywidgets.DOMWidget:
        """Make the contents if there are none yet, and return them."""
        if self.content is None:
            self.content = self._make()
            set_shown(self.content, self.toggle.value)
            self.children = (self.toggle, self.summary, self.content)
        return self.content

    def say(self, summary: str, problem: str = "") -> None:
        """Say next to the heading what is inside, and what is wrong with it."""
        wrong = f'<span class="cnb-problem">{escape(problem)}</span> ' if problem else ""
        self.summary.value = f'{wrong}<span class="cnb-muted">{typeset(summary)}</span>'
