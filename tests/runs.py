"""The law, grid and runs that tests share; a test that needs others says which, and why."""

from __future__ import annotations

import numpy as np
import pandas as pd

from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.laws.starts import StartGrid
from chinchilla_nb.engine.runs import Runs

LAW = ScalingLaw(E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28)
"""Hoffmann et al. 2022, as printed there."""

AXES = {"e": [-0.5, 0.5], "a": [0, 10], "b": [0, 10], "alpha": [0.2, 1.0], "beta": [0.2, 1.0]}
"""Axes of `GRID`, to pass as a param_grid."""

GRID = StartGrid(AXES)
"""32 starts, none of which is near `LAW`."""


def make_runs(
    n: int = 40,
    law: ScalingLaw = LAW,
    noise: float = 0.0,
    rng: int | np.random.Generator = 0,
    C: tuple[float, float] = (1e18, 1e21),
    tokens_per_parameter: tuple[float, float] = (2.0, 200.0),
) -> Runs:
    """Return runs that follow a law up to lognormal noise, with C and D/N drawn log-uniformly between two ends.

    N and D are whole numbers, as in real runs.
    """
    rng = np.random.default_rng(rng)
    compute = np.exp(rng.uniform(*np.log(C), n))
    ratio = np.exp(rng.uniform(*np.log(tokens_per_parameter), n))
    N = np.round((compute / 6 / ratio) ** 0.5)
    D = np.round(compute / 6 / N)
    return Runs(N, D, law.loss(N, D) * np.exp(noise * rng.normal(size=n)))


def table_of(runs: Runs) -> pd.DataFrame:
    """Return N, D and loss of runs, as `Database.df` takes them."""
    return pd.DataFrame({"N": runs.N, "D": runs.D, "loss": runs.loss})
