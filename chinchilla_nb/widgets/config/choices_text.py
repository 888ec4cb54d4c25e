"""Lists of hyperparameter values as text: ``64, 128``, ``relu, gelu``, ``2..40`` or ``64..1024 step 64``."""

from __future__ import annotations

import re
from typing import Any

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.quantity import number_text

__all__ = ["choices_text", "parse_choices"]

MANY_VALUES = 20_000
"""Number of values above which a range is taken for a typing error."""

_RANGE = re.compile(r"\s*(-?\d+)\s*\.\.\s*(-?\d+)(?:\s*step\s*(\d+))?\s*", re.IGNORECASE)


def parse_choices(text: str) -> list[Any]:
    """Return the values listed in a text: ``64, 128``, ``relu, gelu``, ``2..40`` or ``64..1024 step 64``.

    Raises
    ------
    InputError
        If the text lists no values, or a range is empty or too long.
    """
    values: list[Any] = []
    for part in text.split(","):
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
        if step > 0 and values == list(range(values[0], values[-1] + 1, step)):
            return f"{values[0]}..{values[-1]}" + (f" step {step}" if step > 1 else "")
    return ", ".join(number_text(value) if isinstance(value, float) else str(value) for value in values)


def _value(text: str) -> Any:
    if text in ("True", "False", "None"):
        return {"True": True, "False": False, "None": None}[text]
    plain = text.replace("_", "")
    for kind in (int, float):
        try:
            return kind(plain)
        except ValueError:
            continue
    return text
