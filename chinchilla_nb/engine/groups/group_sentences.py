"""What a comparison of groups says, in sentences without a full stop."""

from __future__ import annotations

import numpy as np

from chinchilla_nb.engine.groups.comparison import Groups
from chinchilla_nb.engine.groups.sharing import shared_in_words
from chinchilla_nb.engine.uncertainty.interval import Interval
from chinchilla_nb.quantity import interval_text, known_digits, plain, rounded

__all__ = ["is_told", "multiplier_sentence", "sharing_sentence"]

UNKNOWN = 100.0
"""Ratio of the ends of an interval from which on a multiplier counts as not known."""


def is_told(found: Interval) -> bool:
    """Return whether the runs tell a multiplier, at least roughly."""
    return bool(np.isfinite(found.value) and 0 < float(found.high) < UNKNOWN * float(found.low))


def multiplier_sentence(group: str, baseline: str, found: Interval) -> str:
    """Return what a multiplier says, without a full stop."""
    value, low, high = float(found.value), float(found.low), float(found.high)
    if not np.isfinite(value):
        return f"{baseline!r} does not reach the loss of {group!r} with any compute"
    if not is_told(found):
        return f"these runs do not tell how much compute {baseline!r} needs to reach the loss of {group!r}"
    text, ends = rounded(value, known_digits(value, low, high, 3)), interval_text(low, high, rounded, 3)
    return f"{baseline!r} needs {text} times the compute of {group!r} to reach the same loss ({ends})"


def sharing_sentence(value: Groups, model: str) -> str:
    """Return whether the runs reject what a model shares, without a full stop; empty if nothing tests it."""
    test = value.test(model)
    if test is None:
        return ""
    verdict = "reject" if test.rejected else "do not reject"
    shared = shared_in_words(model, value.problem.family.parameters)
    return f"the runs {verdict} that {shared} (p = {plain(test.p, 2)} against the model that shares the least)"
