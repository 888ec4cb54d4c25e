"""The text of a value for a message: short, on one line, and cheap whatever the value is."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

__all__ = ["brief"]

LONGEST = 60
"""Maximum number of characters of a value in a message."""
LARGEST_BITS = 13_000
"""Size of a whole number whose digits are written: Python refuses to write more than 4,300 digits."""

_BRACKETS: dict[type, tuple[str, str]] = {list: ("[", "]"), tuple: ("(", ")"), set: ("{", "}"), dict: ("{", "}")}


def brief(value: object, longest: int = LONGEST) -> str:
    """Return the text of a value for a message, shortened if it is long.

    Only as much of the value is read as the message shows: a few nested lists can stand for more items than fit into
    memory.
    """
    text = ""
    for part in _parts(value, longest):
        text += part
        if len(text) > longest:
            return f"{text[:longest]}..."
    return text


def _parts(value: Any, longest: int) -> Iterator[str]:
    kind = type(value)
    if isinstance(value, (str, bytes)):
        yield repr(value[: longest + 1])
    elif kind is int and value.bit_length() > LARGEST_BITS:
        yield f"a whole number of about {math.floor(math.log10(abs(value))) + 1:,} digits"
    elif kind in _BRACKETS and value:
        first, last = _BRACKETS[kind]
        yield first
        yield from _separated(_entries(value, longest) if kind is dict else (_parts(item, longest) for item in value))
        yield f",{last}" if kind is tuple and len(value) == 1 else last
    else:
        yield _written(value)


def _entries(mapping: dict[Any, Any], longest: int) -> Iterator[Iterator[str]]:
    for key, value in mapping.items():
        yield _joined(_parts(key, longest), _parts(value, longest))


def _joined(key: Iterator[str], value: Iterator[str]) -> Iterator[str]:
    yield from key
    yield ": "
    yield from value


def _separated(items: Iterable[Iterator[str]]) -> Iterator[str]:
    for index, item in enumerate(items):
        if index:
            yield ", "
        yield from item


def _written(value: object) -> str:
    """Return the text of a value on one line; its type if it cannot be written out."""
    try:
        return " ".join(repr(value).split())
    except Exception:  # noqa: BLE001  a value of the user may raise anything
        return f"<{type(value).__name__}>"
