"""A static picture of a live panel, for readers who open the notebook later without its kernel, or as a web page."""

from __future__ import annotations

import asyncio
import os
from typing import Any, ClassVar

from IPython.display import DisplayHandle, display
from traitlets import HasTraits

from chinchilla_nb.serving.kernel_watch import KERNEL_WATCH
from chinchilla_nb.widgets.base.cells import register_display
from chinchilla_nb.widgets.base.loaded_page import IN_VOILA, SentAgain
from chinchilla_nb.work.job import running_loop

__all__ = ["Snapshot"]

# Show either the widget or the snapshot after it: without its kernel a widget is a line of text ("model not found").
# The selectors follow direct children only, because an Output widget contains another such output area.
EITHER_STYLE = """<style class="cnb-either">
.jp-OutputArea-child:has(.jp-OutputArea-output .jupyter-widgets)
  + .jp-OutputArea-child:has(+ .jp-OutputArea-child > .jp-OutputArea-output > .cnb-either),
.jp-OutputArea-child:not(:has(> .jp-OutputArea-output *)):has(
  + .jp-OutputArea-child + .jp-OutputArea-child > .jp-OutputArea-output > .cnb-either),
.jp-OutputArea-child:has(> .jp-OutputArea-output > .cnb-either) { display: none; }
</style>"""


DELAY = 1.0
"""Seconds between a change and the snapshot of it."""


class Snapshot(SentAgain):
    """A widget that leaves a snapshot of itself in the notebook, as a separate output after the widget.

    A third output is a style sheet that hides the snapshot while the widget is alive, and the widget otherwise.

    Attributes
    ----------
    snapshot_of : tuple of str
        Traits of the session that the snapshot shows: it is renewed when one of them changes.
    snapshot_of_view : tuple of str
        Traits of the view of the session that it shows.
    """

    snapshot_of: ClassVar[tuple[str, ...]] = ("fit",)
    snapshot_of_view: ClassVar[tuple[str, ...]] = ()

    _snapshot_handle: DisplayHandle | None = None
    _making_snapshot = _snapshot_outdated = False

    def snapshot(self) -> dict[str, Any]:
        """Return the snapshot as a MIME bundle that contains either a PNG only or HTML."""
        raise NotImplementedError

    def _ipython_display_(self, **_: Any) -> None:
        if self.comm is None:
            closed = f"This {type(self).__name__} was closed; running its cell again does that. Create another one."
            display({"text/plain": closed}, raw=True)
            return
        first = self._snapshot_handle is None
        self.expect_view()
        display(self._repr_mimebundle_(), raw=True)
        register_display(self)
        if IN_VOILA in os.environ:
            display({"text/html": KERNEL_WATCH}, raw=True)
            return  # a Voila page is not saved, and creating the snapshot would delay it by a second
        # No text version beside it: then GitHub shows the PNG, and nbval, which skips images, compares nothing.
        self._snapshot_handle = display(self.snapshot(), raw=True, display_id=True)
        # Not in the panel's own style sheet, which disappears with the kernel.
        display({"text/html": EITHER_STYLE}, raw=True)
        if first:
            for shown, names in self._shown_in_snapshot:
                shown.observe(self._renew_snapshot, names)

    @property
    def _shown_in_snapshot(self) -> list[tuple[HasTraits, list[str]]]:
        """What the snapshot shows, with the names of its traits."""
        session = self.session
        watched = [(session, list(self.snapshot_of)), (session.view, list(self.snapshot_of_view))]
        return [(shown, names) for shown, names in watched if names]

    def _renew_snapshot(self, _change: Any = None) -> None:
        """Renew the snapshot a little later, one at a time."""
        self._snapshot_outdated = True
        loop = running_loop()
        if loop is None or self._making_snapshot or self._snapshot_handle is None:
            return
        self._making_snapshot = True
        # Not immediately, because it would slow down the charts that the user waits for: threads share one interpreter.
        loop.call_later(DELAY, self._make_snapshot, loop)

    def _make_snapshot(self, loop: asyncio.AbstractEventLoop) -> None:
        self._snapshot_outdated = False
        # matplotlib takes a second, during which the kernel must still respond to Cancel.
        loop.run_in_executor(None, self.snapshot).add_done_callback(self._leave_snapshot)

    def _leave_snapshot(self, made: Any) -> None:
        self._making_snapshot = False
        if made.exception() is None and self._snapshot_handle is not None:
            self._snapshot_handle.update(made.result(), raw=True)
        if self._snapshot_outdated:
            self._renew_snapshot()

    def __del__(self) -> None:
        # Also that of a widget whose arguments were refused, which shows nothing yet that `close` would end.
        if self.children:
            self.close()
        else:
            super().close()

    def close(self) -> None:
        """Keep the current snapshot and remove the widget from the page."""
        if self._snapshot_handle is not None:
            for shown, names in self._shown_in_snapshot:
                shown.unobserve(self._renew_snapshot, names)
            self._snapshot_handle = None
        super().close()
