"""Choose the loss that fits minimise, where a fit is asked for; the setting is that of the configuration."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from typing import Any

import ipywidgets

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.loss_words import loss_in_words
from chinchilla_nb.engine.fitting.problem import same_function
from chinchilla_nb.quantity import number_text
from chinchilla_nb.session import Session
from chinchilla_nb.widgets.base.echo import Writing
from chinchilla_nb.widgets.base.fields import mark_wrong
from chinchilla_nb.widgets.base.guard import Guard, guarded
from chinchilla_nb.widgets.base.losses import (
    LOSSES,
    MEANINGS,
    OWN,
    loss_of,
    option_of,
    recognise,
    start_of,
)
from chinchilla_nb.widgets.base.parts import Parts, set_shown

__all__ = ["LossChoice"]


class LossChoice(ipywidgets.Box):
    """A list of losses, the parameter of the chosen one, and what it does.

    Parameters
    ----------
    guard : Guard
        The panel's.
    session : Session
        Its settings are shown and changed.
    label : str

    Attributes
    ----------
    kind : Dropdown
        A function of the user's own is shown, and chosen in the configuration.
    option : Text
        Parameter of the loss, delta or w.
    remark : HTML
        What the loss does, or why the parameter is not valid.
    """

    def __init__(self, guard: Guard, session: Session, label: str = "Loss") -> None:
        self.guard, self._session = guard, session
        self._writing = Writing()
        parts = Parts()
        self.kind = parts.choice("Loss that the fit minimises", self._options(), label=label)
        self.option = parts.text("Parameter of the loss, delta or w", "xs", label="δ =")
        self.remark = parts.html("", "cnb-remark")
        super().__init__([self.kind, self.option, self.remark], **parts.look(ipywidgets.Box, ("cnb-bar", "cnb-loss")))
        self.kind.observe(self._choose, "value")
        self.option.observe(self._read, "value")
        self.show()

    def show(self) -> None:
        """Show the loss of the settings, unless they are what is being typed."""
        loss_fn = self._session.settings.loss_fn
        kind, value = recognise(loss_fn)
        if self._typed() is not None and same_function(self._typed(), loss_fn):
            self._show_note("")
            return
        with self._writing:
            self.kind.options = self._options()
            self.kind.value = kind
            self.option.value = "" if value is None else number_text(value)
        self._show_note("")

    def _options(self) -> list[tuple[str, str]]:
        """Return the built-in losses, and the function in the settings if it is the user's own."""
        loss_fn = self._session.settings.loss_fn
        own = [(loss_in_words(loss_fn), OWN)] if recognise(loss_fn)[0] == OWN else []
        return [*(one for one in LOSSES if one[1] != OWN), *own]

    def _typed(self) -> Any:
        """Return the loss that the inputs say; None if they do not say one."""
        try:
            return None if self.kind.value == OWN else loss_of(self.kind.value, self.option.value)
        except InputError:
            return None

    @guarded
    def _choose(self, _change: Any) -> None:
        if self._writing:
            return
        if option_of(self.kind.value):
            with self._writing:
                self.option.value = number_text(start_of(self.kind.value))
        self._take()

    @guarded
    def _read(self, _change: Any) -> None:
        if not self._writing:
            self._take()

    def _take(self) -> None:
        """Put the loss of the inputs into the settings, or say why the parameter is not valid."""
        if self.kind.value == OWN:
            return
        try:
            loss_fn = loss_of(self.kind.value, self.option.value)
        except InputError as error:
            self._show_note(str(error))
            return
        settings = self._session.settings
        if not same_function(loss_fn, settings.loss_fn):
            self._session.settings = replace(settings, loss_fn=loss_fn)
        self._show_note("")

    def _show_note(self, problem: str) -> None:
        kind, symbol = self.kind.value, option_of(self.kind.value)
        set_shown(self.option, bool(symbol))
        self.option.description = f"{symbol} ="
        mark_wrong(self.option, bool(problem))
        said = problem or MEANINGS.get(kind, "a function of your own, from the configuration or from code")
        self.remark.value = f'<span class="{"cnb-bad" if problem else "cnb-muted"}">{escape(said)}</span>'
