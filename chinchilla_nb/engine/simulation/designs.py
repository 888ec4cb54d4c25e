"""Which runs a simulated project makes before it is first fitted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.compute.product import SIX_ND
from chinchilla_nb.engine.conversion import as_positive_array
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.planning.model_search import ModelTable
from chinchilla_nb.engine.planning.seeding import SeedRegime, draw_seed

__all__ = ["Design", "GivenRuns", "RandomSeeds"]

Array = NDArray[Any]


@runtime_checkable
class Design(Protocol):
    """The first runs of a project."""

    @property
    def compute(self) -> Compute:
        """How C follows from N and D."""

    @property
    def largest_C(self) -> float:
        """The largest compute that the design is made for, in FLOPs; scaled runs start from there."""

    def draw(self, rng: np.random.Generator, count: int) -> tuple[Array, Array]:
        """Return N and D of a number of runs, shapes (count,); with the same ``rng``, fewer are the first of more."""


@dataclass(frozen=True, slots=True)
class RandomSeeds:
    """Seeds drawn from a regime, as `draw_seed` does.

    Attributes
    ----------
    regime : SeedRegime
    models : ModelTable, optional
        The configurations that N is rounded to.
    compute : Compute
        How C follows from N and D.
    """

    regime: SeedRegime
    models: ModelTable | None = None
    compute: Compute = SIX_ND

    @property
    def largest_C(self) -> float:
        """The upper end of the compute of the regime, in FLOPs."""
        return self.regime.C[1]

    def draw(self, rng: np.random.Generator, count: int) -> tuple[Array, Array]:
        """Return N and D of a number of seeds."""
        drawn = [draw_seed(rng, self.regime, self.models, self.compute) for _ in range(count)]
        # Whole tokens, as in a record of real runs.
        return np.array([float(run.N) for run in drawn]), np.array([float(max(1, round(run.D))) for run in drawn])


@dataclass(frozen=True, eq=False, slots=True, init=False)
class GivenRuns:
    """The same runs in every project.

    Parameters
    ----------
    N, D : array_like, shape (n_runs,)
    compute : Compute
        How C follows from N and D.

    Raises
    ------
    InputError
        If a value is not positive and finite, or the lengths differ.
    """

    N: Array
    D: Array
    compute: Compute

    def __init__(self, N: ArrayLike, D: ArrayLike, compute: Compute = SIX_ND) -> None:
        sizes, tokens = as_positive_array(N, "N"), as_positive_array(D, "D")
        if len(sizes) != len(tokens):
            raise InputError("D", "must have one value per run", got=f"{len(tokens)} for {len(sizes)} runs")
        object.__setattr__(self, "N", sizes)
        object.__setattr__(self, "D", tokens)
        object.__setattr__(self, "compute", compute)

    @property
    def largest_C(self) -> float:
        """The largest compute of the runs, in FLOPs."""
        return float(self.compute.C(self.N, self.D).max())

    def draw(self, rng: np.random.Generator, count: int) -> tuple[Array, Array]:  # noqa: ARG002
        """Return N and D of the first runs.

        Raises
        ------
        InputError
            If there are fewer.
        """
        if count > len(self.N):
            remedy = "give more runs, or fewer seeds"
            raise InputError("seeds", "must not be more than the runs of the design", got=str(count), remedy=remedy)
        return self.N[:count], self.D[:count]
