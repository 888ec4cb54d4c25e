"""Which runs to train next: those after which a target is expected to be known most precisely (V-optimal design).

Runs are chosen one after the other, each given those before it; no fit is repeated for that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.cancellation import cancellation_point
from chinchilla_nb.engine.conversion import check_choice, check_type
from chinchilla_nb.engine.design.candidates import Candidates
from chinchilla_nb.engine.design.study import FittedStudy

__all__ = ["ChosenRuns", "Criterion", "choose_runs"]

Array = NDArray[Any]

Criterion = Literal["fall_per_FLOP", "fall"]


@dataclass(frozen=True, eq=False, slots=True)
class ChosenRuns:
    """Runs that a design has chosen, in their order.

    Attributes
    ----------
    N, D, C : ndarray, shape (n,)
    before, after : ndarray, shape (n,)
        Standard error of the logarithm of the target before and after each run, given those above it.
    fall : ndarray, shape (n,)
        Fall of its variance by each run, as a share of the variance before all of them.
    fall_alone : ndarray, shape (n,)
        The same if no other run is added.
    """

    N: Array
    D: Array
    C: Array
    before: Array
    after: Array
    fall: Array
    fall_alone: Array


def choose_runs(study: FittedStudy, candidates: Candidates, n: int, by: Criterion = "fall_per_FLOP") -> ChosenRuns:
    """Choose up to n runs out of candidates.

    Parameters
    ----------
    study : FittedStudy
    candidates : Candidates
        With fewer than n that may be chosen once only, all are chosen.
    n : int
    by : {"fall_per_FLOP", "fall"}
        Whether the next run is that with the largest expected fall of the variance per FLOP, or with the largest fall.
    """
    check_type(study, "study", FittedStudy)
    check_type(candidates, "candidates", Candidates)
    check_choice(by, "by", get_args(Criterion))
    information, gradient = study.information, study.gradient
    observations = study.observations(candidates.N, candidates.D)
    cost = candidates.C if by == "fall_per_FLOP" else np.ones(len(candidates))
    variances = [float(information.variance(gradient))]
    alone = variances[0] - information.variance_with(observations, gradient)
    chosen: list[int] = []
    left = np.ones(len(candidates), dtype=bool)
    while len(chosen) < n and left.any():
        cancellation_point()
        after = information.variance_with(observations, gradient)
        index = int(np.argmax(np.where(left, (variances[-1] - after) / cost, -np.inf)))
        information = information.plus(observations, index)
        variances.append(float(after[index]))
        chosen.append(index)
        left[index] = candidates.repeated
    error, unit = np.sqrt(variances), variances[0]
    return ChosenRuns(
        N=candidates.N[chosen],
        D=candidates.D[chosen],
        C=candidates.C[chosen],
        before=error[:-1],
        after=error[1:],
        fall=-np.diff(variances) / unit,
        fall_alone=alone[chosen] / unit,
    )
