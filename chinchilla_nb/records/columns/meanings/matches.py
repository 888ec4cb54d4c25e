"""What a name can say about a quantity."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LETTER", "Match", "Mismatch"]

LETTER = 5
"""Rank of a small letter, which may be anything: the layers n, the width d."""


@dataclass(frozen=True, slots=True)
class Match:
    """A column that may hold a quantity.

    Attributes
    ----------
    variant : str
        What exactly it holds, as a sentence says it: ``the validation loss``; empty if the name does not say it.
    rank : int
        Columns of a lower rank are preferred to others; those of one rank are equally plausible.
    form : str
        For a loss, what its values are instead of nats: ``perplexity``.
    """

    variant: str
    rank: int
    form: str = ""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A column whose name mentions a quantity, and which holds something else.

    Attributes
    ----------
    why : str
        Completes "the column ...".
    """

    why: str
