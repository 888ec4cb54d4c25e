"""The default solver compared with optimising from every start, on random problems of every kind."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from chinchilla_nb.engine.fitting.fit import fit
from chinchilla_nb.engine.fitting.losses import asymmetric_mae, huber, log_huber, mae, mse
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.laws.starts import StartGrid
from chinchilla_nb.engine.runs import Runs

LOSSES = {
    "asymmetric_mae": asymmetric_mae,
    "mae": mae,
    "mse": mse,
    "huber": functools.partial(huber, delta=0.02),
    "log_huber": functools.partial(log_huber, delta=1e-3),
}
GRID = StartGrid({"e": [-0.5], "a": [0.0, 12.0], "b": [0.0, 12.0], "alpha": [0.1, 1.0], "beta": [0.1, 1.0]})
SEEDS = range(18)
"""Six problems of each kind of noise; `make benchmarks` solves more (tests/benchmarks/test_all_fits.py)."""


def random_runs(seed):
    """Return runs of a random law over one to four decades, with noise from slight to heavy-tailed."""
    rng = np.random.default_rng(seed)
    alpha, beta = rng.uniform(0.1, 0.9, 2)
    N_middle, D_middle = 10 ** rng.uniform(4, 9), 10 ** rng.uniform(6, 11)
    A, B = rng.uniform(0.1, 2, 2) * [N_middle**alpha, D_middle**beta]
    law = ScalingLaw(rng.uniform(0.3, 3), A, B, alpha, beta)
    n, span = int(rng.integers(10, 60)), rng.uniform(0.5, 2)
    N, D = N_middle * 10 ** rng.uniform(-span, span, n), D_middle * 10 ** rng.uniform(-span, span, n)
    noise = [rng.normal, functools.partial(rng.standard_t, 2), rng.exponential][seed % 3](size=n)
    return Runs(N, D, law.loss(N, D) * np.exp(np.clip(10 ** rng.uniform(-4, -1.3) * noise, -1, 1)))


def differing_optima(loss, seeds):
    """Return the problems of which both solvers find other optima, by seed, and how far apart these are."""
    differing = {}
    for seed in seeds:
        runs = random_runs(seed)
        default, exhaustive = (fit(runs, GRID, loss, exhaustive=every).objective for every in (False, True))
        if abs(default / exhaustive - 1) > 1e-9:
            differing[seed] = default / exhaustive - 1
    return differing


@pytest.mark.slow
@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_default_and_exhaustive_find_the_same_optimum(loss):
    assert not differing_optima(loss, SEEDS)
