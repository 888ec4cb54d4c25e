"""Select runs by a query such as ``loss < 3 and (N >= 1B or adam)``."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.errors import InputError, did_you_mean, nearest_or_all
from chinchilla_nb.quantity import parse_number
from chinchilla_nb.records.column_case import alike
from chinchilla_nb.records.query_grammar import KEYWORDS, All, Comparison, Not, Query, Text, parse_query
from chinchilla_nb.records.typed_number import UNIT_OF_COLUMN, typed_number

__all__ = ["match_runs"]

_COMPARE = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}
_EQUAL = ("=", "==", "!=")
_DIGITS = {"N": 3, "D": 3, "D/N": 3, "C": 3, "loss": 5}
"""Digits that tables write of these columns."""
USUAL_DIGITS, FAR_DIGITS = 6, 3
"""Digits that tables write of other columns, and of their very large and very small numbers."""
LONGEST_SUGGESTED, MOST_SUGGESTED = 60, 1000
"""Characters of a text of a run that a message suggests, and texts of a column that are compared for it: comparing them
takes milliseconds."""
_TRUTH = {"false": 0.0, "true": 1.0}


def match_runs(query: str, columns: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
    """Return which runs match a query.

    Parameters
    ----------
    query : str
        Conditions, joined with ``and`` (or just blanks), ``or``, ``not`` and brackets; `query_grammar` has the grammar.
        ``name < 3B`` compares a column, ``name = 3B`` finds the numbers that tables write as 3B, ``optimizer = adam``
        finds equal text, ``optimizer ~ ada`` text that contains another, and a single word is searched for in all text
        columns, all ignoring case; but if a run has exactly the text behind ``=``, only that is equal. Quotes keep
        blanks: ``"smooth loss" < 2.3``.
    columns : mapping of str to ndarray, shape (n_runs,)

    Raises
    ------
    ValueError
        If the query does not follow the grammar, names an unknown column, compares with something that is not a number,
        or has a text that no run has; the message names the nearest that is known.
    """
    return _matching(parse_query(query), columns)


def _matching(query: Query, columns: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
    if isinstance(query, Comparison):
        return _compared(query, columns)
    if isinstance(query, Text):
        return _containing(query.text, columns)
    if isinstance(query, Not):
        return ~_matching(query.query, columns)
    parts = [_matching(part, columns) for part in query.queries]
    kept = np.full(len(next(iter(columns.values()), ())), isinstance(query, All))
    for part in parts:
        kept = kept & part if isinstance(query, All) else kept | part
    return kept


def _compared(condition: Comparison, columns: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
    name, sign, value = condition.column, condition.sign, condition.value
    column = _column(name, columns)
    values = columns[column]
    if values.dtype.kind in "iufb":
        if sign not in (*_COMPARE, *_EQUAL):
            raise InputError(name, "holds numbers", remedy="compare it with <, <=, >, >=, = or !=")
        number = _TRUTH.get(value.lower()) if values.dtype.kind == "b" else None
        number = _number(value, column) if number is None else number
        if sign in _EQUAL:
            same = _looks_like(values.astype(float), number, max(_shown_digits(name, number), _written_digits(value)))
            return ~same if sign == "!=" else same
        return np.asarray(_COMPARE[sign](values.astype(float), number), dtype=bool)
    if sign in _EQUAL:
        equal = _same_text(value, values)
        if not equal.any():
            raise _not_found(f"no run has {name} = {brief(value)}", value, _texts(values))
        return ~equal if sign == "!=" else equal
    if sign in ("~", "!~"):
        found = _with_text(value, values)
        if not found.any():
            raise _not_found(f"no {name} contains {brief(value)}", value, _texts(values))
        return ~found if sign == "!~" else found
    raise InputError(name, "is text", remedy="compare it with =, != or ~")


def _looks_like(values: NDArray[np.float64], number: float, digits: int) -> NDArray[np.bool_]:
    """Return which values are equal to a number once they are rounded to so many digits: 1.0003e20 looks like 10²⁰."""
    if number == 0 or not math.isfinite(number):
        return np.asarray(values == number)
    step = 10.0 ** (math.floor(math.log10(abs(number))) + 1 - digits)
    return np.asarray((values == number) | (np.abs(values - number) < step / 2))


def _shown_digits(column: str, number: float) -> int:
    if column in _DIGITS:
        return _DIGITS[column]
    return USUAL_DIGITS if 1e-3 <= abs(number) < 1e6 else FAR_DIGITS


def _written_digits(text: str) -> int:
    """Return how many digits a number is written with, without its power of ten and the zeros before it."""
    mantissa = re.split(r"[eE×x*·⋅]", text, maxsplit=1)[0]
    return len(re.sub(r"[^0-9]", "", mantissa).lstrip("0"))


def _column(name: str, columns: Mapping[str, NDArray[Any]]) -> str:
    found = alike(name, columns)
    if not found:
        raise _not_found(f"there is no column {brief(name)}", name, list(columns))
    return found[0]


def _not_found(problem: str, text: str, known: list[str]) -> InputError:
    """Return the error for a text that is not there, which names the nearest that is."""
    return InputError("", problem, remedy=nearest_or_all(text, known))


def _number(text: str, column: str) -> float:
    try:
        return typed_number(text, UNIT_OF_COLUMN[column]) if column in UNIT_OF_COLUMN else parse_number(text)
    except InputError as error:
        raise InputError("the value", error.rule, remedy=error.remedy) from None


def _containing(text: str, columns: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
    texts = [values for values in columns.values() if values.dtype.kind not in "iufb"]
    if not texts:
        remedy = _instead(text, columns, []) or "compare a number, as in loss < 3"
        raise InputError("", f"there is no text column to search for {brief(text)}", remedy=remedy)
    found = np.any([_with_text(text, values) for values in texts], axis=0)
    if not found.any():
        known = [one for values in texts for one in _texts(values)]
        remedy = _instead(text, columns, known) or "write a condition as in loss < 3"
        raise InputError("", f"no text column contains {brief(text)}", remedy=remedy)
    return np.asarray(found, dtype=bool)


def _instead(text: str, columns: Mapping[str, NDArray[Any]], texts: list[str]) -> str:
    """Return what to write instead of a word that no run has: a condition if it is a column, else what is similar."""
    if alike(text, columns):
        return "compare that column with a value, as in loss < 3"
    return did_you_mean(text, [*columns, *KEYWORDS, *texts])


def _same_text(text: str, values: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which values of a column are a text; if none is, which are it in another case."""
    texts = [str(one) for one in values]
    exact = np.array([one == text for one in texts], dtype=bool)
    return exact if exact.any() else np.array([one.casefold() == text.casefold() for one in texts], dtype=bool)


def _with_text(text: str, values: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which values of a column contain a text, ignoring case."""
    wanted = text.casefold()
    return np.array([isinstance(one, str) and wanted in one.casefold() for one in values], dtype=bool)


def _texts(values: NDArray[Any]) -> list[str]:
    """Return the first distinct texts of a column that are short enough to be suggested."""
    distinct = dict.fromkeys(one for one in values if isinstance(one, str) and len(one) <= LONGEST_SUGGESTED)
    return list(distinct)[:MOST_SUGGESTED]
