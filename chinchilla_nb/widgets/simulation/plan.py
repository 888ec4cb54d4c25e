"""What to simulate, taken from the fields and the session when it starts, independent of any widget."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from chinchilla_nb.config.settings import Settings
from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.compute.product import SIX_ND
from chinchilla_nb.engine.fitting.fit import FitProgress, iter_fit
from chinchilla_nb.engine.planning.seeding import SeedRegime
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.engine.simulation.seeds_study import SeedsStudyProgress, iter_seeds_study
from chinchilla_nb.engine.simulation.simulate import Procedure, SimulationProgress, Task, iter_simulation

__all__ = ["DEFAULT_REGIME", "Numbers", "Plan", "usual_regime"]

DEFAULT_REGIME = SeedRegime((1e18, 1e21), (5.0, 100.0))


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of a procedure and of a study.

    Attributes
    ----------
    seeds, scalings : int
        Number of seed runs, and of scaled runs after them.
    factor : float
        Compute of the next scaled run as a multiple of the largest so far.
    random_seed : int
    budget : float
        FLOPs at which N* is compared.
    counts : tuple of int
        Numbers of seeds that a study compares, ascending.
    repetitions : int
        Number of simulations in a study for each number of seeds.
    """

    seeds: int
    scalings: int
    factor: float
    random_seed: int
    budget: float
    counts: tuple[int, ...]
    repetitions: int


@dataclass(frozen=True, eq=False, slots=True)
class Plan:
    """All inputs of a simulation or a study.

    Attributes
    ----------
    task : Task
    numbers : Numbers
    regime : SeedRegime
        The range that seeds are drawn from.
    settings : Settings
        Define the model search and the fits.
    compute : Compute
        How C follows from N and D.
    """

    task: Task
    numbers: Numbers
    regime: SeedRegime
    settings: Settings
    compute: Compute = SIX_ND

    def simulate(self) -> Iterator[SimulationProgress]:
        """Simulate once, fitting the runs as they are added."""
        rng = np.random.default_rng(self.numbers.random_seed)
        return iter_simulation(self._procedure(), self.task, self._iter_fit, rng)

    def study(self) -> Iterator[SeedsStudyProgress]:
        """Simulate many times, with different numbers of seeds."""
        return iter_seeds_study(
            self._procedure(),
            self.task,
            self.settings.problem(Runs([], [], [], compute=self.compute)),
            self.numbers.budget,
            seeds=self.numbers.counts,
            repetitions=self.numbers.repetitions,
            random_seed=self.numbers.random_seed,
        )

    def _procedure(self) -> Procedure:
        """Return the procedure; call this on the worker thread, because measuring every model may take long."""
        search, numbers = self.settings.model_search, self.numbers
        models = None if search is None else search.table()
        return Procedure(self.regime, numbers.seeds, numbers.scalings, numbers.factor, models, self.compute)

    def _iter_fit(self, runs: Runs) -> Iterator[FitProgress]:
        return iter_fit(self.settings.problem(runs))


def usual_regime(settings: Settings, runs: Runs) -> tuple[SeedRegime, str]:
    """Return the seed regime that a project would use, and its origin in a few words."""
    if settings.seed_regime is not None:
        return settings.seed_regime, "as configured"
    if len(runs) > 1 and runs.C.min() < runs.C.max():
        ratio = runs.D / runs.N
        around = SeedRegime((float(runs.C.min()), float(runs.C.max())), (float(ratio.min()), float(ratio.max())))
        return around, "the range of the runs because no seed ranges are configured"
    return DEFAULT_REGIME, "the default because no seed ranges are configured"
