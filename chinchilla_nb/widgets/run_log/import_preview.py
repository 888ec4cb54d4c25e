"""What an import would add, what was recognised, and what must be chosen, as HTML."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from chinchilla_nb.html_table import html_table
from chinchilla_nb.quantity import compact
from chinchilla_nb.records.column_case import into_words
from chinchilla_nb.records.columns.candidates import Candidate
from chinchilla_nb.records.columns.checkpoints import KEEP
from chinchilla_nb.records.columns.reading import Reading
from chinchilla_nb.records.importing import Preview
from chinchilla_nb.widgets.base.left_out_list import reasons_in_words
from chinchilla_nb.widgets.base.style import note, sentence

__all__ = ["preview_html", "questions_html"]

_SHOWN = 5
"""Number of accepted rows that a preview lists."""
TAKE_LAST = f"choose {KEEP['last']!r} under Rows"
"""What to do in the form about rows that may be checkpoints."""


def preview_html(name: str, reading: Reading, preview: Preview) -> str:
    """Return what was recognised in a file, what would be added, and what would not."""
    count = len(preview.rows)
    head = f"<b>{escape(name)}</b>: {count:,} of {count + len(preview.rejected):,} rows can be added."
    said = "".join(f"<li>{escape(sentence)}</li>" for sentence in reading.sentences(preview.rows, TAKE_LAST))
    parts = [f'<div class="cnb-facts">{head}</div><ul class="cnb-said">{said}</ul>', _accepted(preview)]
    if preview.left_out:
        names = ", ".join(preview.left_out)
        parts.append(note("warn", f"Not imported, because the log has its own columns of these names: {names}."))
    if preview.into:
        columns = into_words(preview.into)
        parts.append(note("good", f"Values go into columns of the log whose names differ only in case: {columns}."))
    if preview.rejected:
        parts.append(_rejected(preview))
    return "".join(parts)


def questions_html(name: str, reading: Reading) -> str:
    """Return what a file does not say, and its first rows in each way to read it."""
    asked = "".join(f"<li>{escape(sentence(one.why))}</li>" for one in reading.questions.values())
    head = f"<b>{escape(name)}</b>: choose what its columns mean."
    return (
        f'<div class="cnb-facts">{head}</div>'
        f'<div class="cnb-note cnb-warn" role="note"><span><ul>{asked}</ul></span></div>{_ways(reading)}'
    )


def _ways(reading: Reading) -> str:
    """Return the first rows of a table in each way to read them."""
    columns: dict[str, tuple[str, Candidate]] = {}
    for quantity, question in reading.questions.items():
        columns |= {f"{quantity} = {way.source}?": (quantity, way) for way in question.options}
    columns |= {f"{quantity} = {way.source}": (quantity, way) for quantity, way in reading.taken.items()}
    if not columns:
        return ""
    rows = [
        [_written({quantity: float(way.numbers[row])}, quantity) for quantity, way in columns.values()]
        for row in range(min(_SHOWN, len(reading.table.rows)))
    ]
    return f'<div class="cnb-preview">{html_table(rows, columns)}</div>'


def _accepted(preview: Preview) -> str:
    if not preview.rows:
        return ""
    names = list(dict.fromkeys(name for row in preview.rows for name in row))
    table = html_table([[_written(row, name) for name in names] for row in preview.rows[:_SHOWN]], names)
    more = len(preview.rows) - _SHOWN
    rest = f'<div class="cnb-muted">and {more:,} more</div>' if more > 0 else ""
    return f'<div class="cnb-preview">{table}</div>{rest}'


def _written(row: Mapping[str, object], name: str) -> str:
    value = row.get(name)
    if value is None or value != value:
        return "–"
    if name in ("C", "N", "D") and isinstance(value, (int, float)):
        return compact(value)
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def _rejected(preview: Preview) -> str:
    """Return how many rows cannot be added, and the most frequent reasons."""
    count = len(preview.rejected)
    reasons = reasons_in_words(preview.rejected)
    return note("warn", f"{count:,} row{'' if count == 1 else 's'} cannot be added: {reasons}.")
