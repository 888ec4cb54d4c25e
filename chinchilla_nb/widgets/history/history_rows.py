"""The fits of the history in words: a row for each, and a table of what two differ in. All text is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from chinchilla_nb.engine.laws.families import family_of
from chinchilla_nb.engine.laws.symbols import in_symbols
from chinchilla_nb.fit_history import fit_differences, options_text
from chinchilla_nb.html_table import html_table
from chinchilla_nb.past_fit import PastFit
from chinchilla_nb.quantity import interval_text, known_digits, plain, rounded
from chinchilla_nb.widgets.base.labels import runs_in_words

__all__ = ["differences_table", "fit_row"]

DIGITS = 4
LONGEST_OPTIONS = 120
"""Characters of the settings in a row; the table of the export has all."""


def fit_row(number: int, past: PastFit, *, current: bool) -> str:
    """Return a fit as a row."""
    excluded = f", {len(past.excluded)} excluded" if past.excluded else ""
    facts = [
        past.minute,
        family_of(past.law).name,
        past.loss,
        f"{runs_in_words(past.n_runs)}{excluded}",
        f"objective {plain(past.objective, DIGITS)}",
        *([f"filter {past.query}"] if past.query else []),
        *([past.status.value] if past.status.value != "converged" else []),
        options_text(past)[:LONGEST_OPTIONS],
    ]
    chip = ' <span class="cnb-chip cnb-good">the fit shown</span>' if current else ""
    words = escape(" · ".join(fact for fact in facts if fact))
    parameters = "".join(_parameter(past, name, value) for name, value in past.law.as_dict().items())
    return (
        f'<div class="cnb-past-head"><b>Fit {number}</b>{chip} <span class="cnb-muted">{words}</span></div>'
        f'<div class="cnb-past-values">{parameters}</div>'
    )


def _parameter(past: PastFit, name: str, value: float) -> str:
    symbol = next(parameter.symbol for parameter in past.law.parameters if parameter.name == name)
    text, interval = plain(value, DIGITS), ""
    if name in past.intervals:
        low, high = past.intervals[name]
        text, interval = rounded(value, known_digits(value, low, high)), f" ({interval_text(low, high)})"
    return f"<span>{escape(symbol)} {escape(text)}<span class='cnb-muted'>{escape(interval)}</span></span>"


def differences_table(compared: Sequence[tuple[int, PastFit]]) -> str:
    """Return what two fits differ in as a table; empty unless there are two."""
    if len(compared) != 2:
        return ""
    (first, one), (second, other) = compared
    rows = [(in_symbols(name), _cell(before), _cell(after)) for name, before, after in fit_differences(one, other)]
    return html_table(rows, ("", f"Fit {first}", f"Fit {second}"), named_rows=True, table_class="cnb-differences")


def _cell(value: Any) -> str:
    if value is None or value == "":
        return "–"
    return plain(value, DIGITS + 1) if isinstance(value, float) else str(value)[:LONGEST_OPTIONS]
