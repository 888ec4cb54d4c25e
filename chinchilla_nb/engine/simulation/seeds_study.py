"""How the error of N* falls with the number of seeds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.fitting.problem import Problem
from chinchilla_nb.engine.runs import read_only
from chinchilla_nb.engine.simulation.cells import Cell
from chinchilla_nb.engine.simulation.designs import RandomSeeds
from chinchilla_nb.engine.simulation.noise import Noise
from chinchilla_nb.engine.simulation.simulate import Procedure, Task
from chinchilla_nb.engine.simulation.study import Study, iter_study

__all__ = ["SeedsStudyProgress", "iter_seeds_study"]


@dataclass(frozen=True, eq=False, slots=True)
class SeedsStudyProgress:
    """Progress of a study of the number of seeds.

    Attributes
    ----------
    done, total : int
        Number of projects simulated, and of projects in all.
    seeds : ndarray of int, shape (n_counts,)
        Numbers of seeds, ascending.
    errors : ndarray, shape (n_repetitions, n_counts)
        Relative error of N* at the target budget; NaN for projects not yet simulated, infinite if the fitted law has
        no optimum.
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


def iter_seeds_study(
    procedure: Procedure,
    task: Task,
    problem: Problem,
    C: float,
    *,
    seeds: Sequence[int],
    repetitions: int,
    random_seed: int,
) -> Iterator[SeedsStudyProgress]:
    """Simulate projects with different numbers of seeds, and compare N* at a budget with its true value.

    Parameters
    ----------
    procedure : Procedure
        Its number of seeds is replaced by each of ``seeds``.
    task : Task
    problem : Problem
        How the runs are fitted; its own runs are not used.
    C : float
        Target budget in FLOPs.
    seeds : sequence of int
        Numbers of seeds to compare. Within a repetition, a smaller set of seeds is the beginning of a larger one.
    repetitions : int
    random_seed : int
        Seed of the random numbers; the same seed gives the same study.

    Yields
    ------
    SeedsStudyProgress
    """
    counts = read_only(np.array(sorted(set(seeds))))
    design = RandomSeeds(procedure.regime, procedure.models, procedure.compute)
    noise = Noise(task.noise, task.size)
    cells = [
        Cell({}, task.law, noise, design, int(count), procedure.scalings, procedure.factor, problem) for count in counts
    ]
    errors = np.full((repetitions, len(counts)), np.nan)
    for state in iter_study(Study(tuple(cells), np.array([C]), repetitions, random_seed)):
        if state.piece is not None:
            log_error = state.found["N_error"][:, 0]
            rows = slice(state.piece.first, state.piece.first + state.piece.count)
            errors[rows, state.piece.cell] = np.where(np.isnan(log_error), np.inf, np.abs(np.expm1(log_error)))
        yield SeedsStudyProgress(state.done, state.total, counts, read_only(errors.copy()))
