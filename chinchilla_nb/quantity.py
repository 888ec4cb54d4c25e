"""Numbers as people write them: ``6.9e9``, ``70B``, ``1,400,000``."""

from __future__ import annotations

import math
import numbers
import re
from typing import Any

__all__ = ["parse_number", "parse_quantity"]

SUFFIXES = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "B": 1e9, "b": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
_WRITTEN = re.compile(r"([-+]?(?:\d{1,3}(?:,\d{3})+|\d[\d_]*)?(?:\.\d*)?(?:[eE][-+]?\d+)?)\s*([kKMGBbTPE]?)")


def parse_quantity(value: Any) -> float:
    """Return a number that was written as text, or that is one.

    Parameters
    ----------
    value : object
        Text may group digits by commas or underscores and end in k, M, B (or G), T, P or E. A decimal comma is refused:
        it would silently be a thousand times too much.

    Raises
    ------
    ValueError
        If it is not a finite number above zero; the message is what is wrong with it, "is empty" for example.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        raise ValueError("is empty")
    if isinstance(value, str):
        number = parse_number(value)
    elif isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise ValueError(f"is {value!r}, not a number")
    else:
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"is {number}, not a finite number")
    if number <= 0:
        raise ValueError(f"is {number:g}: it must be above 0")
    return number


def parse_number(text: str) -> float:
    """Return a number of any sign and size that was written as `parse_quantity` reads it.

    Raises
    ------
    ValueError
        If it is no number; the message is what is wrong with it.
    """
    text = text.strip().replace("\N{MINUS SIGN}", "-")
    found = _WRITTEN.fullmatch(text)
    if found is None:
        try:
            return float(text.replace("_", "?"))  # nan, inf and what else Python reads, but no stray underscores
        except ValueError:
            raise ValueError(_refusal(text)) from None
    digits, suffix = found.groups()
    try:
        return float(digits.replace(",", "").replace("_", "")) * SUFFIXES[suffix]
    except ValueError:
        raise ValueError(_refusal(text)) from None


def _refusal(text: str) -> str:
    hint = "write decimals with a point" if "," in text else "write it as 2.5, 6.9e9 or 70B"
    return f"is {text!r}, not a number: {hint}"
