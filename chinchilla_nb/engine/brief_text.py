"""The text of a value for a message: short, on one line, and cheap whatever the value is."""

from __future__ import annotations

import functools
import math
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

__all__ = ["brief"]

LONGEST = 60
"""Maximum number of characters of a value in a message."""
LARGEST_BITS = 13_000
"""Size of a whole number whose digits are written: Python refuses to write more than 4,300 digits."""
NUMBERS = "biufc"
"""Kinds of numpy's dtypes whose values are numbers or truth values."""

_BRACKETS: tuple[tuple[Any, str, str], ...] = (
    ((list, deque), "[", "]"),
    ((tuple,), "(", ")"),
    ((set, frozenset), "{", "}"),
)


def brief(value: object, longest: int = LONGEST) -> str:
    """Return the text of a value for a message, shortened if it is long.

    Only as much of the value is read as the message shows: a few nested lists can stand for more items than fit into
    memory.
    """
    text = ""
    try:
        for part in _parts(value, longest):
            text += part
            if len(text) > longest:
                return f"{text[:longest]}..."
    except Exception:  # noqa: BLE001  a value of the user may raise anything
        return f"<{type(value).__name__}>"
    return text


def _parts(value: Any, longest: int) -> Iterator[str]:
    """Return the text of a value piece by piece, mostly as `repr` writes it, but on one line."""
    if isinstance(value, (str, bytes)):
        yield repr(value[: longest + 1])
        return
    if type(value) is int and value.bit_length() > LARGEST_BITS:
        yield f"a whole number of about {math.floor(math.log10(abs(value))) + 1:,} digits"
        return
    if isinstance(value, np.number | np.bool_ | np.ndarray) and value.shape == () and value.dtype.kind in NUMBERS:
        yield str(value)  # numpy 2 writes np.float64(1.5) as `repr`
        return
    if isinstance(value, Mapping) and value:
        yield "{"
        yield from _separated(_entry(key, one, longest) for key, one in value.items())
        yield "}"
        return
    if isinstance(value, functools.partial):
        yield "functools.partial("
        parts = [value.func, *value.args, value.keywords]
        yield from _separated(_parts(part, longest) for part in parts)
        yield ")"
        return
    if isinstance(value, np.ndarray) and value.dtype.kind == "O":
        yield "array("
        yield from _parts(value.ravel()[:longest].tolist(), longest)
        yield ", dtype=object)"
        return
    for kinds, first, last in _BRACKETS:
        if isinstance(value, kinds) and value:
            yield first
            yield from _separated(_parts(item, longest) for item in value)
            yield f",{last}" if first == "(" and len(value) == 1 else last
            return
    yield " ".join(repr(value).split())


def _entry(key: Any, value: Any, longest: int) -> Iterator[str]:
    yield from _parts(key, longest)
    yield ": "
    yield from _parts(value, longest)


def _separated(items: Iterable[Iterator[str]]) -> Iterator[str]:
    for index, item in enumerate(items):
        if index:
            yield ", "
        yield from item
