"""A law with a name and where it comes from, to be drawn beside the law that is fitted."""

from __future__ import annotations

from dataclasses import dataclass

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.conversion import check_type
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.family import Law

__all__ = ["LONGEST", "NamedLaw"]

LONGEST = 60
"""Most characters of a name, which labels a line on small charts."""


@dataclass(frozen=True, slots=True)
class NamedLaw:
    """A law that is drawn beside the fit.

    Parameters
    ----------
    name : str
        The label of its line, at most 60 characters.
    law : Law
    source : str
        Where it comes from: the paper and the runs that it was fitted to, for example.
    by_hand : bool
        Whether its parameters were set by hand.

    Raises
    ------
    InputError
        If the name is empty or too long.
    """

    name: str
    law: Law
    source: str = ""
    by_hand: bool = False

    def __post_init__(self) -> None:
        for text in ("name", "source"):
            check_type(getattr(self, text), text, str)
        check_type(self.law, "law", Law)
        if not 1 <= len(self.name.strip()) <= LONGEST:
            raise InputError("name", f"must have 1 to {LONGEST} characters", got=brief(self.name))
