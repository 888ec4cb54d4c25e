"""Files that take long to make: made in the background, one at a time, while the button says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import ipywidgets

from chinchilla_nb.widgets.base.guard import Guard, guarded
from chinchilla_nb.widgets.base.page_actions import Download
from chinchilla_nb.work.background import Background
from chinchilla_nb.work.job import Outcome, running_loop

__all__ = ["FileMaking"]


class FileMaking:
    """Makes a file in the background and saves it in the page that has asked for it.

    Meanwhile its buttons take no click and the pressed one says that the file is being made. Without an event loop the
    file is made at once.

    Parameters
    ----------
    guard : Guard
        Shows the error of a file that could not be made.
    link : Download
    buttons : sequence of Button
        All buttons that make files here.
    """

    def __init__(self, guard: Guard, link: Download, *buttons: ipywidgets.Button) -> None:
        self.guard, self._link, self._buttons = guard, link, buttons
        self._background = Background()
        self._pressed: ipywidgets.Button | None = None
        self._title = ""
        self._outdated = False

    def start(self, button: ipywidgets.Button, name: str, mime: str, make: Callable[[], bytes]) -> None:
        """Make a file that a button asks for, unless one is being made.

        Parameters
        ----------
        button : Button
        name, mime : str
        make : callable
            Returns the content; it runs on another thread and must not change a widget.
        """
        if self._background.under_way:
            return
        self._link.clear()
        self._pressed, self._title, self._outdated = button, button.description, False
        button.description = f"{self._title} …"
        for one in self._buttons:
            one.disabled = True

        def steps() -> Iterator[bytes]:
            yield make()

        self._background.start(steps, _ignore, lambda outcome: self._end(name, mime, outcome), running_loop())

    def cancel(self) -> None:
        """Offer the file that is being made no more, because it no longer matches what is shown."""
        if self._background.cancel():
            self._release()

    def outdate(self) -> None:
        """Remove the link, as its file no longer matches what is shown; save one that is being made without a link."""
        self._link.clear()
        self._outdated = True

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the file has been made; return whether it has. For notebooks that click buttons in code."""
        return self._background.wait(timeout)

    @guarded
    def _end(self, name: str, mime: str, outcome: Outcome) -> None:
        self._release()
        if outcome.error is not None:
            raise outcome.error
        if outcome.last is not None:
            self._link.offer(name, mime, outcome.last)
            if self._outdated:
                self._link.clear()

    def _release(self) -> None:
        """Let the buttons be pressed again."""
        if self._pressed is not None:
            self._pressed.description, self._pressed = self._title, None
        for one in self._buttons:
            one.disabled = False


def _ignore(_content: bytes) -> None:
    """Report nothing: there is no progress between a click and the file."""
