"""JSON of a file that may be damaged: a value that cannot be read stands as `Unreadable`, and all others are read."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

__all__ = ["Unreadable", "read_json"]

DEEPEST = 50
"""Lists and objects inside each other up to which they are read; Python itself gives up at a depth that varies."""
TOO_DEEP = "nested too deeply"
_STRING_OR_BRACKET = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)


@dataclass(frozen=True)
class Unreadable:
    """What stands in the place of a value that cannot be read; no value of JSON equals it.

    Attributes
    ----------
    found : str
        What is there instead of a value.
    """

    found: str

    def __repr__(self) -> str:
        return self.found


def read_json(data: bytes) -> Any:
    """Return the values in a JSON file, `Unreadable` for NaN, for a name that is given twice, and for too deep ones.

    Raises
    ------
    ValueError
        If it is not JSON, such as a file that was cut off.
    """
    text = data.decode(json.detect_encoding(data), "surrogatepass")
    return json.loads(
        _without_deep_values(text), object_pairs_hook=_object, parse_constant=Unreadable, parse_int=_integer
    )


def _without_deep_values(text: str) -> str:
    """Return JSON with a mark in the place of each list or object that is nested too deeply."""
    parts = []
    depth = done = 0
    for token in _STRING_OR_BRACKET.finditer(text):
        first = text[token.start()]
        if first in "[{":
            depth += 1
            if depth == DEEPEST + 1:
                parts += [text[done : token.start()], json.dumps({TOO_DEEP: None})]
                done = len(text)  # unless it ends
        elif first in "]}":
            if depth == DEEPEST + 1:
                done = token.end()
            depth -= 1
    return "".join([*parts, text[done:]])


def _object(pairs: list[tuple[str, Any]]) -> Any:
    if pairs == [(TOO_DEEP, None)]:
        return Unreadable(f"values {TOO_DEEP}")
    values = dict(pairs)
    if len(values) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        values |= {name: Unreadable(f"{count} values") for name, count in counts.items() if count > 1}
    return values


def _integer(digits: str) -> Any:
    try:
        return int(digits)
    except ValueError:  # Python refuses to read more than 4,300
        return Unreadable(f"a whole number of {len(digits.lstrip('-')):,} digits")
