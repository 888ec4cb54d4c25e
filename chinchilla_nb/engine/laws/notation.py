"""How the equation of a law is written: as text, as HTML, or as a caller chooses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chinchilla_nb.quantity import plain

__all__ = ["HTML", "TEXT", "Notation"]


@dataclass(frozen=True, slots=True)
class Notation:
    """The building blocks in which every law writes its equation.

    Attributes
    ----------
    number : callable
        Writes a factor or an irreducible loss.
    exponent : callable
        Writes a number that is an exponent.
    variable : callable
        Writes a letter such as ``N``.
    power : callable
        ``power(base, exponent)``.
    ratio : callable
        ``ratio(numerator, denominator)``.
    """

    number: Callable[[float], str]
    exponent: Callable[[float], str]
    variable: Callable[[str], str]
    power: Callable[[str, str], str]
    ratio: Callable[[str, str], str]

    @property
    def loss(self) -> str:
        """The left-hand side of every law."""
        L, N, D = (self.variable(letter) for letter in "LND")
        return f"{L}({N}, {D})"


def _four_digits(value: float) -> str:
    return f"{value:.4g}"


def _divided(numerator: str, denominator: str) -> str:
    return f"{numerator} / {denominator}"


TEXT = Notation(
    number=_four_digits,
    exponent=_four_digits,
    variable=str,
    power=lambda base, exponent: f"{base}^{exponent}",
    ratio=_divided,
)
HTML = Notation(
    number=lambda value: plain(value, 4),
    exponent=_four_digits,
    variable=lambda letter: f"<i>{letter}</i>",
    power=lambda base, exponent: f"{base}<sup>&thinsp;{exponent}</sup>",
    ratio=_divided,
)
