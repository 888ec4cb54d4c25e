"""How often the interval widened by the roll-outs covers a new run, where the law holds and where it drifts.

Prints, per kind of study and distance beyond the runs, the share of new runs that the nominal 95 % intervals cover and
the median half widths in log loss: docs/rollouts.md has the table.

    python tests/benchmarks/roll_out_coverage.py --studies 200
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial

import joblib
import numpy as np
from numpy.typing import NDArray
from warning_studies import Rng, around, budgets, scattered, slices, some_law

from chinchilla_nb import Problem, Runs, StartGrid, allocate, log_huber, solve
from chinchilla_nb.engine.uncertainty.drift import Drift, distance_beyond
from chinchilla_nb.engine.uncertainty.roll_outs import iter_roll_outs
from chinchilla_nb.engine.uncertainty.sandwich import Sandwich

Array = NDArray[np.float64]

STARTS = StartGrid({"e": [-1, 0.5], "a": [2, 8, 14], "b": [2, 8, 14], "alpha": [0.2, 0.6], "beta": [0.2, 0.6]})
"""Fewer starts than a fit has by default: the fits of simulated runs have one basin."""
FACTORS = (3.0, 10.0, 30.0)
"""Compute of the new runs, as multiples of that of the largest."""
LEVEL = 0.95

Drifting = Callable[[Rng], Callable[[Array, Array], Array]]
"""Draws a drift: the deviation from the law in log loss, by log C beyond the first run and log D/N from the middle."""


def holds(rng: Rng) -> Callable[[Array, Array], Array]:
    """Return no drift."""
    return lambda x, _: np.zeros_like(x)


def steady(rng: Rng) -> Callable[[Array, Array], Array]:
    """Return a deviation whose slope grows with compute: better or worse by 1 to 4 % more per decade, each decade."""
    bend = rng.choice([-1, 1]) * rng.uniform(0.01, 0.04) / np.log(10) ** 2
    return lambda x, _: bend * x**2


def bending(rng: Rng) -> Callable[[Array, Array], Array]:
    """Return a second, slower term of the law, 5 to 15 % of the loss of the smallest runs."""
    size, rate = rng.uniform(0.05, 0.15), rng.uniform(0.05, 0.15)
    return lambda x, _: np.log1p(size * np.exp(-rate * x))


def lopsided(rng: Rng) -> Callable[[Array, Array], Array]:
    """Return a penalty of runs off the frontier, which the sum of two terms does not have."""
    size = rng.uniform(0.002, 0.01)
    return lambda _, ratio: size * ratio**2


def wandering(rng: Rng) -> Callable[[Array, Array], Array]:
    """Return a random walk in log C, smoothed: 0.5 to 1.5 % per root decade."""
    size = rng.uniform(0.005, 0.015)
    knots = np.arange(-1.0, 40.0)
    walk = np.cumsum(rng.normal(0, size / np.sqrt(np.log(10)), len(knots)))
    return lambda x, _: np.interp(x, knots, walk)


KINDS: dict[str, Drifting] = {
    "holds": holds,
    "steady": steady,
    "bending": bending,
    "lopsided": lopsided,
    "wandering": wandering,
}


def one_study(kind: str, seed: int) -> Array:
    """Return, at each factor, whether each interval covers the new run, and half their widths, shape (4, factors)."""
    rng = np.random.default_rng([seed, list(KINDS).index(kind)])
    law, n, noise = some_law(rng), int(rng.choice([40, 60, 100, 240])), rng.choice([0.003, 0.01])
    C = budgets(rng, 1.5, 3.0)
    ratio = around(law, C, rng.uniform(3, 10))
    drift = KINDS[kind](rng)

    def run(N: Array, D: Array) -> Array:
        error = drift(np.log(6 * N * D / C[0]), np.log(D / N / np.sqrt(ratio[0] * ratio[1])))
        return law.loss(N, D) * np.exp(error + noise * rng.standard_normal(len(N)))

    N, D = slices(n, C, ratio, 6) if rng.random() < 0.5 else scattered(rng, n, C, ratio)
    problem = Problem(Runs(N, D, run(N, D)), starts=STARTS, loss_fn=partial(log_huber, delta=1e-3))
    *_, last = iter_roll_outs(problem)
    assert last.result is not None
    fit = solve(problem)
    N, D = allocate(law, problem.runs.C.max() * np.array(FACTORS))
    plain = Sandwich(fit, "sandwich").predict_loss(N, D, LEVEL, kind="new-run")
    widened = Drift.of(last.result).widened(plain, distance_beyond(problem.runs, N, D), LEVEL)
    loss = run(N, D)
    covered = [(one.low <= loss) & (loss <= one.high) for one in (plain, widened)]
    return np.array([*covered, *(np.log(one.high / one.low) / 2 for one in (plain, widened))])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=200, help="studies of each kind")
    parser.add_argument("--first", type=int, default=0, help="seed of the first study")
    asked = parser.parse_args()
    print(f"{'study':<10} {'C / C0':>6} {'covers: if the law holds':>25} {'as on these runs':>17} {'half widths':>14}")
    for kind in KINDS:
        seeds = range(asked.first, asked.first + asked.studies)
        found = np.array(joblib.Parallel(n_jobs=-1)(joblib.delayed(one_study)(kind, seed) for seed in seeds))
        covered, width = found[:, :2].mean(axis=0), np.median(found[:, 2:], axis=0)
        for index, factor in enumerate(FACTORS):
            plain, widened = covered[:, index]
            print(
                f"{kind:<10} {factor:>6g} {plain:>25.0%} {widened:>17.0%} "
                f"{width[0, index]:>6.1%} {width[1, index]:>7.1%}",
                flush=True,
            )


if __name__ == "__main__":
    main()
