"""The seeds that are best for a budget: a number of them, out of candidates, for laws that are not known yet.

A design minimises the mean over the prior laws of the log variance of the target. For a price of compute, it minimises
that plus the price of its seeds: seeds are added one after the other, and then each is exchanged for the best one given
all others, until no exchange helps [Fedorov 1972]. The price is bisected until the seeds cost the budget.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.cancellation import cancellation_point
from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.design.information import Information, Observations
from chinchilla_nb.engine.design.prior import PriorStudy
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.planning.model_search import ModelTable
from chinchilla_nb.engine.planning.seeding import SeedRegime, draw_seed

__all__ = ["SeedDesign", "cost_of_drawn", "design_seeds", "drawn_log_variance", "same_precision"]

Array = NDArray[Any]

PRICES = 14
"""Bisection steps of the price, after which the seeds of two prices rarely differ."""
CHEAPEST, DEAREST = 1e-4, 1e2
"""Ends of the prices: what the costliest, and the cheapest candidate costs, in units of the log variance."""
ROUNDS = 8
"""Most rounds of exchanges; two to four usually suffice."""
GAIN = 1e-9
"""Smallest decrease for which a seed is exchanged, so that rounding does not go on for ever."""
ROUNDING = 1e-9
"""Relative amount by which seeds may cost more than the budget: float64 rounding of N, D and C."""
DRAWS = 100
"""Sets of log-uniform seeds, of which the median counts."""
SHARES = 6
"""Bisection steps of the budget at which a design is as precise as drawn seeds."""


@dataclass(frozen=True, eq=False, slots=True)
class SeedDesign:
    """Chosen seeds.

    Attributes
    ----------
    chosen : ndarray of int, shape (n,)
        Indices of the candidates, from the cheapest to the costliest; one may occur repeatedly.
    cost : float
        Their compute in FLOPs.
    log_variance : float
        Mean over the laws of the log variance of the target, together with the runs that there are.
    """

    chosen: NDArray[np.intp]
    cost: float
    log_variance: float


def design_seeds(study: PriorStudy, n: int, budget: float, done: Observations | None = None) -> SeedDesign:
    """Choose n seeds.

    Parameters
    ----------
    study : PriorStudy
    n : int
    budget : float
        Most compute of all seeds together, in FLOPs.
    done : Observations, optional
        Runs that there are.

    Raises
    ------
    InputError
        If the budget does not pay for n of the cheapest candidates.
    """
    C = study.candidates.C
    least = n * float(C.min())
    allowed = budget * (1 + ROUNDING)
    if allowed < least:
        rule, got = f"must pay for {n} seeds of at least {C.min():.3g} FLOPs", f"{budget:.4g} FLOPs"
        raise InputError("budget", rule, got=got, remedy=f"raise it to {least:.4g}, or take fewer seeds")
    runs = study.observations(study.candidates.N, study.candidates.D, C)
    first = Information.of(runs.none() if done is None else done)
    low, high = np.log(CHEAPEST / C.max()), np.log(DEAREST / C.min())
    best = SeedDesign(np.full(n, np.argmin(C)), least, np.inf)
    for _ in range(PRICES):
        price = (low + high) / 2
        found = _at_price(study, runs, first, n, np.exp(price) * C)
        if found.cost <= allowed:
            high, best = price, min(best, found, key=lambda one: one.log_variance)
        else:
            low = price
    return best


def _at_price(study: PriorStudy, runs: Observations, first: Information, n: int, price: Array) -> SeedDesign:
    """Choose n seeds for a price of each candidate, shape (n_candidates,)."""
    information, chosen = first, np.empty(n, dtype=np.intp)
    for place in range(n):
        index = int(np.argmin(study.log_variance_with(information, runs) + price))
        chosen[place], information = index, information.plus(runs, index)
    for _ in range(ROUNDS):
        cancellation_point()
        exchanged = False
        for place, index in enumerate(chosen.tolist()):
            others = information.plus(runs, index, -1)
            value = study.log_variance_with(others, runs) + price
            better = int(np.argmin(value))
            if value[better] < value[index] - GAIN:
                chosen[place], exchanged = better, True
                information = others.plus(runs, better)
        if not exchanged:
            break
    C = study.candidates.C
    ordered = chosen[np.lexsort((study.candidates.N[chosen], C[chosen]))]
    return SeedDesign(ordered, float(C[ordered].sum()), float(study.log_variance(information)))


def cost_of_drawn(regime: SeedRegime, n: int) -> float:
    """Return the mean compute of n seeds drawn log-uniformly from a regime, in FLOPs."""
    low, high = regime.C
    return n * (low if low == high else (high - low) / float(np.log(high / low)))


def drawn_log_variance(
    study: PriorStudy, regime: SeedRegime, n: int, compute: Compute, models: ModelTable | None = None
) -> float:
    """Return the mean log variance of the target with n seeds drawn log-uniformly, the median of a hundred sets.

    Raises
    ------
    InputError
        If no seed lies in the regime.
    """
    rng = np.random.default_rng(0)
    drawn = [draw_seed(rng, regime, models, compute) for _ in range(DRAWS * n)]
    N, D = (np.array([float(getattr(seed, name)) for seed in drawn]) for name in ("N", "D"))
    runs = study.observations(N, D, compute.C(N, D))
    information = Information.of(runs.in_sets(DRAWS))
    return float(np.median(study.log_variance(information)))


def same_precision(study: PriorStudy, n: int, budget: float, log_variance: float) -> float:
    """Return the least compute with which n chosen seeds are as precise as given, in FLOPs; at most the budget."""
    low, high = np.log(min(n * float(study.candidates.C.min()), budget)), np.log(budget)
    for _ in range(SHARES):
        middle = (low + high) / 2
        if design_seeds(study, n, float(np.exp(middle))).log_variance <= log_variance:
            high = middle
        else:
            low = middle
    return float(np.exp(high))
