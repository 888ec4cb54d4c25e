"""The fitted law as it is printed: fractions, raised exponents, and as many digits as the runs determine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from html import escape

from chinchilla_nb.engine.laws.allocation import exponents
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.laws.notation import HTML, TEXT
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.engine.uncertainty.interval import Interval
from chinchilla_nb.quantity import interval_text, known_digits, plain, rounded

__all__ = ["DIGITS", "parameter_texts", "typeset_law"]

DIGITS = 4
"""Digits of a parameter of which no interval is known."""


def parameter_texts(law: Law, intervals: Mapping[str, Interval]) -> dict[str, str]:
    """Return the parameters of a law by name, each with as many digits as its interval, if it is known, determines."""
    return {name: _text(value, intervals.get(name)) for name, value in law.as_dict().items()}


def _text(value: float, ends: Interval | None) -> str:
    if ends is None:
        return plain(value, DIGITS)
    return rounded(value, known_digits(value, float(ends.low), float(ends.high)))


def typeset_law(law: Law, runs: Runs, texts: Mapping[str, str], intervals: Mapping[str, Interval]) -> str:
    """Return the equation of a law, and how its compute-optimal N and D grow with compute, as HTML.

    Parameters
    ----------
    law : Law
    runs : Runs
        Their largest C is that at which growth is described.
    texts : mapping of str to str
        The parameters of the law as text, by name.
    intervals : mapping of str to Interval
        Those of the exponents of growth, a and b, if they are known.
    """
    written = dict(zip(law.as_dict().values(), texts.values(), strict=True))

    def number(value: float) -> str:
        return written.get(value, plain(value, DIGITS))  # a law may write numbers that follow from its parameters

    notation = replace(
        HTML,
        number=number,
        exponent=number,
        power=lambda base, exponent: f"{base}<sup>{exponent}</sup>",
        ratio=_fraction,
    )
    spoken = escape(law.equation(replace(TEXT, number=number, exponent=number)))
    equation = f'<span role="math" aria-label="{spoken}">{law.equation(notation)}</span>'
    return f'<div class="cnb-law">{equation}{_growth(law, runs, intervals)}</div>'


def _fraction(numerator: str, denominator: str) -> str:
    parts = f'<span>{numerator}</span><i class="cnb-unseen"> / </i><span>{denominator}</span>'
    return f'<span class="cnb-frac">{parts}</span>'


def _growth(law: Law, runs: Runs, intervals: Mapping[str, Interval]) -> str:
    """Return how the compute-optimal N and D grow with compute; empty if there is no optimum."""
    try:
        found = exponents(law, float(runs.C.max()), runs.compute)
    except ValueError:
        return ""
    written = []
    for name, letter, value in zip("ab", "ND", found, strict=True):
        text, within = f"{value:.3f}", ""
        if name in intervals:
            ends = float(intervals[name].low), float(intervals[name].high)
            text = rounded(value, known_digits(value, *ends, 3))
            within = f" <small>({escape(interval_text(*ends))})</small>"
        written.append(f"<i>{letter}</i>* ∝ <i>C</i><sup>{text}</sup>{within}")
    return f'<span class="cnb-growth">{" &emsp; ".join(written)}</span>'
