"""Sections of a panel that open and close, with a summary of their contents."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import ipywidgets

from chinchilla_nb.widgets.base.parts import Parts, set_shown
from chinchilla_nb.widgets.base.style import typeset

__all__ = ["Section"]


class Section(ipywidgets.Box):
    """A heading over contents that are created when the section is first opened.

    Parameters
    ----------
    parts : Parts
    title : str
    make : callable
        Creates the contents.

    Attributes
    ----------
    toggle : ToggleButton
        Opens and closes the section.
    summary : HTML
        The contents in a few words, also while the section is closed.
    content : Widget or None
        None until the section is first opened.
    """

    def __init__(self, parts: Parts, title: str, make: Callable[[], ipywidgets.DOMWidget]) -> None:
        self._title, self._make = title, make
        self.content: ipywidgets.DOMWidget | None = None
        self.toggle = parts.toggle(f"▸ {title}", f"Open or close: {title}", "cnb-section-head")
        self.summary = parts.html("", "cnb-section-summary")
        super().__init__([self.toggle, self.summary], **parts.look(ipywidgets.Box, ("cnb-section",)))

    def arrange(self) -> None:
        """Show or hide the contents according to the toggle."""
        if self.toggle.value:
            self.fill()
        if self.content is not None:
            set_shown(self.content, self.toggle.value)
        self.toggle.description = f"{'▾' if self.toggle.value else '▸'} {self._title}"

    def fill(self) -> ipywidgets.DOMWidget:
        """Return the contents, creating them if necessary."""
        if self.content is None:
            self.content = self._make()
            set_shown(self.content, self.toggle.value)
            self.children = (self.toggle, self.summary, self.content)
        return self.content

    def say(self, summary: str, problem: str = "") -> None:
        """Show next to the heading a summary of the contents and the error in them, if any."""
        wrong = f'<span class="cnb-problem">{escape(problem)}</span> · ' if problem else ""
        self.summary.value = f'{wrong}<span class="cnb-muted">{typeset(summary)}</span>'
