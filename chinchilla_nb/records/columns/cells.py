"""Numbers in the cells of a table, which may have a unit of their own: ``125m``, ``7 billion``, ``12 EFLOPs``."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.quantity import exponent_notation, parse_number, parse_quantity
from chinchilla_nb.records.columns.units import UNITS, find_unit
from chinchilla_nb.records.tables.missing import MISSING

__all__ = ["OF_ANY_SIGN", "Cell", "cell_number", "is_empty", "read_cell"]

_WITH_UNIT = re.compile(r"([-+]?[0-9][0-9.,_ \u00a0\u2009\u202f]*(?:[eE][-+]?[0-9]+)?)\s*([^\W\d].*)")
_SIMPLE = re.compile(r"([0-9]+(?:\.[0-9]+)?)([A-Za-z]?)")
"""A number as most cells hold it: digits and perhaps a letter."""
_MARGIN = re.compile(r"(.*[0-9])\s*(?:±|\+/-)\s*[0-9.]+(?:[eE][-+]?[0-9]+)?")
"""A number and its standard error."""
_MARKS = "*†‡ ~≈"
"""Marks of footnotes, of bold text in Markdown, and of numbers that are not exact."""


class Cell(NamedTuple):
    """A number as it stands in a cell, and the name of the unit beside it, if there is one."""

    number: float
    unit: str | None


def is_empty(value: Any) -> bool:
    """Return whether a cell holds nothing, or what people write instead."""
    return value is None or (isinstance(value, str) and value.strip().lower() in MISSING)


def read_cell(value: Any) -> Cell | None:
    """Return the number in a cell, of any sign; None if there is none that can be read."""
    if isinstance(value, bool):
        return None
    try:
        if not isinstance(value, str):
            return Cell(float(value), None)
        simple = _SIMPLE.fullmatch(value)
        if simple and not simple[2]:
            return Cell(float(value), None)
        if simple and (unit := find_unit(simple[2])):
            return Cell(float(simple[1]), unit)
        digits, unit = _parts(value)
        return Cell(parse_number(digits), unit)
    except (InputError, OverflowError, TypeError, ValueError):
        return None


def cell_number(value: Any, unit: str) -> float:
    """Return the quantity in a cell.

    Parameters
    ----------
    value : object
        A number, or text in the notation of `parse_quantity`; a unit in the text takes the place of the column's.
    unit : str
        Unit of the column.

    Raises
    ------
    InputError
        If it is not a positive number.
    """
    if isinstance(value, str):
        value, own = _parts(value)
        unit = own or ("×1" if value[-1:].isalpha() and unit not in OF_ANY_SIGN else unit)
    if unit in OF_ANY_SIGN:
        cell = read_cell(value)
        return parse_quantity(value if cell is None else UNITS[unit].convert(cell.number))
    return UNITS[unit].convert(parse_quantity(value))


OF_ANY_SIGN = frozenset({"10^x", "e^x", "2^x", "ln", "-x"})
"""Units whose numbers need not be positive, or whose quantity need not be."""


def _parts(text: str) -> tuple[str, str | None]:
    """Split the text of a cell into digits and the unit beside them, if it is a known one."""
    text = _plain(text)
    found = _WITH_UNIT.fullmatch(text)
    unit = None if found is None else find_unit(found[2])
    return (text, None) if found is None or unit is None else (found[1], unit)


def _plain(text: str) -> str:
    """Return a number without what is written around it: marks, its standard error, a power of ten."""
    text = re.sub(r"\s*nats$", "", text.strip().strip(_MARKS))
    if margin := _MARGIN.fullmatch(text):
        text = margin[1]
    return exponent_notation(text)
