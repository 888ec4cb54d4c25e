"""Parse and format numbers as people write them: ``6.9e9``, ``70B``, ``1,400,000``, ``5.76×10²³``."""

from __future__ import annotations

import math
import numbers
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.conversion import as_float
from chinchilla_nb.engine.errors import InputError

__all__ = [
    "LARGEST_BUDGET",
    "RAISED_CHARACTERS",
    "compact",
    "deviation",
    "exponent_notation",
    "flop_rate",
    "interval_text",
    "known_digits",
    "level_percent",
    "multiple_text",
    "number_text",
    "parse_number",
    "parse_quantity",
    "percent",
    "plain",
    "rounded",
    "scientific",
    "signed",
    "split_list",
    "written_budget",
]

SUFFIXES = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "B": 1e9, "b": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
LARGEST_BUDGET = 1e40
"""FLOPs above which a number is taken for a typing error."""
MOST_DIGITS = 17
"""Significant digits that tell every float64 from its neighbours; more of them say nothing."""
LEVEL_DIGITS = 0.005
"""Rounding error of a level as a share of its distance from 0 or 100 %: two digits of that distance are right."""

RAISED_CHARACTERS = "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"
_SUPERSCRIPT = str.maketrans("-0123456789", RAISED_CHARACTERS)
_UNITS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))
_PREFIXES = (("E", 1e18), ("P", 1e15), ("T", 1e12), ("G", 1e9))
_WRITTEN = re.compile(
    # Digits in groups of three, or as they come.
    r"([-+]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,3}(?:[ \u00a0\u2009\u202f][0-9]{3})+|[0-9]+(?:_[0-9]+)*)?"
    r"(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?)\s*([kKMGBbTPE]?)"
)
_TIMES_TEN = re.compile(
    r"(?:([-+]?[0-9]+(?:\.[0-9]*)?)\s*[x×*·⋅]\s*)?"
    rf"10(?:(?:\^|\*\*)\{{?([-+]?[0-9]{{1,2}})\}}?|([{RAISED_CHARACTERS}]+))"
)
"""A number as it is written in papers: 2×10^7, 10⁷."""
_RAISED = str.maketrans(RAISED_CHARACTERS, "-0123456789")
_MAY_BE_DECIMAL = re.compile(r"[-+]?[0-9]{1,3},[0-9]{3}(?:[eE][-+]?[0-9]+)?")
_TIGHT_COMMA = re.compile(r"(?<=[0-9]),(?=[0-9])")
_GROUPED = re.compile(r"[-+]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?")
_GROUPING = str.maketrans("", "", "_, \u00a0\u2009\u202f")
_NOT_FINITE = re.compile(r"[-+]?(?:nan|inf(?:inity)?)", re.IGNORECASE | re.ASCII)


