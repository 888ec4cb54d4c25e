"""Send the state of a displayed widget again to a page that was loaded.

Such a page asks the kernel for the state of all widgets and then creates their models. The changes that the kernel
sends in between reach no model and are lost: those of the first .1 s on a quiet machine, and of seconds on a busy one.
A fit that ended then would leave a page without its result, whose Fit button stays disabled.
"""

from __future__ import annotations

import os
from typing import Any

import ipywidgets

from chinchilla_nb.widgets.base.guard import Guard, guarded
from chinchilla_nb.widgets.base.parts import widgets_within

__all__ = ["IN_VOILA", "SentAgain"]

IN_VOILA = "VOILA_REQUEST_URL"
"""Environment variable that Voila sets in its kernels."""


class SentAgain(ipywidgets.DOMWidget):
    """A widget that sends its state again when a page that was loaded shows it.

    ``_view_count`` of ipywidgets, which is None by default, makes the page count the views that it shows.
    """

    guard: Guard
    _view_count: int | None
    _view_is_due = False

    def expect_view(self) -> None:
        """Prepare for a view in the cell that displays the widget now.

        A page that is open already has created the models by then, so that this view needs nothing again. Voila loads
        its page after the cells have run.
        """
        self._view_is_due = IN_VOILA not in os.environ
        if self._view_count is None:
            self._view_count = 0
            self.observe(self._send_again, "_view_count")

    @guarded
    def _send_again(self, change: Any) -> None:
        if (change.new or 0) < (change.old or 0):  # a view was closed; a page can send None
            return
        if self._view_is_due:
            self._view_is_due = False
            return
        for widget in (self, *widgets_within(self)):
            widget.send_state()
