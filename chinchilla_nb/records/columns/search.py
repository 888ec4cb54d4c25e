"""Find a column by its name alone: that of steps, of batches, of the names of runs."""

from __future__ import annotations

from collections.abc import Mapping

from chinchilla_nb.records.columns.names import ColumnName
from chinchilla_nb.records.columns.values import Columns

__all__ = ["find_column"]


def find_column(wanted: str, names: Mapping[str, ColumnName], columns: Columns, *, numbers: bool = True) -> str | None:
    """Return the first column with one of some names, in their order; None if there is none.

    Parameters
    ----------
    wanted : str
        The names, in small letters and without anything between their words.
    names : mapping of str to ColumnName
    columns : Columns
    numbers : bool
        Whether the column must hold numbers; otherwise it must not be empty.
    """
    by_name: dict[str, str] = {}
    for column, name in names.items():
        by_name.setdefault("".join(name.words), column)
    found = (by_name[one] for one in wanted.split() if one in by_name)
    return next((one for one in found if (columns[one].are_numbers if numbers else columns.has_values(one))), None)
