"""What to train with a budget, as tiles with intervals, and as values to copy."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from html import escape

from chinchilla_nb.engine.planning.off_frontier import OffFrontier
from chinchilla_nb.engine.uncertainty.interval import IF_HOLDS, WIDENED
from chinchilla_nb.figures import LEVEL, Ends, data_title, ratio_title
from chinchilla_nb.quantity import compact, interval_text, known_digits, percent, rounded
from chinchilla_nb.widgets.base.style import tiles

__all__ = ["allocation_values", "next_run_tiles"]

Write = Callable[[float, int], str]
"""Formats a number, rounded to a number of digits."""


def next_run_tiles(
    run: OffFrontier,
    data_unit: str,
    ends: Mapping[str, Ends],
    *,
    basis: str,
    pending: bool,
    convention: str,
    size: str = "",
) -> str:
    """Return N, D, their ratio and the loss of a run of a budget, with what is known of their intervals.

    Parameters
    ----------
    run : OffFrontier
    data_unit : str
        What D counts.
    ends : mapping of str to (float, float)
        The intervals that are known, by what they are of: ``N``, ``D``, ``D_per_N``, ``loss``, ``new_run``, the last
        two also with the suffix ``_as_done``.
    basis : str
        What the intervals are based on; empty if none are known.
    pending : bool
        Whether the interval that the roll-outs widen may still come: then it has its room already.
    convention : str
        How C follows from N and D, in symbols.
    size : str
        The size of a model off the frontier, in words; empty for the compute-optimal one.
    """
    facts: list[tuple[str, str, float, Write, int]] = [
        ("N", "Parameters N", run.N, compact, 3),
        ("D", data_title(data_unit), run.D, compact, 3),
        ("D_per_N", ratio_title(data_unit), run.D / run.N, rounded, 3),
        ("loss", "Predicted loss", run.loss, rounded, 4),
    ]
    shown: list[tuple[str, ...]] = [
        (name, write(value, known_digits(value, *ends[key], digits)), interval_text(*ends[key], write, digits))
        if key in ends
        else (name, write(value, digits))
        for key, name, value, write, digits in facts
    ]
    chosen = f"A model of {size}. " if size else ""
    if not ends:
        return tiles(shown) + _caption(f"{chosen}C = {convention}.")
    named = _both(ends, "loss", pending)
    if len(named) > 1:  # a single one needs no name: the caption has it
        shown[-1] = (*shown[-1][:2], *named)
    single = " or ".join(_both(ends, "new_run", pending))
    said = f"{percent(LEVEL)} intervals {IF_HOLDS}: {basis}. The loss of a single run of this N and D: {single}."
    return tiles(shown) + _caption(f"{chosen}C = {convention}. {said}")


def _caption(text: str) -> str:
    return f'<div class="cnb-caption">{escape(text)}</div>'


def _both(at: Mapping[str, Ends], name: str, pending: bool) -> tuple[str, ...]:
    """Return both intervals of a loss with their names; that of the roll-outs only where it is known or pending."""
    known, wide = f"{interval_text(*at[name])} {IF_HOLDS}", at.get(f"{name}_as_done")
    if wide is None:
        return (known, f"… {WIDENED}") if pending else (known,)
    return known, f"{interval_text(*wide)} {WIDENED}"


def allocation_values(
    C: float, chosen: OffFrontier, data_unit: str, ends: Mapping[str, Ends], convention: str, N_ratio: float = 1.0
) -> dict[str, float | str]:
    """Return what to copy, with the ends of the intervals that are known: without a limit, an end is left out.

    Off the frontier, `N_ratio` says by which factor N is that of the optimum.
    """
    facts = {
        "N": ("N", chosen.N),
        "D": ("D", chosen.D),
        "D_per_N": (f"{data_unit}_per_parameter", chosen.D / chosen.N),
        "loss": ("predicted_loss", chosen.loss),
    }
    found: dict[str, float | str] = {"C": C, "compute": convention}
    found |= {} if N_ratio == 1 else {"N_ratio": N_ratio}
    for key, (name, value) in facts.items():
        found |= {name: value, **_ends(name, ends.get(key))}
    found |= _ends("predicted_loss_as_done", ends.get("loss_as_done"))
    return {**found, "level": LEVEL} if ends else found


def _ends(name: str, ends: Ends | None) -> dict[str, float]:
    low, high = ends or (0.0, math.inf)
    return {**({f"{name}_low": low} if low > 0 else {}), **({f"{name}_high": high} if high < math.inf else {})}
