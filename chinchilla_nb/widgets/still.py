"""A picture beside a live panel, for whoever opens the notebook later without its kernel, or reads it on a page."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from IPython.display import DisplayHandle, display
from traitlets import HasTraits

from chinchilla_nb.job import running_loop

__all__ = ["Still"]

# Of the widget and the picture behind it, show one. Without its kernel a widget is a line of text ("model not found").
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
"""Seconds between a fit and the picture of it."""


class Still(HasTraits):
    """Makes a widget leave a picture of itself in the notebook, as an output of its own behind the widget's.

    A third output is a style sheet: it hides the picture while the widget is alive, and the widget where it is not.
    The picture is drawn anew after every fit.
    """

    _handle: DisplayHandle | None = None
    _drawing = False
    _drawn: Any = None

    def picture(self) -> bytes:
        """Return what to show, as a PNG."""
        raise NotImplementedError

    def _ipython_display_(self, **_: Any) -> None:
        first = self._handle is None
        display(self._repr_mimebundle_(), raw=True)  # type: ignore[attr-defined]
        if IN_VOILA in os.environ:
            return  # nobody keeps that page, and it would be shown a second later
        # Of a PNG and nothing else: so GitHub shows it, and nbval, which skips images, does not mind it.
        self._handle = display({"image/png": self.picture()}, raw=True, display_id=True)
        # Here and not in the panel's own style sheet, which is gone with the kernel.
        display({"text/html": EITHER}, raw=True)
        if first:
            self.session.observe(self._renew, "fit")  # type: ignore[attr-defined]

    def _renew(self, _change: Any = None) -> None:
        loop = running_loop()
        if loop is None or self._drawing:
            return
        self._drawing = True
        # Not while the charts are drawn, which people wait for: threads share one interpreter.
        loop.call_later(DELAY, self._draw_aside, loop)

    def _draw_aside(self, loop: asyncio.AbstractEventLoop) -> None:
        self._drawn = self.session.fit  # type: ignore[attr-defined]
        # matplotlib takes a second, in which a Cancel must be heard.
        loop.run_in_executor(None, self.picture).add_done_callback(self._replace)

    def _replace(self, drawn: Any) -> None:
        self._drawing = False
        if drawn.exception() is None and self._handle is not None:
            self._handle.update({"image/png": drawn.result()}, raw=True)
        if self.session.fit is not self._drawn:  # type: ignore[attr-defined]
            self._renew()
