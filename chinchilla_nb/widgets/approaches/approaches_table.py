"""The table that compares approaches 1, 2 and 3, as HTML."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from chinchilla_nb.engine.uncertainty.interval import Interval
from chinchilla_nb.figures import APPROACH_TITLES
from chinchilla_nb.html_table import html_table
from chinchilla_nb.quantity import compact, interval_text, known_digits, rounded, scientific

__all__ = ["approaches_table"]

Write = Callable[[float, int], str]
_COLUMNS: tuple[tuple[str, str, Write, int], ...] = (
    ("a", "a", rounded, 3),
    ("b", "b", rounded, 3),
    ("N", "N*", compact, 3),
    ("D", "D*", compact, 3),
    ("loss", "Loss", rounded, 4),
)


def approaches_table(found: Mapping[str, Mapping[str, Interval]], C: float) -> str:
    """Return the exponents, and N*, D* and the loss at a budget, with 95 % intervals below them."""
    head = [f"At {scientific(C)} FLOPs", *(title for _, title, *_ in _COLUMNS)]
    rows = [
        [APPROACH_TITLES[name], *(_cell(quantities[key], write, most) for key, _, write, most in _COLUMNS)]
        for name, quantities in found.items()
    ]
    table = html_table(rows, head, named_rows=True, table_class="cnb-approaches")
    return f'<div class="cnb-approach-scroll">{table}</div>'


def _cell(one: Interval, write: Write, most: int) -> str:
    value, low, high = float(one.value), float(one.low), float(one.high)
    if not math.isfinite(value):
        return "–"
    if math.isnan(low) or math.isnan(high):
        return write(value, most)
    # An exponent may be negative in a few resamples; the interval then has no sensible number of digits.
    interval = interval_text(max(low, 0.0), high, write, most)
    return f"{write(value, known_digits(value, max(low, 0.0), high, most))}\n{interval}"
