"""Lists of hyperparameter values as text: ``64, 128``, ``relu, gelu``, ``2..40`` or ``64..1024 step 64``."""

from __future__ import annotations

import math
import re
from typing import Any

from chinchilla_nb.checks import brief
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.quantity import number_text, split_list

__all__ = ["choices_text", "parse_choices"]

MANY_VALUES = 20_000
"""Number of values above which a range is taken for a typing error."""

_DIGITS = "[0-9]{1,4000}"  # Python refuses more than 4,300
_RANGE = re.compile(rf"\s*(-?{_DIGITS})\s*\.\.\s*(-?{_DIGITS})(?:\s*step\s*({_DIGITS}))?\s*", re.IGNORECASE)
_WHOLE = re.compile(rf"[-+]?{_DIGITS}(?:_{_DIGITS})*")
_DECIMAL = re.compile(r"[-+]?(?:(?:[0-9]+(?:_[0-9]+)*)?(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?|nan|inf)")


def parse_choices(text: str) -> list[Any]:
    """Return the values listed in a text: ``64, 128``, ``relu, gelu``, ``2..40`` or ``64..1024 step 64``.

    Raises
    ------
    InputError
        If the text lists no values, a comma may be part of a number, a range is empty or too long, or a value is almost
        a number: ``1_``, ``１２``.
    """
    values: list[Any] = []
    for part in split_list(text):
        matched = _RANGE.fullmatch(part)
        if matched:
            first, last, step = int(matched[1]), int(matched[2]), int(matched[3] or 1)
            if last < first or step < 1:
                raise InputError(
                    repr(part.strip()), "contains no numbers", remedy="write low..high or low..high step 2"
                )
            if (last - first) // step > MANY_VALUES:
                rule = f"contains more than {MANY_VALUES:,} numbers"
                raise InputError(repr(part.strip()), rule, remedy="take larger steps")
            values += range(first, last + 1, step)
        elif part.strip():
            values.append(_value(part.strip()))
    if not values:
        raise InputError("", "list at least one value: 64, 128 or 2..40")
    return values


def choices_text(values: list[Any]) -> str:
    """Return values as text from which `parse_choices` returns the same values."""
    if len(values) > 3 and all(isinstance(value, int) and not isinstance(value, bool) for value in values):
        step = values[1] - values[0]
        # Only as many as there are: with 1, 2, 3 and 10^12, all numbers up to the last would fill the memory.
        if step > 0 and values == list(range(values[0], values[0] + step * len(values), step)):
            return f"{values[0]}..{values[-1]}" + (f" step {step}" if step > 1 else "")
    return ", ".join(_text(value) for value in values)


def _text(value: Any) -> str:
    if isinstance(value, float):
        return number_text(value)
    try:
        return str(value)
    except ValueError:  # Python refuses to write out numbers of thousands of digits
        return brief(value)


def _value(text: str) -> Any:
    if text in ("True", "False", "None"):
        return {"True": True, "False": False, "None": None}[text]
    try:
        if _WHOLE.fullmatch(text):
            return int(text)
        number = float(text.replace("_", ""))
    except ValueError:
        return text
    if not _DECIMAL.fullmatch(text) or (math.isinf(number) and text.strip("+-") != "inf"):
        raise InputError(brief(text), "is not a number", remedy="write it as 64, 2.5 or 1e6")
    return number
