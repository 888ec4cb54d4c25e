"""Choose the law whose predictions and residuals the diagnostics show: the fit, or one that is drawn beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets

from chinchilla_nb.engine.laws.named import NamedLaw
from chinchilla_nb.session import Session
from chinchilla_nb.widgets.base.echo import Writing
from chinchilla_nb.widgets.base.guard import Guard, guarded

__all__ = ["ResidualChoice"]

FITTED = "the fit"
BY_HAND = "the law by hand"


class ResidualChoice(ipywidgets.Dropdown):
    """A list of the fit and the laws beside it, hidden while there is only the fit.

    Parameters
    ----------
    guard : Guard
    session : Session
    on_choice : callable
        Called when the user has chosen another law.
    """

    value: Any
    options: Any

    def __init__(self, guard: Guard, session: Session, on_choice: Callable[[], None]) -> None:
        self.guard, self._session, self._on_choice = guard, session, on_choice
        self._writing, self._had_law_by_hand = Writing(), False
        super().__init__(
            options=[FITTED],
            description="of",
            tooltip="Whose predictions and residuals are drawn",
            layout={"width": "auto", "display": "none"},
            style={"description_width": "initial"},
        )
        self.observe(self._chosen, "value")

    @property
    def laws(self) -> dict[str, NamedLaw]:
        """The laws beside the fit, by the name in the list."""
        return {BY_HAND if law.by_hand else law.name: law for law in self._session.drawn_laws}

    @property
    def chosen(self) -> NamedLaw | None:
        """The law that is chosen; None for the fit."""
        return self.laws.get(self.value)

    def show(self) -> None:
        """Offer the laws of the session, and choose one that has just been set by hand."""
        laws, value = self.laws, self.value
        has = BY_HAND in laws
        if has and not self._had_law_by_hand:
            value = BY_HAND
        self._had_law_by_hand = has
        options = (FITTED, *laws)
        with self._writing:
            if self.options != options:
                self.options = options
            self.value = value if value in options else FITTED
        self.layout.display = None if laws else "none"

    @guarded
    def _chosen(self, _change: object) -> None:
        if not self._writing:
            self._on_choice()
