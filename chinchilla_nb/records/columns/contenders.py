"""Which ways to read a quantity rank before the others by their names."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from chinchilla_nb.records.columns.candidates import Candidate, Considered
from chinchilla_nb.records.columns.meanings.losses import AUXILIARY, HELD_OUT, TEST, UNNAMED
from chinchilla_nb.records.columns.values import alike

__all__ = ["contenders"]

SIMILAR_LOSS = 0.5
"""Relative difference up to which a column of an unknown name may be another measurement of the loss."""
_CROSS_ENTROPY = re.compile(r"(?<![a-z])(?:ce|xent|cross[ _-]?entropy|nll|lm)(?![a-z])")
"""What the names of losses that are cross-entropies alone contain."""


def contenders(quantity: str, ways: Sequence[Candidate], ruled_out: Sequence[Considered]) -> list[Candidate]:
    """Return the ways that nothing in their names puts behind others, each set of numbers once."""
    if not ways:
        return []
    ordered = sorted(ways, key=lambda way: (way.rank, -np.isfinite(way.numbers).sum()))
    best = ordered[0].rank
    if quantity == "loss":
        ways = _contending_losses(ordered, ruled_out)
    else:
        ways = [way for way in ordered if way.rank <= max(best, 1)]
    distinct: list[Candidate] = []
    for way in ways:
        if not any(alike(way.numbers, other.numbers) for other in distinct):
            distinct.append(way)
    return distinct


def _contending_losses(ordered: Sequence[Candidate], ruled_out: Sequence[Considered]) -> list[Candidate]:
    """Return the losses that may be meant: held-out ones before all, cross-entropies before sums with auxiliary ones.

    A loss of an unnamed split contends with the training loss, from which it differs, and with similar numbers of any
    name: they may be the validation.
    """
    if ordered[0].rank in (HELD_OUT, TEST):
        return [way for way in ordered if way.rank in (HELD_OUT, TEST)]
    plain = [way for way in ordered if way.rank == UNNAMED]
    auxiliary = any(one.why == AUXILIARY for one in ruled_out)
    pure = [way for way in plain if _is_cross_entropy(way)]
    if pure and len(pure) < len(plain) and (auxiliary or any("total" in str(way.source).lower() for way in plain)):
        plain = pure
    first = (plain or list(ordered))[0]
    others = [way for way in ordered if way.rank > UNNAMED and way is not first and _is_similar(way, first)]
    return [*(plain or [first]), *others]


def _is_cross_entropy(way: Candidate) -> bool:
    return _CROSS_ENTROPY.search(str(way.source).lower()) is not None


def _is_similar(way: Candidate, first: Candidate) -> bool:
    both = np.isfinite(way.numbers) & np.isfinite(first.numbers)
    if not both.any():
        return True  # they cannot be compared
    return bool(np.median(np.abs(way.numbers[both] / first.numbers[both] - 1)) <= SIMILAR_LOSS)
