"""What a user says of a quantity: a column, a column and its unit, a product of columns, or a number."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from chinchilla_nb.checks import as_positive_number, brief
from chinchilla_nb.engine.errors import InputError, nearest_or_all
from chinchilla_nb.records.columns.candidates import Candidate, readings_of
from chinchilla_nb.records.columns.cells import cell_number
from chinchilla_nb.records.columns.meanings import Match, match
from chinchilla_nb.records.columns.names import ColumnName
from chinchilla_nb.records.columns.sources import AnySource, Product, Source
from chinchilla_nb.records.columns.units import UNITS, find_unit, units_for
from chinchilla_nb.records.columns.values import Columns

__all__ = ["NOT_READ", "given_readings"]

NOT_READ = "6ND"
"""Said of C, or of N or D: no column holds it, and it follows from C = 6ND."""
_SPELLED = {"log10": "10^x", "lg": "10^x", "log2": "2^x", "1": "×1", "x1": "×1", "neg": "-x", "ppl": "ln"}


def given_readings(quantity: str, given: Any, names: Mapping[str, ColumnName], columns: Columns) -> list[Candidate]:
    """Return the ways to read a quantity that a user's choice leaves: one, more if the unit is open, none for 6ND.

    Parameters
    ----------
    quantity : str
    given : str, number, Source or Product
        ``tokens``, ``tokens:B``, ``steps*batch_size*2048``, ``125M``; ``6ND`` if no column holds it.
    names, columns
        As for `find_candidates`.

    Raises
    ------
    InputError
        If there is no such column, it holds no numbers, or the unit cannot be one of the quantity.
    """
    if isinstance(given, (Source, Product)):
        return [_reading(quantity, given, names, columns)]
    if isinstance(given, (int, float, np.number)) and not isinstance(given, bool):
        return [_reading(quantity, Product((), as_positive_number(given, quantity)), names, columns)]
    if not isinstance(given, str) or not given.strip():
        raise InputError(quantity, "must be the name of a column, or a number", got=brief(given))
    if given in names:
        return _of_column(quantity, given, names, columns)
    if given.upper() == NOT_READ:
        return []
    return [_reading(quantity, _parsed(quantity, given, names), names, columns)]


def _of_column(quantity: str, column: str, names: Mapping[str, ColumnName], columns: Columns) -> list[Candidate]:
    _check_numbers(quantity, column, columns)
    says = match(quantity, names[column])
    says = says if isinstance(says, Match) else Match("", 0)
    found = list(readings_of(quantity, names[column], says, columns))
    if len(found) == 1 and not found[0].unit_is_open:  # what its name says is no doubt any more
        return [_reading(quantity, found[0].source, names, columns)]
    return found or [_reading(quantity, Source(column), names, columns)]


def _reading(quantity: str, source: AnySource, names: Mapping[str, ColumnName], columns: Columns) -> Candidate:
    for column in source.columns:
        if column not in names:
            raise _no_such_column(quantity, column, names)
        _check_numbers(quantity, column, columns)
    says = match(quantity, names[source.column]) if isinstance(source, Source) else None
    if isinstance(says, Match):
        variant = says.variant
    else:
        variant = "as it was given" if not source.columns else " × ".join(map(repr, source.columns))
    return Candidate(source, variant, 0, columns.quantity(source))


def _check_numbers(quantity: str, column: str, columns: Columns) -> None:
    values = columns[column]
    if not values.are_numbers:
        holds = f"holds text such as {values.text}" if values.text else "is empty"
        raise InputError(quantity, f"cannot be column {column!r}, which {holds}", remedy="choose a column of numbers")


def _parsed(quantity: str, text: str, names: Mapping[str, ColumnName]) -> AnySource:
    column, colon, unit = text.rpartition(":")
    if colon and column in names:
        return Source(column, _unit(quantity, unit))
    factor, parts = 1.0, []
    for part in re.split(r"\s*[*×]\s*", text.strip()):
        if part in names:
            parts.append(part)
            continue
        try:
            factor *= cell_number(part, "×1")
        except InputError:
            raise _no_such_column(quantity, part, names) from None
    return Product(tuple(parts), factor)


def _unit(quantity: str, text: str) -> str:
    text = text.strip()
    exact = next((name for name in (text, f"×{text}") if name in UNITS), None)
    unit = exact or _SPELLED.get(text.lower()) or find_unit(text)
    if text.lower() == "ln" and quantity != "loss":
        unit = "e^x"
    allowed = units_for(quantity)
    if unit not in allowed:
        raise InputError(quantity, f"has no unit {brief(text)}", remedy=f"choose from {', '.join(allowed)}")
    return unit


def _no_such_column(quantity: str, column: str, names: Mapping[str, ColumnName]) -> InputError:
    remedy = nearest_or_all(column, names)
    return InputError(quantity, f"is assigned to {brief(column)}, but there is no such column", remedy=remedy)
