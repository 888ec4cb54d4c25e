"""Select runs by the values of their columns."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.conversion import MOST_VALUES, first_items
from chinchilla_nb.engine.errors import InputError, nearest_or_all, unknown_key
from chinchilla_nb.records.column_case import alike

__all__ = ["having"]

NUMERIC = "iufb"
"""Kinds of columns that hold numbers or truth values."""


def having(columns: Mapping[str, NDArray[Any]], wanted: Mapping[str, Any]) -> NDArray[np.bool_]:
    """Return which runs have the wanted values, in each of the columns.

    Parameters
    ----------
    columns : mapping of str to ndarray, shape (n_runs,)
    wanted : mapping of str to number, text, or a list of these
        By column, whose name may differ in case if that leaves one column; of a list, a run has one. Text is compared
        exactly.

    Raises
    ------
    InputError
        If a column is unknown, a value is neither a number nor text, or no run has it; the message names the nearest.
    """
    kept = np.ones(len(next(iter(columns.values()), ())), dtype=bool)
    for given, value in wanted.items():
        found = alike(given, columns)
        if len(found) != 1:
            raise unknown_key("a run", given, columns, kind="column")
        name = found[0]
        listed = first_items(value, MOST_VALUES)
        values = [value] if listed is None else listed
        if not values:
            raise InputError(name, "must be a value or several", got="none")
        kept &= np.any([_equal(columns[name], one, name) for one in values], axis=0)
    return kept


def _equal(values: NDArray[Any], wanted: Any, name: str) -> NDArray[np.bool_]:
    """Return which values of a column are the wanted one, of which there must be one."""
    if not isinstance(wanted, (str, numbers.Real, np.bool_)):
        raise InputError(name, "must be a number, text or a list of these", got=brief(wanted))
    if values.dtype.kind in NUMERIC:
        if isinstance(wanted, str):
            raise InputError(name, "holds numbers", got=brief(wanted), remedy="give a number")
        try:
            equal = np.asarray(values == wanted, dtype=bool)
        except OverflowError:  # an integer beyond float64, which no run has
            equal = np.zeros(len(values), dtype=bool)
        remedy = ""
    else:
        texts = [str(one) for one in values]
        equal = np.array([one == str(wanted) for one in texts], dtype=bool)
        remedy = "" if equal.any() else nearest_or_all(str(wanted), dict.fromkeys(texts))
    if not equal.any():
        raise InputError("", f"no run has {name} = {brief(wanted)}", remedy=remedy)
    return equal
