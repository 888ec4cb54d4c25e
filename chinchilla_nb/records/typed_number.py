"""Numbers as they are typed into fields and filters: with powers of ten, and with the unit of what is meant."""

from __future__ import annotations

import math
import re
from contextlib import suppress

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.quantity import LARGEST_BUDGET, parse_number, parse_quantity, written_budget
from chinchilla_nb.records.columns.cells import read_cell
from chinchilla_nb.records.columns.units import UNITS

__all__ = ["FLOPS", "FLOP_RATE", "UNIT_OF_COLUMN", "parse_budget", "typed_number", "typed_quantity"]

FLOPS, FLOP_RATE = "FLOPs", "FLOP/s"
UNIT_OF_COLUMN = {"C": FLOPS, "N": "parameters", "D": "tokens"}
"""The units that filters read behind the numbers of columns."""

_SPELLINGS = {
    FLOPS: r"flops?",
    FLOP_RATE: r"flops?(?:\s*(?:/|per)\s*s(?:ec(?:ond)?)?)?",
    "parameters": r"parameters?|params?",
    "tokens": r"tokens?|toks?",
    "tokens per parameter": r"(?:tokens?|toks?)\s*(?:per|/)\s*(?:parameter|param)",
    "devices": r"devices?|gpus?|tpus?|chips?",
    "days": r"days?|d",
    "nats": r"nats?",
}
"""How units are written; others are written as their name, or without its ``s``."""
_ANY_UNIT = re.compile(
    r"flops?|(?<![a-z])(?:parameters?|params?|tokens?|toks?|bytes?|samples?|images?|devices?|gpus?|days?|nats?)",
    re.IGNORECASE,
)
_FLOP_PREFIX = re.compile(r"(?:z|y|kilo|mega|giga|tera|peta|exa|zetta|yotta)", re.IGNORECASE)
"""Prefixes that numbers have beside FLOPs only."""
_FLOP_DAYS = frozenset(name for name in UNITS if name.endswith("-days"))


def typed_number(text: str, unit: str = "") -> float:
    """Return a number of any sign, with or without the unit of its field.

    Parameters
    ----------
    text : str
        In the notation of `parse_number`, or as in tables: ``10^24``, ``5.76×10²³``, ``7 billion``, ``989 TFLOP/s``,
        ``5 PF-days``.
    unit : str
        The unit that may be written behind it: ``FLOPs``, ``FLOP/s``, ``parameters``, ``tokens``, ``days`` ...

    Raises
    ------
    InputError
        If it is not a number, or has another unit; the caller adds `where`.
    """
    bare = _without_unit(text.strip(), unit)
    with suppress(InputError):
        return parse_number(bare)
    cell = read_cell(bare)
    in_days = cell is not None and cell.unit in _FLOP_DAYS
    own = FLOPS if unit in (FLOPS, FLOP_RATE) else ""
    if _ANY_UNIT.search(bare.removesuffix(own)) and not (in_days and unit == FLOPS):
        rule = f"is {brief(text.strip())}, not a number" + (f" of {unit}" if unit else " without a unit")
        raise InputError("", rule, remedy="write the number alone")
    if cell is None or cell.unit is None:
        return parse_number(text)  # says why it is not a number
    return UNITS[cell.unit].convert(cell.number)


def typed_quantity(text: str, unit: str = "") -> float:
    """Return a positive, finite number as `typed_number` reads it.

    Raises
    ------
    InputError
        If it is not one, or the text is empty; the caller adds `where`.
    """
    return parse_quantity(typed_number(text, unit) if text.strip() else text)


def parse_budget(text: str) -> float:
    """Return a budget in FLOPs from text.

    Raises
    ------
    InputError
        If it is not a positive number of at most `LARGEST_BUDGET`.
    """
    try:
        C = typed_number(text, FLOPS)
    except ValueError:
        raise InputError(brief(text.strip()), "is not a number of FLOPs", remedy="write 5.76e23 or 1e24") from None
    if not (math.isfinite(C) and 0 < C <= LARGEST_BUDGET):
        largest = written_budget(LARGEST_BUDGET)
        remedy = f"type a number above 0 and at most {largest}"
        raise InputError(brief(text.strip()), "is not a budget", remedy=remedy)
    return C


def _without_unit(text: str, unit: str) -> str:
    """Return a text without the unit at its end; prefixes such as the T of TFLOPs stay."""
    if not unit:
        return text
    spelling = _SPELLINGS.get(unit) or f"{re.escape(unit.removesuffix('s'))}s?"
    found = re.fullmatch(rf"(.*?[^\s])\s*(?:{spelling})", text, re.IGNORECASE)
    if found is None:
        return text
    prefix = re.sub(r"[^a-zA-Z]", " ", found[1]).split()[-1:]
    return f"{found[1]}{FLOPS}" if prefix and _FLOP_PREFIX.fullmatch(prefix[0]) else found[1]
