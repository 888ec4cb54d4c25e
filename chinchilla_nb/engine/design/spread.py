"""How diverse D/N must be: what a study tells about a target, by how far its tokens per parameter spread.

With D = r N in all runs, the terms A/N^alpha and B/D^beta and their derivatives are functions of N alone. Where the
exponents agree the columns of the Jacobian are linearly dependent, and A and B cannot be told apart, however many runs
there are. Near that, the derivatives by A, alpha, B and beta are N^-alpha and N^-alpha log N at two exponents that
differ by delta, so that the smallest singular value of the Jacobian is of order delta^3 (it is a divided difference of
third order), and the condition number of the normal matrix of order delta^-6.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.compute.points import at_ratio
from chinchilla_nb.engine.design.candidates import BUDGETS
from chinchilla_nb.engine.design.information import Information, Observations
from chinchilla_nb.engine.design.prior import PriorStudy
from chinchilla_nb.engine.fitting.conditioning import condition_numbers
from chinchilla_nb.engine.planning.seeding import SeedRegime

__all__ = ["Spreads", "spreads_of"]

Array = NDArray[Any]

STEP = 2**0.5
"""Ratio of a spread to the next smaller one."""
SUFFICIENT = 2**0.5
"""Largest error with a sufficient spread, relative to that with the widest one: as if half of the runs were missing."""


@dataclass(frozen=True, eq=False, slots=True)
class Spreads:
    """Studies of the same compute whose tokens per parameter spread differently.

    Attributes
    ----------
    spread : ndarray, shape (n,)
        Ratio of the largest to the smallest D/N, from 1 to that of the regime.
    low, high : ndarray, shape (n,)
        The smallest and the largest D/N.
    condition : ndarray, shape (n,)
        Condition number of the normal matrix whose columns have been scaled to one length: the largest of the laws,
        infinite if it is singular.
    error : ndarray, shape (n,)
        Standard error of the target relative to that with the widest spread: the geometric mean over the laws.
    """

    spread: Array
    low: Array
    high: Array
    condition: Array
    error: Array

    @property
    def sufficient(self) -> float:
        """The least spread with which errors are at most sqrt(2) times those with the widest."""
        return float(self.spread[np.argmax(self.error <= SUFFICIENT)])


def spreads_of(study: PriorStudy, regime: SeedRegime, compute: Compute, n: int) -> Spreads:
    """Compare studies of n runs, of every budget equally, with a low, a middle and a high D/N.

    Parameters
    ----------
    study : PriorStudy
    regime : SeedRegime
        Its ends of D/N are those of the widest spread.
    compute : Compute
    n : int
        Number of runs; they count in equal shares of the runs that are compared.
    """
    least, most = regime.tokens_per_parameter
    middle, widest = np.sqrt(least) * np.sqrt(most), most / least
    steps = int(np.ceil(np.log(widest) / np.log(STEP) - 1e-9))
    spread = np.minimum(STEP ** np.arange(steps + 1.0), widest)
    budgets = np.geomspace(*regime.C, BUDGETS)
    condition, variance = np.empty(len(spread)), np.empty(len(spread))
    for place, one in enumerate(spread):
        ratios = middle * one ** np.array([-0.5, 0.0, 0.5])
        budget, ratio = (values.ravel() for values in np.meshgrid(budgets, ratios, indexing="ij"))
        N = at_ratio(compute, budget, ratio)
        D = N * ratio
        condition[place] = condition_numbers(study.jacobian(N, D)).max() ** 2
        runs, share = study.observations(N, D, budget), n / len(N)
        scaled = Observations(runs.slope, runs.curvature * share, runs.noise * share)
        variance[place] = study.log_variance(Information.of(scaled))
    low, high = (middle * spread**end for end in (-0.5, 0.5))
    return Spreads(spread, low, high, condition, np.exp((variance - variance[-1]) / 2))
