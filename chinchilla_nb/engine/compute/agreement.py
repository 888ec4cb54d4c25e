"""The compute of runs against the convention that plans use: whether they agree, and what to do if not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.compute.product import SIX_ND, ProductCompute
from chinchilla_nb.engine.conversion import check_type
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.quantity import rounded

__all__ = ["AGREES", "Disagreement", "disagreement", "each_agrees", "is_measured"]

AGREES = 1.05
"""Factor within which a C counts as that of the convention: it covers numbers that were rounded to two digits."""
FARTHEST = 2.0
"""Factor by which the C of a run may differ from another kappa ND than 6ND, which was chosen for the runs: beyond it,
the same N and D would cost less than half or more than twice of what the run did."""


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
        return f"keep {self.convention} for plans, or set compute to 'fitted' to plan with the C of the runs"

    def __str__(self) -> str:
        return f"{self.message}: {self.remedy}"


def disagreement(runs: Runs) -> Disagreement | None:
    """Return how the C of runs differs from that of their convention; None if it agrees.

    A run within 5 % of 6ND may be rounded; that of one further away was measured or counted in another way. Another
    convention was chosen for the runs: it agrees if their median is within 5 %, and for kappa ND each run within a
    factor of two.

    Raises
    ------
    InputTypeError
        If `runs` are something else.
    """
    check_type(runs, "runs", Runs)
    if not (len(runs) and runs.has_sizes):
        return None
    ratio = _ratio(runs)
    low, high = float(ratio.min()), float(ratio.max())
    if 1 / AGREES <= low and high <= AGREES:
        return None
    median = float(np.median(ratio))
    limit = AGREES if runs.compute == SIX_ND else FARTHEST if isinstance(runs.compute, ProductCompute) else np.inf
    agrees = 1 / AGREES <= median <= AGREES and 1 / limit <= low and high <= limit
    if agrees or not np.isfinite(high):
        return None
    return Disagreement(runs.compute.text, low, median, high)


def each_agrees(runs: Runs) -> bool:
    """Return whether the C of each run is within 5 % of its convention, as is then that of any of these runs."""
    ratio = _ratio(runs)
    return bool(np.all((1 / AGREES <= ratio) & (ratio <= AGREES)))


def _ratio(runs: Runs) -> NDArray[np.float64]:
    with np.errstate(all="ignore"):
        return np.asarray(runs.C / runs.compute.C(runs.N, runs.D))


def is_measured(runs: Runs) -> bool:
    """Return whether the C of some run is not 6ND, so that it was measured or counted rather than computed from it."""
    return disagreement(runs.under(SIX_ND, runs.C)) is not None
