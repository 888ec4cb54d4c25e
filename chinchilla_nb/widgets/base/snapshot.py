"""A still of a live panel, for whoever opens the notebook later without its kernel, or reads it on a page."""

from __future__ import annotations

import asyncio
import os
from typing import Any, ClassVar

from IPython.display import DisplayHandle, display
from traitlets import HasTraits

from chinchilla_nb.widgets.base.cells import take_cell
from chinchilla_nb.work.job import running_loop

__all__ = ["Snapshot"]

# Of the widget and the still behind it, show one. Without its kernel a widget is a line of text ("model not found").
# Followed through direct children only: an Output widget has all of this once more inside.
EITHER = """<style class="cnb-either">
.jp-OutputArea-child:has(.jp-OutputArea-output .jupyter-widgets)
  + .jp-OutputArea-child:has(+ .jp-OutputArea-child > .jp-OutputArea-output > .cnb-either),
.jp-OutputArea-child:not(:has(> .jp-OutputArea-output *)):has(
  + .jp-OutputArea-child + .jp-OutputArea-child > .jp-OutputArea-output > .cnb-either),
.jp-OutputArea-child:has(> .jp-OutputArea-output > .cnb-either) { display: none; }
</style>"""


IN_VOILA = "VOILA_REQUEST_URL"
"""What Voila tells its kernels."""

DELAY = 1.0
"""Seconds between a change and the still of it."""


class Snapshot(HasTraits):
    """Makes a widget leave something to look at in the notebook, as an output of its own behind the widget's.

    A third output is a style sheet: it hides the still while the widget is alive, and the widget where it is not.

    Attributes
    ----------
    snapshot_of : tuple of str
        Traits of the session that the still shows: it is made anew after they change.
    """

    snapshot_of: ClassVar[tuple[str, ...]] = ("fit",)

    _snapshot_handle: DisplayHandle | None = None
    _making_snapshot = _snapshot_outdated = False

    def snapshot(self) -> dict[str, Any]:
        """Return what to show, as a MIME bundle: of a PNG and nothing else, or of HTML."""
        raise NotImplementedError

    def _ipython_display_(self, **_: Any) -> None:
        if self.comm is None:  # type: ignore[attr-defined]
            closed = f"This {type(self).__name__} was closed, by itself if its cell was run again: make another one."
            display({"text/plain": closed}, raw=True)
            return
        first = self._snapshot_handle is None
        display(self._repr_mimebundle_(), raw=True)  # type: ignore[attr-defined]
        take_cell(self)
        if IN_VOILA in os.environ:
            return  # nobody keeps that page, and it would be shown a second later
        # Without a text beside it: so GitHub shows a PNG, and nbval, which skips images, does not mind it.
        self._snapshot_handle = display(self.snapshot(), raw=True, display_id=True)
        # Here and not in the panel's own style sheet, which is gone with the kernel.
        display({"text/html": EITHER}, raw=True)
        if first:
            self.session.observe(self._renew_snapshot, list(self.snapshot_of))  # type: ignore[attr-defined]

    def _renew_snapshot(self, _change: Any = None) -> None:
        """Make the still anew a little later; at most one is under way."""
        self._snapshot_outdated = True
        loop = running_loop()
        if loop is None or self._making_snapshot or self._snapshot_handle is None:
            return
        self._making_snapshot = True
        # Not while the charts are drawn, which people wait for: threads share one interpreter.
        loop.call_later(DELAY, self._make_snapshot, loop)

    def _make_snapshot(self, loop: asyncio.AbstractEventLoop) -> None:
        self._snapshot_outdated = False
        # matplotlib takes a second, in which a Cancel must be heard.
        loop.run_in_executor(None, self.snapshot).add_done_callback(self._leave_snapshot)

    def _leave_snapshot(self, made: Any) -> None:
        self._making_snapshot = False
        if made.exception() is None and self._snapshot_handle is not None:
            self._snapshot_handle.update(made.result(), raw=True)
        if self._snapshot_outdated:
            self._renew_snapshot()

    def close(self) -> None:
        """Leave the still as it is, and take the widget off the page."""
        if self._snapshot_handle is not None:
            self.session.unobserve(self._renew_snapshot, list(self.snapshot_of))  # type: ignore[attr-defined]
            self._snapshot_handle = None
        super().close()  # type: ignore[misc]