def parse_quantity(value: Any) -> float:
    """Return a positive number from text or a number.

    Parameters
    ----------
    value : object
        Text may group digits with commas, spaces or underscores, end in k, M, B (or G), T, P or E, or be a power of
        ten: ``10^24``, ``5.76×10²³``. A decimal comma is refused, and so is one comma before three digits, as in 5,009,
        which may be one.

    Raises
    ------
    InputError
        If it is not a finite number above zero; the message says what is wrong, for example "is empty", and the caller
        adds `where`.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        raise InputError("", "is empty")
    if isinstance(value, str):
        number = parse_number(value)
    elif isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise InputError("", f"is {brief(value)}, not a number")
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
    """Return a number of any sign and size from text in the notation of `parse_quantity`.

    Raises
    ------
    InputError
        If it is not a number; the message says what is wrong, and the caller adds `where`.
    """
    text = exponent_notation(text.strip().replace("\N{MINUS SIGN}", "-"))
    found = _WRITTEN.fullmatch(text)
    if found is None:
        if _NOT_FINITE.fullmatch(text):
            return float(text)
        raise _refusal(text)
    digits, suffix = found.groups()
    if _MAY_BE_DECIMAL.fullmatch(digits):
        grouped, decimal = digits.replace(",", ""), digits.replace(",", ".")
        raise InputError(
            "", f"is {brief(text)}, which may be {grouped} or {decimal}", remedy="write it without a comma"
        )
    try:
        return float(digits.translate(_GROUPING)) * SUFFIXES[suffix]
    except ValueError:
        raise _refusal(text) from None


def exponent_notation(text: str) -> str:
    """Return a number with a power of ten, such as ``2×10^7`` or ``10⁷``, as ``2e7``; return other text as it is."""
    power = _TIMES_TEN.fullmatch(text)
    return text if power is None else f"{power[1] or 1}e{power[2] or power[3].translate(_RAISED)}"


def split_list(text: str) -> list[str]:
    """Return the parts of a list whose values are separated by commas.

    Raises
    ------
    InputError
        If a comma without a blank behind it may be a decimal comma or group digits: ``0,35``, ``1,234,567``.
    """
    tight = len(_TIGHT_COMMA.findall(text))
    if tight == 1 or (tight and tight < text.count(",")) or _GROUPED.fullmatch(text.strip()):
        rule = f"is {brief(text.strip())}, in which a comma may be part of a number"
        raise InputError("", rule, remedy="write decimals with a point, and a blank behind each comma of a list")
    return text.split(",")


def _refusal(text: str) -> InputError:
    remedy = "write decimals with a point" if "," in text else "write it as 2.5, 6.9e9 or 70B"
    return InputError("", f"is {brief(text)}, not a number", remedy=remedy)


def written_budget(C: float) -> str:
    """Format FLOPs as a user would type them."""
    return number_text(float(f"{C:.3g}"))


def scientific(value: float, digits: int = 3) -> str:
    """Format a non-zero number as a power of ten, rounded to a number of digits: ``5.76×10²³``, ``10²¹``.

    Raises
    ------
    InputError
        If it is not a number, or there are not 1 to 17 digits.
    """
    value, digits = as_float(value, "value"), _as_digits(digits)
    if not math.isfinite(value):
        return str(value)
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    mantissa = f"{float(mantissa):.{digits}g}"
    power = "10" + str(int(exponent)).translate(_SUPERSCRIPT)
    return power if mantissa == "1" else f"{mantissa}×{power}"


def compact(value: float, digits: int = 3) -> str:
    """Format a positive number, rounded to a number of digits, with k, M, B or T: ``300k``, ``70B``, ``1.4T``.

    Numbers that are too large or too small for these suffixes are formatted as a power of ten. Errors as for
    `scientific`.
    """
    value, digits = as_float(value, "value"), _as_digits(digits)
    rounded = float(f"{value:.{digits - 1}e}")
    if rounded >= 1e15 or rounded < 1e-3:
        return scientific(rounded, digits)
    unit, suffix = next(((unit, suffix) for unit, suffix in _UNITS if rounded >= unit), (1.0, ""))
    # Values reach 999 of a unit: with fewer than three digits they would be formatted as 3.7e+02.
    return f"{rounded / unit:.{max(digits, 3)}g}{suffix}"


def plain(value: float, digits: int = 3) -> str:
    """Format a number, rounded to a number of digits: ``0.34``, ``3,970``; if very large or small, ``2.75×10⁶``.

    Errors as for `scientific`.
    """
    value, digits = as_float(value, "value"), _as_digits(digits)
    if value != 0 and math.isfinite(value) and not 1e-4 <= abs(value) < 1e5:
        return scientific(value, digits)
    text = f"{value:.{digits}g}"
    return f"{float(text):,.0f}" if "e" in text else text


def multiple_text(value: float) -> str:
    """Return a number with three digits or, between a thousand and a million, all of its whole part.

    Every text that says how many times larger something is than the largest run takes it, so that all say the same.
    """
    return f"{value:,.0f}" if 1e3 <= value < 1e6 else plain(value)


def _as_digits(digits: int) -> int:
    if type(digits) is int and 1 <= digits <= MOST_DIGITS:
        return digits
    number = as_float(digits, "digits")
    if not (number.is_integer() and 1 <= number <= MOST_DIGITS):
        raise InputError("digits", f"must be a whole number from 1 to {MOST_DIGITS}", got=brief(digits))
    return int(number)


def rounded(value: float, digits: int = 3) -> str:
    """Format a number like `plain`, but keep zeros at its end, which say how precisely it is known: ``0.450``."""
    text = f"{value:#.{digits}g}".rstrip(".")
    return plain(value, digits) if "e" in text or abs(value) >= 1e3 else text


def percent(share: float) -> str:
    """Format a non-negative share as a rounded percentage: ``3.2 %``, ``1,250 %``."""
    value = 100 * share
    rounded = float(f"{value:.1e}") if value < 100 else value
    if rounded >= 1e6:
        return "beyond measure"
    return f"{plain(rounded, 2)} %" if rounded < 100 else f"{rounded:,.0f} %"


def level_percent(level: float) -> str:
    """Format the level of an interval, 0 and 1 excluded, so that it is never 0 or 100 %: ``95 %``, ``99.9999 %``."""
    value = 100 * level
    visible = LEVEL_DIGITS * min(value, 100 - value)
    decimals = next((count for count in range(17) if abs(round(value, count) - value) <= visible), 17)
    return f"{value:.{decimals}f} %"


def flop_rate(value: float, digits: int = 4) -> str:
    """Format FLOPs per second with a prefix: ``989 TFLOP/s``; errors as for `scientific`."""
    value, digits = as_float(value, "value"), _as_digits(digits)
    rounded = float(f"{value:.{digits - 1}e}")
    prefix, unit = next(((name, unit) for name, unit in _PREFIXES if rounded >= unit), ("", 1.0))
    return f"{plain(rounded / unit, digits)} {prefix}FLOP/s"


def signed(value: float) -> str:
    """Format a number with its sign and one decimal: ``+1.2``, ``−0.6``."""
    return f"{value:+.1f}".replace("-", "\N{MINUS SIGN}")


def deviation(share: float) -> str:
    """Format a relative error as a percentage, ``+3.2 %``, or as a factor if it is large."""
    if share > 9:
        return f"× {share + 1:,.0f}"
    return "0 %" if abs(share) < 5e-5 else f"{100 * share:+.3g} %".replace("-", "\N{MINUS SIGN}")


def known_digits(value: float, low: float, high: float, most: int = 4) -> int:
    """Return how many digits of a value to write: so many that half its interval is written with two, and at least two.

    Parameters
    ----------
    value : float
        Not negative.
    low, high : float
        Ends of its interval.
    most : int
        Most digits.
    """
    half = (high - low) / 2
    if half == 0:
        return most
    if math.isinf(half) or value <= 0:
        return 2
    return min(max(2 + math.floor(math.log10(value)) - math.floor(math.log10(half)), 2), most)


def interval_text(low: float, high: float, write: Callable[[float, int], str] = rounded, most: int = 4) -> str:
    """Format the interval of a quantity that is not negative, with as many digits as are known: ``0.31 – 0.37``.

    Parameters
    ----------
    low, high : float
        A low end of 0 and a high end of infinity are no limits.
    write : callable
        Formats a number, rounded to a number of digits.
    most : int
        Most digits of an end; ends that look the same are given by their distance.
    """
    if math.isinf(high):
        return "not known" if low == 0 else f"above {write(low, 2)}"
    if low == high:
        return "fixed"
    if low == 0:
        return f"below {write(high, 2)}"
    ends = [write(end, known_digits(end, low, high, most)) for end in (low, high)]
    return f"± {write((high - low) / 2, 1)}" if ends[0] == ends[1] else "\u2009–\u2009".join(ends)


def number_text(value: float) -> str:
    """Format a number as the shortest text that reads back exactly: ``5e14``, ``0.5``, ``20``."""
    text = format(value, ".15g")
    text = text if float(text) == value else repr(float(value))
    if abs(value) >= 1e6 and math.isfinite(value):
        text = min(text, f"{Decimal(text).normalize():e}".replace("+", ""), key=len)
    mantissa, e, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}" if e else text
