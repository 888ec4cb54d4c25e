"""Numbers as people write and read them: ``6.9e9``, ``70B``, ``1,400,000``, ``5.76×10²³``."""

from __future__ import annotations

import math
import numbers
import re
from decimal import Decimal
from typing import Any

from chinchilla_nb.engine.errors import InputError

__all__ = [
    "LARGEST_BUDGET",
    "RAISED_CHARACTERS",
    "compact",
    "deviation",
    "number_text",
    "parse_budget",
    "parse_number",
    "parse_quantity",
    "percent",
    "plain",
    "scientific",
    "written_budget",
]

SUFFIXES = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "B": 1e9, "b": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
LARGEST_BUDGET = 1e40
"""FLOPs above which a number is taken for a slip of the finger."""

RAISED_CHARACTERS = "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"
_SUPERSCRIPT = str.maketrans("-0123456789", RAISED_CHARACTERS)
_UNITS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))
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
    InputError
        If it is not a finite number above zero; it says what is wrong, "is empty" for example, and leaves it to the
        caller to say where.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        raise InputError("", "is empty")
    if isinstance(value, str):
        number = parse_number(value)
    elif isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise InputError("", f"is {value!r}, not a number")
    else:
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
    if not math.isfinite(number):
        raise InputError("", f"is {number}, not a finite number")
    if number <= 0:
        raise InputError("", f"is {number:g}", remedy="it must be above 0")
    return number


def parse_number(text: str) -> float:
    """Return a number of any sign and size that was written as `parse_quantity` reads it.

    Raises
    ------
    InputError
        If it is not a number; it says what is wrong, and leaves it to the caller to say where.
    """
    text = text.strip().replace("\N{MINUS SIGN}", "-")
    found = _WRITTEN.fullmatch(text)
    if found is None:
        try:
            return float(text.replace("_", "?"))  # nan, inf and what else Python reads, but no stray underscores
        except ValueError:
            raise _refusal(text) from None
    digits, suffix = found.groups()
    try:
        return float(digits.replace(",", "").replace("_", "")) * SUFFIXES[suffix]
    except ValueError:
        raise _refusal(text) from None


def _refusal(text: str) -> InputError:
    hint = "write decimals with a point" if "," in text else "write it as 2.5, 6.9e9 or 70B"
    return InputError("", f"is {text!r}, not a number", remedy=hint)


def parse_budget(text: str) -> float:
    """Return the FLOPs a person wrote.

    Raises
    ------
    ValueError
        If it is not a positive number of a size that compute has.
    """
    try:
        C = parse_number(text)
    except ValueError:
        raise InputError(repr(text.strip()), "is not a number of FLOPs", remedy="write 5.76e23 or 1e24") from None
    if not (math.isfinite(C) and 0 < C <= LARGEST_BUDGET):
        largest = written_budget(LARGEST_BUDGET)
        remedy = f"type a number above 0 and at most {largest}"
        raise InputError(repr(text.strip()), "is not a budget", remedy=remedy)
    return C


def written_budget(C: float) -> str:
    """Write FLOPs as they can be typed."""
    return number_text(float(f"{C:.3g}"))


def scientific(value: float, digits: int = 3) -> str:
    """Write a number other than zero as a power of ten, rounded to so many digits: ``5.76×10²³``, ``10²¹``."""
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    mantissa = f"{float(mantissa):.{digits}g}"
    power = "10" + str(int(exponent)).translate(_SUPERSCRIPT)
    return power if mantissa == "1" else f"{mantissa}×{power}"


def compact(value: float, digits: int = 3) -> str:
    """Write a positive number, rounded to so many digits, with k, M, B or T: ``300k``, ``70B``, ``1.4T``.

    As a power of ten where it is too large or too small for them.
    """
    rounded = float(f"{value:.{digits - 1}e}")
    if rounded >= 1e15 or rounded < 1e-3:
        return scientific(rounded, digits)
    unit, suffix = next(((unit, suffix) for unit, suffix in _UNITS if rounded >= unit), (1.0, ""))
    # Up to 999 of a unit: fewer than three digits would be written as 3.7e+02.
    return f"{rounded / unit:.{max(digits, 3)}g}{suffix}"


def plain(value: float, digits: int = 3) -> str:
    """Write a number, rounded to so many digits, as people do: ``0.34``, ``3,970``; far from one, ``2.75×10⁶``."""
    if value != 0 and math.isfinite(value) and not 1e-4 <= abs(value) < 1e5:
        return scientific(value, digits)
    text = f"{value:.{digits}g}"
    return f"{float(text):,.0f}" if "e" in text else text


def percent(share: float) -> str:
    """Write a share that is not negative in per cent, rounded as people do: ``3.2 %``, ``1,250 %``."""
    value = 100 * share
    rounded = float(f"{value:.1e}") if value < 100 else value
    if rounded >= 1e6:
        return "beyond measure"
    return f"{rounded:.2g} %" if rounded < 100 else f"{rounded:,.0f} %"


def deviation(share: float) -> str:
    """Write by how much a number is off, as a share of the true one: ``+3.2 %``, and as a factor where it is large."""
    if share > 9:
        return f"× {share + 1:,.0f}"
    return "0 %" if abs(share) < 5e-5 else f"{100 * share:+.3g} %".replace("-", "\N{MINUS SIGN}")


def number_text(value: float) -> str:
    """Write a number as briefly as gives it back exactly: ``5e14``, ``0.5``, ``20``."""
    text = format(value, ".15g")
    text = text if float(text) == value else repr(float(value))
    if abs(value) >= 1e6 and math.isfinite(value):
        text = min(text, f"{Decimal(text).normalize():e}".replace("+", ""), key=len)
    mantissa, e, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}" if e else text
