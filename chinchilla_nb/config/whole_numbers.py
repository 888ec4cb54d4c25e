"""Whole numbers of any length in configuration files."""

from __future__ import annotations

from decimal import Decimal

from chinchilla_nb.engine.errors import InputError

__all__ = ["whole_number"]

MOST_DIGITS = 10_000
"""Converting a number takes time that grows with the square of its digits; no setting has more than 309."""


def whole_number(text: str) -> int:
    """Return a whole number, which may have more digits than `int` reads, so that its setting can refuse it by name.

    Parameters
    ----------
    text : str
        Decimal digits, grouped by underscores or not, or hexadecimal digits after ``0x``; after a sign or not.

    Raises
    ------
    InputError
        If it has more than 10,000 digits.
    """
    if len(text) > MOST_DIGITS:
        raise InputError("", f"it holds a number of {len(text):,} digits")
    return int(text, 16) if "x" in text else int(Decimal(text))
