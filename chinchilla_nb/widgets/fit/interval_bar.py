"""What the intervals of a fit are based on, and how far their estimation has come."""

from __future__ import annotations

from html import escape

import ipywidgets

from chinchilla_nb.engine.uncertainty.sandwich import Sandwich
from chinchilla_nb.figures import LEVEL, basis_in_words
from chinchilla_nb.quantity import percent
from chinchilla_nb.session import Session
from chinchilla_nb.widgets.base.guard import Guard, guarded
from chinchilla_nb.widgets.base.style import sentence

__all__ = ["IntervalBar"]


class IntervalBar(ipywidgets.VBox):
    """A line of text, a button that cancels the estimation or starts it again, and what limits the intervals.

    Parameters
    ----------
    guard : Guard
    session : Session

    Attributes
    ----------
    text, notes : HTML
    button : Button
    """

    def __init__(self, guard: Guard, session: Session) -> None:
        self.guard, self._session = guard, session
        self.text, self.notes = ipywidgets.HTML(), ipywidgets.HTML()
        self.button = ipywidgets.Button()
        self.button.add_class("cnb-link")
        line = ipywidgets.Box([self.text, self.button])
        line.add_class("cnb-bar")
        line.add_class("cnb-basis")
        super().__init__([line, self.notes])
        self.button.on_click(self._press)

    def show(self) -> None:
        """Show the state of the session."""
        session, running = self._session, self._session.uncertainty_progress is not None
        approximate = isinstance(session.uncertainty, Sandwich)
        self.button.description = "Stop" if running else "Bootstrap"
        self.button.tooltip = "Keep the intervals shown" if running else "Estimate the intervals by refits of resamples"
        # Hidden, but with its room, so that nothing moves when the intervals arrive.
        self.button.layout.visibility = "visible" if running or approximate else "hidden"
        self.layout.display = None if session.uncertainty is not None or session.uncertainty_error else "none"
        self.text.value = f'<span class="cnb-muted">{escape(self._said())}</span>'

        notes = session.uncertainty.notes if session.uncertainty is not None else ()
        self.notes.value = "".join(f'<div class="cnb-caption">{escape(sentence(note))}</div>' for note in notes)

    def _said(self) -> str:
        uncertainty, progress = self._session.uncertainty, self._session.uncertainty_progress
        parts = [self._session.uncertainty_error] if self._session.uncertainty_error else []
        if uncertainty is not None:
            parts.append(f"{percent(LEVEL)} intervals if the law holds: {basis_in_words(uncertainty)}")
        if progress is not None:
            parts.append(f"estimating intervals by bootstrap … {100 * progress.done / progress.total:.0f} %")
        return " · ".join(parts)

    @guarded
    def _press(self, _button: ipywidgets.Button) -> None:
        if self._session.uncertainty_progress is not None:
            self._session.cancel_uncertainty()
            self._session.start_roll_outs()  # which follow the bootstrap
        else:
            self._session.start_uncertainty()
        self.show()
