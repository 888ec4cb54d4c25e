"""The base class of panels: a box that redraws when its session changes and shows the errors of its callbacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import ipywidgets
from traitlets import HasTraits

from chinchilla_nb.checks import brief
from chinchilla_nb.engine.errors import InputTypeError
from chinchilla_nb.session import Session
from chinchilla_nb.widgets.base.error_notes import ErrorNotes
from chinchilla_nb.widgets.base.guard import Guard
from chinchilla_nb.widgets.base.message_queue import lengthen_message_queue
from chinchilla_nb.widgets.base.parts import close_parts
from chinchilla_nb.widgets.base.snapshot import Snapshot
from chinchilla_nb.widgets.base.style import style_sheet

__all__ = ["Panel", "session_of"]


class Panel(Snapshot, ipywidgets.VBox):
    """A box that watches a session and leaves a snapshot of itself in the notebook.

    Parameters
    ----------
    source : Chinchilla or Session
        An object with a ``session`` attribute, or the session itself.

    Attributes
    ----------
    session : Session
    guard : Guard
        Runs all callbacks of the panel and of its parts.
    errors : ErrorNotes
        Shows the errors of those callbacks.
    sheets : tuple of str
        Style sheets of this class of panel, in addition to the one shared by all panels.
    """

    sheets: ClassVar[tuple[str, ...]] = ()

    def __init__(self, source: Any) -> None:
        lengthen_message_queue()
        super().__init__()
        self.session = session_of(source)
        self.errors = ErrorNotes()
        self.guard = Guard(self.errors.report)
        self._watched: list[tuple[HasTraits, Callable[..., None], list[str]]] = []
        self._sheet = style_sheet(*self.sheets)
        self.add_class("cnb")

    def compose(self, *children: ipywidgets.Widget) -> None:
        """Show these widgets, with the style sheet and the panel's errors."""
        self.children = (self._sheet, *children, self.errors)

    def watch(self, callback: Callable[..., None], *names: str) -> None:
        """Run the callback when one of these traits of the session changes, until the panel is closed."""
        self._watch(self.session, callback, *names)

    def watch_view(self, callback: Callable[..., None], *names: str) -> None:
        """Run the callback when one of these traits of the session's view changes, until the panel is closed."""
        self._watch(self.session.view, callback, *names)

    def _watch(self, watched: HasTraits, callback: Callable[..., None], *names: str) -> None:
        watched.observe(callback, list(names))
        self._watched.append((watched, callback, list(names)))

    def close(self) -> None:
        """Stop watching the session and remove the panel from the page."""
        for watched, callback, names in self._watched:
            watched.unobserve(callback, names)
        self._watched.clear()
        close_parts(self)
        super().close()

    def __repr__(self) -> str:
        count = len(self.session.runs)
        return f"{type(self).__name__} over {count} run{'' if count == 1 else 's'}"


def session_of(source: Any) -> Session:
    """Return the session of a Chinchilla, or the session itself.

    Raises
    ------
    TypeError
        If ``source`` is neither.
    """
    session = getattr(source, "session", source)
    if not isinstance(session, Session):
        raise InputTypeError("source", "must be a Chinchilla or its session", got=brief(source))
    return session
