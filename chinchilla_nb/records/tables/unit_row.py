"""A row of units below the names of the columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from chinchilla_nb.records.tables.header import number_columns
from chinchilla_nb.records.tables.table import is_blank

__all__ = ["has_units", "with_units"]

_LIST = """
k thousand thousands m mn mio mil million millions b bn mrd billion billions t tn trillion trillions
param params parameter parameters weights token tokens sample samples example examples step steps epoch epochs
flop flops kflop kflops mflop mflops gflop gflops tflop tflops pflop pflops eflop eflops zflop zflops yflop yflops
pf petaflop petaflops exaflop exaflops nat nats bit bits bpb byte bytes char characters word words
s sec seconds min minutes h hour hours d day days gpu count of in per log10 log ln
"""
_WORDS = frozenset(_LIST.split())
"""Words of units, in lower case."""
_POWER = re.compile(r"[x×*]?\s*(?:10?\^\{?[0-9]+\}?|10?[eE]\+?[0-9]+|10\*\*[0-9]+|10[⁰¹²³⁴⁵⁶⁷⁸⁹]+|1(?:000)+)")
_BRACKETS = re.compile(r"\(.*\)|\[.*\]|\{.*\}")
_NONE = frozenset({"-", "\u2013", "\u2014", "%", "#", "$", "1"})
"""Cells of a row of units that have no unit, or none that is a word."""


def has_units(cells: Sequence[Any], below: Sequence[Sequence[Any]]) -> bool:
    """Return whether a row holds units: in each column of numbers a unit or nothing, and at least one in words."""
    above = [cells[column] for column in number_columns(below) if column < len(cells)]
    given = [cell.strip() if isinstance(cell, str) else str(cell) for cell in above if not is_blank(cell)]
    in_words = any(cell not in _NONE and not _POWER.fullmatch(cell) for cell in given)
    return in_words and all(map(_is_unit, given))


def with_units(names: Sequence[str], units: Sequence[Any]) -> list[str]:
    """Return the names of columns with their units behind them: ``N (million)``."""
    padded = [*units, *[None] * (len(names) - len(units))]
    return [_with_unit(name, unit) for name, unit in zip(names, padded, strict=False)]


def _with_unit(name: str, unit: Any) -> str:
    text = "" if is_blank(unit) else str(unit).strip()
    if not text or text in _NONE:
        return name
    return f"{name} {text}" if _BRACKETS.fullmatch(text) else f"{name} ({text})"


def _is_unit(cell: str) -> bool:
    if cell in _NONE or _POWER.fullmatch(cell) or _BRACKETS.fullmatch(cell):
        return True
    words = re.split(r"[\s/·*_-]+", cell.lower())
    return all(word.strip(".") in _WORDS or _POWER.fullmatch(word) for word in words if word)
