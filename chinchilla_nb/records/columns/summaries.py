"""Rows of a table that sum up its other rows: ``mean``, ``Total``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from chinchilla_nb.checks import brief
from chinchilla_nb.records.columns.word_lists import words_of
from chinchilla_nb.records.tables import Table

__all__ = ["summary_rows"]

_SUMMARIES = words_of(
    "mean average avg median total sum std stddev mittelwert durchschnitt gesamt summe moyenne media promedio 平均"
)


def summary_rows(table: Table) -> Mapping[int, str]:
    """Return the rows that sum up others, by number, and what shows it: ``Model: 'Mean'``.

    Such a row says so in its first cell with text. A word that several rows have there is no summary of the table but
    a kind of row.
    """
    found: dict[int, str] = {}
    words: dict[int, str] = {}
    for number, row in enumerate(table.rows):
        column = next((name for name, one in row.items() if isinstance(one, str) and one.strip()), None)
        word = "" if column is None else row[column].strip().strip(":.").lower()
        if column is not None and word in _SUMMARIES:
            found[number], words[number] = f"{column}: {brief(row[column])}", word
    counts = Counter(words.values())
    return {number: shown for number, shown in found.items() if counts[words[number]] == 1}
