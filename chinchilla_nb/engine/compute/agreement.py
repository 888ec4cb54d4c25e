"""The compute of runs against the convention that plans use: whether they agree, and what to do if not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chinchilla_nb.engine.compute.product import SIX_ND
from chinchilla_nb.engine.conversion import check_type
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.quantity import rounded

__all__ = ["AGREES", "Disagreement", "disagreement", "is_measured"]

AGREES = 1.05
"""Factor within which a C counts as that of the convention: it covers numbers that were rounded to two digits."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """The C of runs, as a multiple of that of their convention.

    Attributes
    ----------
    convention : str
        The convention in symbols.
    low, median, high : float
    """

    convention: str
    low: float
    median: float
    high: float

    @property
    def message(self) -> str:
        """What disagrees, with the numbers, in a sentence without a full stop."""
        ratio = f"{rounded(self.low)} to {rounded(self.high)} times {self.convention} (median {rounded(self.median)})"
        return f"the C of the runs is {ratio}, and plans use C = {self.convention}"

    @property
    def remedy(self) -> str:
        """The two readings to choose from."""
        return f"keep {self.convention} for plans, or set compute='fitted' to plan with the C of the runs"

    def __str__(self) -> str:
        return f"{self.message}: {self.remedy}"


def disagreement(runs: Runs) -> Disagreement | None:
    """Return how the C of runs differs from that of their convention; None if it is within 5 %.

    A run within 5 % of 6ND may be rounded; that of one further away was measured or counted in another way. Another
    convention than 6ND was chosen for the runs: what counts is their median.

    Raises
    ------
    InputTypeError
        If `runs` are something else.
    """
    check_type(runs, "runs", Runs)
    if not (len(runs) and runs.has_sizes):
        return None
    with np.errstate(all="ignore"):
        ratio = runs.C / runs.compute.C(runs.N, runs.D)
    low, median, high = float(ratio.min()), float(np.median(ratio)), float(ratio.max())
    judged = (low, high) if runs.compute == SIX_ND else (median, median)
    if not (np.isfinite(high) and (judged[0] < 1 / AGREES or judged[1] > AGREES)):
        return None
    return Disagreement(runs.compute.text, low, median, high)


def is_measured(runs: Runs) -> bool:
    """Return whether the C of some run is not 6ND, so that it was measured or counted rather than computed from it."""
    return disagreement(runs.under(SIX_ND, runs.C)) is not None
