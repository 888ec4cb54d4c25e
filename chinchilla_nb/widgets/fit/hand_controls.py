"""What the sliders and boxes of a law by hand do, without widgets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from traitlets import Bool, HasTraits, Instance

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.by_hand import LawByHand
from chinchilla_nb.engine.fitting.loss_words import loss_in_words
from chinchilla_nb.quantity import plain
from chinchilla_nb.session import Session

__all__ = ["HandControls"]

DIGITS = 4
"""Digits of an objective."""


class HandControls(HasTraits):
    """The law by hand of a session, and how its parameters are changed.

    Parameters
    ----------
    session : Session

    Attributes
    ----------
    fixed : frozenset of str
        Parameters that keep their values while others are changed.
    follow : bool
        Whether the others that are not fixed are fitted whenever one is changed.
    """

    fixed = Instance(frozenset, ())
    follow = Bool(False)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session

    @property
    def possible(self) -> bool:
        """Whether there are runs, with a filter and a compute convention that can be used."""
        try:
            return bool(len(self._session.problem.runs))
        except InputError:
            return False  # other parts of the panels say why

    @property
    def now(self) -> LawByHand:
        """The law by hand, or the one from which it begins, with its fixed parameters."""
        law = self._session.by_hand.law
        return LawByHand.fixing(self._session.problem, law, self._known_fixed(law.as_dict()))

    @property
    def ranges(self) -> dict[str, tuple[float, float]]:
        """The coordinates between which each parameter can be moved; they do not move with it."""
        start = self._session.hand_start.law
        reference = LawByHand.fixing(self._session.problem, start, self._known_fixed(start.as_dict()))
        return {parameter.name: reference.range_of(parameter.name) for parameter in start.parameters}

    def slide(self, name: str, position: float) -> None:
        """Move a parameter to a coordinate."""
        moved = self.now.moved(name, position)
        self._session.law_by_hand = (moved.followed({name}) if self.follow else moved).law

    def enter(self, name: str, value: float) -> None:
        """Set a parameter to a value; errors as for `LawByHand.with_values`."""
        law = LawByHand.of(self._session.problem, self.now.law).with_values({name: value}).law
        if self.follow:
            kept = {*self._known_fixed(law.as_dict()), name}
            law = LawByHand.fixing(self._session.problem, law, kept).followed().law
        self._session.law_by_hand = law

    def fix(self, name: str, fixed: bool) -> None:
        """Keep a parameter at its value, or let it be changed again.

        Raises
        ------
        InputError
            If its value is one that it cannot be fixed at, such as a factor of zero.
        """
        names = self.fixed | {name} if fixed else self.fixed - {name}
        LawByHand.fixing(self._session.problem, self._session.by_hand.law, names)
        self.fixed = names

    def reset(self) -> None:
        """Go back to the fit."""
        self._session.law_by_hand = None

    def comparison(self) -> str:
        """Return the objective of the law by hand beside that of the fit, in words; empty without a law by hand."""
        session = self._session
        if session.law_by_hand is None:
            return ""
        name, by_hand = loss_in_words(session.settings.loss_fn), session.by_hand.objective
        text = f"By hand, {name}: {plain(by_hand, DIGITS)} per run"
        if session.fit is None or session.fit.law.parameters != session.law_by_hand.parameters:
            return text
        try:
            fitted = LawByHand.of(session.problem, session.fit.law).objective
        except InputError:  # the fit is older than the limits of its parameters
            return text
        if not fitted > 0:
            return f"{text}; the fit: {plain(fitted, DIGITS)}"
        return f"{text}, {_ratio(by_hand / fitted)} that of the fit, {plain(fitted, DIGITS)}"

    def _known_fixed(self, values: Mapping[str, Any]) -> list[str]:
        """Return the fixed parameters that a law has: another form of law has others."""
        return [name for name in values if name in self.fixed]


def _ratio(ratio: float) -> str:
    """Return a ratio with the digits by which it differs from one."""
    digits = 3 if abs(ratio - 1) > 0.1 else 5
    return f"{plain(ratio, digits)} times"
