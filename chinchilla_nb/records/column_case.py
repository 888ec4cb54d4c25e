"""Columns whose names differ only in case: one column of a table, unless it has several such columns itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from chinchilla_nb.records.rows import REQUIRED, CheckedRow

__all__ = ["alike", "columns_of", "existing_columns", "into_existing", "into_words"]

_STANDARD = frozenset(name.casefold() for name in REQUIRED)
"""N and n are different columns, whatever else a table holds."""


def alike(name: str, columns: Iterable[str]) -> list[str]:
    """Return the column of this name; if there is none, those whose names differ from it only in case."""
    columns = list(columns)
    if name in columns:
        return [name]
    return [one for one in columns if one.casefold() == name.casefold()]


def existing_columns(given: Iterable[str], known: Iterable[str]) -> dict[str, str]:
    """Return the columns of a table into which the values of others belong, as their names differ only in case.

    Parameters
    ----------
    given : iterable of str
        The columns of rows that are added to the table.
    known : iterable of str
        The columns of the table.

    Returns
    -------
    dict of str to str
        Without columns that the table has, those of which either side has several spellings, and any spelling of C, N,
        D and loss: these remain what they are.
    """
    given, known = dict.fromkeys(given), frozenset(known)
    new = {name: name.casefold() for name in given if name not in known}
    if not new:
        return {}
    spelled, there = Counter(map(str.casefold, given)), Counter(map(str.casefold, known))
    columns = {name.casefold(): name for name in known}
    return {
        name: columns[folded]
        for name, folded in new.items()
        if spelled[folded] == there[folded] == 1 and folded not in _STANDARD
    }


def into_existing(rows: Sequence[CheckedRow], known: Iterable[str]) -> Sequence[CheckedRow]:
    """Return rows with the names of columns as `existing_columns` says; the same rows if it says nothing."""
    names = existing_columns(columns_of(rows), known)
    return [row.renamed(names) for row in rows] if names else rows


def into_words(names: Mapping[str, str]) -> str:
    """Return what `existing_columns` says in words: ``name into Name, state into State``."""
    return ", ".join(f"{name} into {column}" for name, column in names.items())


def columns_of(rows: Iterable[Iterable[str]]) -> dict[str, None]:
    """Return all columns of rows in their order."""
    return dict.fromkeys(chain.from_iterable(dict.fromkeys(map(tuple, rows))))  # most rows have the same ones
