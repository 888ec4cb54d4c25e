"""How far the optimum at a budget lies outside the runs that the law was fitted to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chinchilla_nb.engine.conversion import as_positive_number, check_type
from chinchilla_nb.engine.laws.allocation import optima
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.laws.parameters import axes_of
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.quantity import multiple_text, scientific

__all__ = ["Extrapolation", "outside_the_runs"]

FAR = 100.0
"""Compute, as a multiple of that of the largest run, beyond which an optimum is far outside the runs. Laws are fitted
to plan larger runs than were made, usually ten times as large, so that less is not worth a warning. A budget that is as
far below the smallest run is outside as well."""
VISIBLE = 1.01
"""Factor outside the range of the runs from which on tokens per parameter differ in the three digits that are shown."""


@dataclass(frozen=True, slots=True)
class Extrapolation:
    """An optimum outside the runs.

    Attributes
    ----------
    C : float
        The budget in FLOPs.
    times_largest : float
        The budget as a multiple of the largest compute of the runs.
    tokens_per_parameter : float or None
        Of the optimum; None for a law of compute alone.
    seen : tuple of float
        Lowest and highest tokens per parameter of the runs.
    times_smallest : float
        The budget as a multiple of the smallest compute of the runs.
    """

    C: float
    times_largest: float
    tokens_per_parameter: float | None
    seen: tuple[float, float] = (0.0, np.inf)
    times_smallest: float = 1.0

    @property
    def far(self) -> bool:
        """Whether the budget is more than `FAR` times above the largest compute of the runs, or below the smallest."""
        return self.times_largest > FAR or self.below

    @property
    def below(self) -> bool:
        """Whether the budget is more than `FAR` times below the smallest compute of the runs."""
        return self.times_smallest < 1 / FAR

    @property
    def lopsided(self) -> bool:
        """Whether no run has as few, or as many, tokens per parameter as the optimum."""
        low, high = self.seen
        if self.tokens_per_parameter is None:
            return False
        return not low / VISIBLE <= self.tokens_per_parameter <= high * VISIBLE

    def message(self, data_unit: str = "tokens") -> str:
        """Return what is outside, with the numbers."""
        budget = f"C = {scientific(self.C, 2)}"
        times = f"{multiple_text(self.times_largest)} times the compute of the largest run"
        if self.below:
            times = f"{multiple_text(1 / self.times_smallest)} times smaller than the compute of the smallest run"
        if self.tokens_per_parameter is None:
            return f"{budget} is {times}"
        low, high = self.seen
        ratio = (
            f"the optimum at {budget} has {multiple_text(self.tokens_per_parameter)} {data_unit} per parameter; "
            f"the runs have {multiple_text(low)} to {multiple_text(high)}"
        )
        if not self.far:
            return ratio
        return f"{ratio}, and C is {times}" if self.lopsided else f"{budget} is {times}"

    @property
    def remedy(self) -> str:
        """What to do about it."""
        if not self.far:
            return "add runs on both sides of it before trusting the frontier"
        return f"add {'smaller' if self.below else 'larger'} runs before trusting the frontier there"

    def text(self, data_unit: str = "tokens") -> str:
        """Return the message and the remedy."""
        return f"{self.message(data_unit)}: {self.remedy}"

    def __str__(self) -> str:
        return self.text()


def outside_the_runs(law: Law, runs: Runs, C: float) -> Extrapolation | None:
    """Return how far the optimum at a budget lies outside the runs.

    It is outside if its tokens per parameter are, by 1% or more, or if the budget is more than 100 times above the
    largest compute of the runs or below the smallest. A law of compute alone is judged by the budget.

    Parameters
    ----------
    law : Law
    runs : Runs
        The runs that the law was fitted to; how C follows from N and D is theirs.
    C : float
        The budget in FLOPs.

    Returns
    -------
    Extrapolation or None
        None if the optimum is not outside, or if there is none at this budget.

    Raises
    ------
    InputError
        If the law or the runs are something else, or the budget is not positive and finite.
    """
    check_type(runs, "runs", Runs)
    C = as_positive_number(C, "C")
    N, D = optima(law, C, runs.compute)
    if not len(runs):
        return None
    times_largest, times_smallest = float(C / runs.C.max()), float(C / runs.C.min())
    if axes_of(law.parameters) == ("C",):
        found = Extrapolation(C, times_largest, None, times_smallest=times_smallest)
        return found if found.far else None
    if np.isnan(N):
        return None
    ratios = runs.D / runs.N
    found = Extrapolation(
        C=C,
        times_largest=times_largest,
        tokens_per_parameter=float(D / N),
        seen=(float(ratios.min()), float(ratios.max())),
        times_smallest=times_smallest,
    )
    return found if found.far or found.lopsided else None
