"""Select runs by a query such as ``loss < 3 and (N >= 1B or adam)``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.errors import InputError, did_you_mean, nearest_or_all
from chinchilla_nb.quantity import parse_number
from chinchilla_nb.records.query_grammar import KEYWORDS, All, Comparison, Not, Query, Text, parse_query

__all__ = ["match_runs"]

_COMPARE = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "=": np.equal,
    "==": np.equal,
    "!=": np.not_equal,
}
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
        ``name < 3B`` compares a column, ``optimizer = adam`` finds equal text, ``optimizer ~ ada`` text that contains
        another, and a single word is searched for in all text columns, all ignoring case. Quotes keep blanks:
        ``"smooth loss" < 2.3``.
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
    values = columns[_column(name, columns)]
    if values.dtype.kind in "iufb":
        if sign not in _COMPARE:
            raise InputError(name, "holds numbers", remedy="compare it with <, <=, >, >=, = or !=")
        number = _TRUTH.get(value.lower()) if values.dtype.kind == "b" else None
        number = _number(value) if number is None else number
        return np.asarray(_COMPARE[sign](values.astype(float), number), dtype=bool)
    if sign in ("=", "==", "!="):
        equal = np.array([str(one).casefold() == value.casefold() for one in values], dtype=bool)
        if not equal.any():
            raise _not_found(f"no run has {name} = {brief(value)}", value, _texts(values))
        return ~equal if sign == "!=" else equal
    if sign in ("~", "!~"):
        found = _with_text(value, values)
        if not found.any():
            raise _not_found(f"no {name} contains {brief(value)}", value, _texts(values))
        return ~found if sign == "!~" else found
    raise InputError(name, "is text", remedy="compare it with =, != or ~")


def _column(name: str, columns: Mapping[str, NDArray[Any]]) -> str:
    if name in columns:
        return name
    found = [one for one in columns if one.casefold() == name.casefold()]
    if not found:
        raise _not_found(f"there is no column {brief(name)}", name, list(columns))
    return found[0]


def _not_found(problem: str, text: str, known: list[str]) -> InputError:
    """Return the error for a text that is not there, which names the nearest that is."""
    return InputError("", problem, remedy=nearest_or_all(text, known))


def _number(text: str) -> float:
    try:
        return parse_number(text)  # `float` takes digits of other scripts and underscores
    except InputError as error:
        raise InputError("the value", error.rule, remedy=error.remedy) from None


def _containing(text: str, columns: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
    texts = [values for values in columns.values() if values.dtype.kind not in "iufb"]
    if not texts:
        remedy = did_you_mean(text, [*columns, *KEYWORDS]) or "compare a number, as in loss < 3"
        raise InputError("", f"there is no text column to search for {brief(text)}", remedy=remedy)
    found = np.any([_with_text(text, values) for values in texts], axis=0)
    if not found.any():
        known = [*columns, *KEYWORDS, *(one for values in texts for one in _texts(values))]
        remedy = did_you_mean(text, known) or "write a condition as in loss < 3"
        raise InputError("", f"no text column contains {brief(text)}", remedy=remedy)
    return np.asarray(found, dtype=bool)


def _with_text(text: str, values: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which values of a column contain a text, ignoring case."""
    wanted = text.casefold()
    return np.array([isinstance(one, str) and wanted in one.casefold() for one in values], dtype=bool)


def _texts(values: NDArray[Any]) -> list[str]:
    """Return the first distinct texts of a column that are short enough to be suggested."""
    distinct = dict.fromkeys(one for one in values if isinstance(one, str) and len(one) <= LONGEST_SUGGESTED)
    return list(distinct)[:MOST_SUGGESTED]
