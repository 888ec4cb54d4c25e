"""Studies of how well simulations recover the law that they were made from."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.compute.product import SIX_ND
from chinchilla_nb.engine.fitting.fit import Fit, FitProgress
from chinchilla_nb.engine.laws.allocation import allocate
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.planning.scaling import optimum
from chinchilla_nb.engine.runs import Runs, read_only
from chinchilla_nb.engine.simulation.simulate import Procedure, Task, iter_simulation

__all__ = ["StudyProgress", "iter_study", "relative_error"]


@dataclass(frozen=True, eq=False, slots=True)
class StudyProgress:
    """Progress of a study.

    Attributes
    ----------
    done, total : int
        Number of simulations made, and of simulations in all.
    seeds : ndarray of int, shape (n_counts,)
        Numbers of seeds, ascending.
    errors : ndarray, shape (n_repetitions, n_counts)
        Relative error of N* at the target budget after each simulation; NaN for simulations not yet made, infinite if
        the fitted law has no optimum.
    """

    done: int
    total: int
    seeds: NDArray[np.int64]
    errors: NDArray[np.float64]

    def quartiles(self) -> NDArray[np.float64]:
        """Return lower quartile, median and upper quartile for each number of seeds, shape (3, n_counts)."""
        found = np.full((3, len(self.seeds)), np.nan)
        for column in range(len(self.seeds)):
            errors = self.errors[:, column]
            made = errors[~np.isnan(errors)]
            if len(made):
                # Without interpolation, because some errors may be infinite.
                found[:, column] = np.quantile(made, [0.25, 0.5, 0.75], method="inverted_cdf")
        return found


def iter_study(
    procedure: Procedure,
    task: Task,
    iter_fit: Callable[[Runs], Iterator[FitProgress]],
    C: float,
    *,
    seeds: Sequence[int],
    repetitions: int,
    random_seed: int,
) -> Iterator[StudyProgress]:
    """Repeat simulations with different numbers of seeds, and compare N* at a budget with its true value.

    Parameters
    ----------
    procedure : Procedure
        Its number of seeds is replaced by each of ``seeds``.
    task : Task
    iter_fit : callable
        As for `simulate.iter_simulation`.
    C : float
        Target budget in FLOPs.
    seeds : sequence of int
        Numbers of seeds to compare. Within a repetition, a smaller set of seeds is the beginning of a larger one.
    repetitions : int
    random_seed : int
        Seed of the random numbers; the same seed gives the same study.

    Yields
    ------
    StudyProgress
        During each fit, so that a study can be stopped there, and after each simulation.
    """
    counts = read_only(np.array(sorted(set(seeds))))
    errors = np.full((repetitions, len(counts)), np.nan)
    progress = StudyProgress(0, errors.size, counts, read_only(errors.copy()))
    for repetition in range(repetitions):
        for column, count in enumerate(counts):
            rng = np.random.default_rng([random_seed, repetition])
            these = dataclasses.replace(procedure, seeds=int(count))
            fit: Fit | None = None
            for state in iter_simulation(these, task, iter_fit, rng, watch=False):
                fit = state.fit
                yield progress
            errors[repetition, column] = (
                np.inf if fit is None else relative_error(fit.law, task.law, C, procedure.compute)
            )
            progress = StudyProgress(progress.done + 1, errors.size, counts, read_only(errors.copy()))
            yield progress


def relative_error(law: Law, truth: Law, C: float, compute: Compute = SIX_ND) -> float:
    """Return the relative error of the compute-optimal N at a budget.

    Infinite if the law has no interior optimum.
    """
    found = optimum(law, C, compute)
    return math.inf if found is None else abs(found[0] / float(allocate(truth, C, compute)[0]) - 1)
