"""The runs of the study: isoFLOP slices, repeats and seeds, identical on every machine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chinchilla_nb.datasets import SEED_REGIMES
from chinchilla_nb.engine.planning.model_search import tabulate_models
from chinchilla_nb.engine.planning.seeding import draw_seed

VOCABULARY = 256
HYPERPARAM_GRID = {"width": [16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128], "depth": [1, 2, 3, 4, 5, 6]}
SEEDS = 36
SLICES = {6e10: 6, 2e11: 7, 6e11: 7, 2e12: 7, 5e12: 5}
"""Compute of each isoFLOP slice, in FLOPs, and its number of model sizes."""
SLICE_TOKENS_PER_PARAMETER = (2.0, 400.0)
REPEATS = 3
"""Number of runs in each of the two smallest slices that are repeated with two other random seeds."""


def count_parameters(width: int, depth: int) -> float:
    """Return the number of trainable parameters N, including embeddings.

    The embedding is tied to the output layer and counted once: as the output layer it costs the same
    2 FLOPs per parameter and byte as every other matrix, so C = 6ND holds for this N.

    Returns
    -------
    float
        N, or infinity for shapes that the study leaves out (width not between 12 and 32 times depth).
    """
    if not 12 * depth <= width <= 32 * depth:
        return float("inf")
    return VOCABULARY * width + depth * (12 * width**2 + 2 * width) + width


@dataclass(frozen=True)
class PlannedRun:
    """One training run: its part in the study, shape, bytes and random seed."""

    part: str
    width: int
    depth: int
    D: float
    seed: int


def plan() -> list[PlannedRun]:
    """Return all runs of the study, slices first."""
    return [*isoflop_runs(), *repeated_runs(), *seed_runs()]


def seed_runs() -> list[PlannedRun]:
    """Return the runs drawn by the seed procedure of the toolkit."""
    rng = np.random.default_rng(2022)
    models = tabulate_models(HYPERPARAM_GRID, count_parameters)
    draws = [draw_seed(rng, SEED_REGIMES["python_stdlib"], models) for _ in range(SEEDS)]
    return [PlannedRun("seed", **(draw.config or {}), D=draw.D, seed=0) for draw in draws]


def isoflop_runs() -> list[PlannedRun]:
    """Return runs of equal compute and different size, with D / N spread evenly in logarithms over their range."""
    models = tabulate_models(HYPERPARAM_GRID, count_parameters)
    runs = {}
    for C, sizes in SLICES.items():
        for ratio in np.geomspace(*SLICE_TOKENS_PER_PARAMETER, sizes):
            config, N = models.nearest((C / (6 * ratio)) ** 0.5)
            runs[C, N] = PlannedRun("isoflop", **config, D=C / (6 * N), seed=0)
    return list(runs.values())


def repeated_runs() -> list[PlannedRun]:
    """Return every other run of the two smallest slices, with two more random seeds each, to measure the noise."""
    first = isoflop_runs()
    sizes = list(SLICES.values())
    chosen = first[: sizes[0] : 2][:REPEATS] + first[sizes[0] : sizes[0] + sizes[1] : 2][:REPEATS]
    return [PlannedRun("repeat", run.width, run.depth, run.D, seed) for run in chosen for seed in (1, 2)]
