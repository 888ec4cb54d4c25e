"""How the equation of a law is written: as text, as HTML, or as a caller chooses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["HTML", "TEXT", "Notation"]


@dataclass(frozen=True, slots=True)
class Notation:
    """What an equation is put together from; every law writes itself in it.

    Attributes
    ----------
    number : callable
        Writes a factor or a floor.
    exponent : callable
        Writes a number that is raised.
    variable : callable
        Writes a letter such as ``N``.
    power : callable
        ``power(base, exponent)``.
    over : str
        Between what is divided and what it is divided by.
    """

    number: Callable[[float], str]
    exponent: Callable[[float], str]
    variable: Callable[[str], str]
    power: Callable[[str, str], str]
    over: str

    @property
    def loss(self) -> str:
        """The left side of every law."""
        L, N, D = (self.variable(letter) for letter in "LND")
        return f"{L}({N}, {D})"


def _four_digits(value: float) -> str:
    return f"{value:.4g}"


TEXT = Notation(
    number=_four_digits,
    exponent=_four_digits,
    variable=str,
    power=lambda base, exponent: f"{base}^{exponent}",
    over=" / ",
)
HTML = Notation(
    number=_four_digits,
    exponent=_four_digits,
    variable=lambda letter: f"<i>{letter}</i>",
    power=lambda base, exponent: f"{base}<sup>&thinsp;{exponent}</sup>",
    over=" / ",
)
