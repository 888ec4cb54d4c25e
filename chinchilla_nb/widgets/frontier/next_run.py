"""What to train with a budget, as tiles with intervals, and as values to copy."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from html import escape

from chinchilla_nb.engine.planning.off_frontier import OffFrontier
from chinchilla_nb.engine.uncertainty.interval import IF_HOLDS, WIDENED
from chinchilla_nb.figures import LEVEL, Ends, FrontierIntervals, basis_in_words, data_title, ratio_title
from chinchilla_nb.quantity import compact, interval_text, known_digits, percent, rounded
from chinchilla_nb.widgets.base.style import tiles

__all__ = ["allocation_values", "next_run_tiles"]

Write = Callable[[float, int], str]
"""Formats a number, rounded to a number of digits."""


def next_run_tiles(
    best: OffFrontier, data_unit: str, C: float, intervals: FrontierIntervals | None, pending: bool, convention: str
) -> str:
    """Return N, D, their ratio and the loss of the optimum at a budget, with what is known of their intervals.

    Parameters
    ----------
    best : OffFrontier
        The optimum.
    data_unit : str
        What D counts.
    C : float
        The budget in FLOPs.
    intervals : FrontierIntervals or None
    pending : bool
        Whether the interval that the roll-outs widen may still come: then it has its room already.
    convention : str
        How C follows from N and D, in symbols.
    """
    facts: list[tuple[str, str, float, Write, int]] = [
        ("N", "Parameters N", best.N, compact, 3),
        ("D", data_title(data_unit), best.D, compact, 3),
        ("D_per_N", ratio_title(data_unit), best.D / best.N, rounded, 3),
        ("loss", "Predicted loss", best.loss, rounded, 4),
    ]
    if intervals is None:
        return tiles([(name, write(value, digits)) for _, name, value, write, digits in facts]) + _caption(
            f"C = {convention}."
        )
    at = intervals.at(C)
    shown: list[tuple[str, ...]] = [
        (name, write(value, known_digits(value, *at[key], digits)), interval_text(*at[key], write, digits))
        for key, name, value, write, digits in facts
    ]
    named = _both(at, "loss", pending)
    if len(named) > 1:  # a single one needs no name: the caption has it
        shown[-1] = (*shown[-1][:2], *named)
    basis = f"{percent(LEVEL)} intervals {IF_HOLDS}: {basis_in_words(intervals.uncertainty)}"
    single = " or ".join(_both(at, "new_run", pending))
    return tiles(shown) + _caption(f"C = {convention}. {basis}. The loss of a single run: {single}.")


def _caption(text: str) -> str:
    return f'<div class="cnb-caption">{escape(text)}</div>'


def _both(at: Mapping[str, Ends], name: str, pending: bool) -> tuple[str, ...]:
    """Return both intervals of a loss with their names; that of the roll-outs only where it is known or pending."""
    known, wide = f"{interval_text(*at[name])} {IF_HOLDS}", at.get(f"{name}_as_done")
    if wide is None:
        return (known, f"… {WIDENED}") if pending else (known,)
    return known, f"{interval_text(*wide)} {WIDENED}"


def allocation_values(
    C: float, chosen: OffFrontier, data_unit: str, ends: Mapping[str, Ends], convention: str
) -> dict[str, float | str]:
    """Return what to copy, with the ends of the intervals that are known: without a limit, an end is left out."""
    facts = {
        "N": ("N", chosen.N),
        "D": ("D", chosen.D),
        "D_per_N": (f"{data_unit}_per_parameter", chosen.D / chosen.N),
        "loss": ("predicted_loss", chosen.loss),
    }
    found: dict[str, float | str] = {"C": C, "compute": convention}
    for key, (name, value) in facts.items():
        found |= {name: value, **_ends(name, ends.get(key))}
    found |= _ends("predicted_loss_as_done", ends.get("loss_as_done"))
    return {**found, "level": LEVEL} if ends else found


def _ends(name: str, ends: Ends | None) -> dict[str, float]:
    low, high = ends or (0.0, math.inf)
    return {**({f"{name}_low": low} if low > 0 else {}), **({f"{name}_high": high} if high < math.inf else {})}
