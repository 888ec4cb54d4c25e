"""The table that compares approaches 1, 2 and 3, as HTML."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from html import escape

from chinchilla_nb.engine.uncertainty.interval import Interval
from chinchilla_nb.figures import APPROACH_TITLES
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
    titles = [f"At {scientific(C)} FLOPs", *(title for _, title, *_ in _COLUMNS)]
    heads = "".join(f"<th scope='col'>{escape(title)}</th>" for title in titles)
    rows = "".join(_row(name, quantities) for name, quantities in found.items())
    table = f'<table class="cnb-approaches"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
    return f'<div class="cnb-approach-scroll">{table}</div>'


def _row(name: str, quantities: Mapping[str, Interval]) -> str:
    cells = "".join(_cell(quantities[key], write, most) for key, _, write, most in _COLUMNS)
    return f'<tr><th scope="row">{escape(APPROACH_TITLES[name])}</th>{cells}</tr>'


def _cell(one: Interval, write: Write, most: int) -> str:
    value, low, high = float(one.value), float(one.low), float(one.high)
    if not math.isfinite(value):
        return "<td>–</td>"
    if math.isnan(low) or math.isnan(high):
        return f"<td>{escape(write(value, most))}</td>"
    # An exponent may be negative in a few resamples; the interval then has no sensible number of digits.
    interval = interval_text(max(low, 0.0), high, write, most)
    shown = write(value, known_digits(value, max(low, 0.0), high, most))
    return f'<td>{escape(shown)}<div class="cnb-interval">{escape(interval)}</div></td>'
