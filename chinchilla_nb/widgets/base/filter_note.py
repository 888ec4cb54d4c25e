"""A line that says that a filter chooses the runs of charts and fits, and a button that ends it."""

from __future__ import annotations

from html import escape
from typing import Any

import ipywidgets
import numpy as np

from chinchilla_nb.session import Session
from chinchilla_nb.widgets.base.guard import Guard, guarded
from chinchilla_nb.widgets.base.labels import runs_in_words

__all__ = ["FilterNote"]


class FilterNote(ipywidgets.Box):
    """The filter of a session and how many runs match it; nothing is shown while there is none.

    Parameters
    ----------
    guard : Guard
    session : Session

    Attributes
    ----------
    text : HTML
    end : Button
        Lets charts and fits use all runs again.
    """

    def __init__(self, guard: Guard, session: Session) -> None:
        self.guard, self._session = guard, session
        self.text = ipywidgets.HTML()
        self.end = ipywidgets.Button(description="Use all runs", tooltip="End the filter of charts and fits")
        self.end.add_class("cnb-link")
        self.end.on_click(self._end)
        super().__init__([self.text, self.end])
        self.add_class("cnb-bar")
        self.add_class("cnb-filter-note")
        self.show()

    def show(self) -> None:
        """Show the filter of now, and that of the fit if it is another one."""
        said = _said(self._session)
        self.text.value = f'<span class="cnb-warn" role="status">{escape(said)}</span>' if said else ""
        self.layout.display = None if said else "none"
        self.end.layout.display = None if self._session.view.query else "none"

    @guarded
    def _end(self, _button: Any) -> None:
        self._session.filter_runs("")


def _said(session: Session) -> str:
    query, fitted = session.view.query, session.filter_of_fit
    parts = []
    if query:
        matching = int(np.count_nonzero(session.matching_runs))
        lost = session.filter_problem
        applies = (
            f"{matching:,} of {runs_in_words(len(session.all_runs))}" if lost is None else f"not in use, as {lost}"
        )
        parts.append(f"Filter {query}: {applies}")
    if session.fit is not None and fitted is not None and fitted != query:
        parts.append(f"this law was fitted under the filter {fitted}" if fitted else "this law was fitted without it")
    said = " · ".join(parts)
    return said[:1].upper() + said[1:]
