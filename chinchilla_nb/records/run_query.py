"""Select runs by a query such as ``loss < 3 N >= 1B adam``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.quantity import parse_number

__all__ = ["match_runs"]

_TERM = re.compile(
    r""""(?P<quoted>[^"]*)"|(?P<name>[^\s"<>=!]+)\s*(?P<sign><=|>=|!=|<|>|==?)\s*(?P<value>"[^"]*"|[^\s"]*)
    |(?P<word>[^\s"]+)""",
    re.VERBOSE,
)
_COMPARE = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "=": np.equal,
    "==": np.equal,
    "!=": np.not_equal,
}


def match_runs(query: str, columns: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
    """Return which runs match every term of a query.

    Parameters
    ----------
    query : str
        Terms separated by spaces. ``name < 3B`` compares a column, ``optimizer = adam`` finds equal text, and a single
        word is searched for in all text columns, ignoring case. Quotes keep spaces: ``"two words"``.
    columns : mapping of str to ndarray, shape (n_runs,)

    Raises
    ------
    ValueError
        If a term names an unknown column, or compares with something that is not a number.
    """
    length = len(next(iter(columns.values()), ()))
    kept = np.ones(length, dtype=bool)
    for term in _TERM.finditer(query):
        if term["name"] is not None:
            kept &= _compared(term["name"], term["sign"], term["value"].strip('"'), columns)
        else:
            kept &= _containing(term["quoted"] if term["quoted"] is not None else term["word"], columns)
    return kept


def _compared(name: str, sign: str, value: str, columns: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
    values = columns[_column(name, columns)]
    if not value:
        raise InputError("", f"finish the condition: {name} {sign} needs a value")
    if values.dtype.kind in "iufb":
        return np.asarray(_COMPARE[sign](values.astype(float), _number(value)), dtype=bool)
    if sign in ("=", "==", "!="):
        equal = np.array([str(one).casefold() == value.casefold() for one in values], dtype=bool)
        return ~equal if sign == "!=" else equal
    raise InputError(name, "is text", remedy="compare it with = or !=")


def _column(name: str, columns: Mapping[str, NDArray[Any]]) -> str:
    if name in columns:
        return name
    found = [one for one in columns if one.casefold() == name.casefold()]
    if not found:
        raise InputError("", f"there is no column {name!r}", remedy=f"choose from {', '.join(columns)}")
    return found[0]


def _number(text: str) -> float:
    try:
        return parse_number(text)  # `float` takes digits of other scripts and underscores
    except InputError as error:
        raise InputError("the value", error.rule, remedy=error.remedy) from None


def _containing(word: str, columns: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
    word = word.casefold()
    texts = [values for values in columns.values() if values.dtype.kind not in "iufb"]
    length = len(next(iter(columns.values()), ()))
    if not texts:
        remedy = "compare a number, as in loss < 3"
        raise InputError("", f"there is no text column to search for {word!r}", remedy=remedy)
    found = np.zeros(length, dtype=bool)
    for values in texts:
        found |= np.array([isinstance(one, str) and word in one.casefold() for one in values], dtype=bool)
    return found
