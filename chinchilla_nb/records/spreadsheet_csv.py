"""Runs as CSV for people, who open it in a spreadsheet: no text in it is a formula."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import ArrayLike

from chinchilla_nb.records.csv_text import as_csv, column_rows

__all__ = ["spreadsheet_csv"]

_STARTS = frozenset("=+-@\t\n\r＝＋－＠")
"""Characters at the start of a cell that make some spreadsheet read it as a formula (OWASP, "CSV Injection")."""


def spreadsheet_csv(columns: Mapping[str, ArrayLike], separator: str = ",") -> bytes:
    """Return columns as CSV in which text that a spreadsheet would take for a formula begins with an apostrophe.

    A formula can start programs and send data away, and the text of a run comes from whoever logged it. Numbers, also
    those that are text such as ``-3``, are unchanged. ``df.csv`` is written by `columns_as_csv`, which changes no text.

    Parameters
    ----------
    columns : mapping of str to array_like, shape (n_rows,)
    separator : str, default ","
    """
    return as_csv([[_without_formula(value) for value in row] for row in column_rows(columns)], separator)


def _without_formula(value: Any) -> Any:
    if not isinstance(value, str) or _STARTS.isdisjoint((value[:1], value.lstrip()[:1])):
        return value
    try:
        float(value)
    except ValueError:
        return f"'{value}"
    return value
