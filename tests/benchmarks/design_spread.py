"""Seeds with one D/N against seeds with varied D/N: which of the two fits predicts held-out runs better.

Each split draws both studies with the same budgets, fits each, and compares the root mean square error of the log
loss on the same held-out runs, of budgets up to 100 times as large and of varied D/N. Prints how many splits the varied
study wins: docs/design.md has the numbers. With the runs of Hoffmann et al. 2022 (Figure 4), the splits are of measured
runs: as many near one D/N as of varied D/N, of the same budgets, are fitted, and all others are held out.

    python tests/benchmarks/design_spread.py --splits 300 --kept build/design_spread.jsonl
"""

from __future__ import annotations

import argparse
import functools
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from design_studies import BESIROGLU, HOFFMANN, Array, Kept

from chinchilla_nb import Runs, ScalingLaw, fit, log_huber
from chinchilla_nb.engine.compute.product import SIX_ND
from chinchilla_nb.engine.laws.family import Law

LAWS = {"Hoffmann et al. 2022": HOFFMANN, "Besiroglu et al. 2024": BESIROGLU}
NOISE = 0.01
SEEDS, HELD_OUT = 30, 100
C, BEYOND = (1e17, 1e19), (1e17, 1e21)
ONE, VARIED = (20.0, 20.0), (2.0, 200.0)
"""Tokens per parameter of the studies: of the collinear one, and of the varied one and the held-out runs."""
ROOT = Path(__file__).resolve().parents[2]
REFERENCE = Path(os.environ.get("CHINCHILLA_NB_REFERENCE", ROOT.parent / "shared" / "reference"))
NEAR = 0.25
"""Measured runs within this distance in log D/N count as near one D/N."""


def log_uniform(ends: tuple[float, float], n: int, rng: np.random.Generator) -> Array:
    """Draw n numbers log-uniformly between two ends."""
    return np.exp(rng.uniform(*np.log(ends), n))


def sizes(budget: Array, ratio: Array) -> tuple[Array, Array]:
    """Return N and D of budgets with some tokens per parameter."""
    N = np.sqrt(SIX_ND.N(budget, ratio))
    return N, N * ratio


def simulated_split(law: ScalingLaw, seed: int) -> Array:
    """Return the errors of the collinear and the varied study on runs of varied D/N, and of one D/N, shape (4,)."""
    rng = np.random.default_rng(seed)

    def study(budget: Array, ends: tuple[float, float]) -> Runs:
        N, D = sizes(budget, log_uniform(ends, len(budget), rng))
        return Runs(N, D, law.loss(N, D) * np.exp(NOISE * rng.normal(size=len(N))))

    beyond, budget = log_uniform(BEYOND, HELD_OUT, rng), log_uniform(C, SEEDS, rng)
    tests = [study(beyond, ends) for ends in (VARIED, ONE)]
    laws = [fitted(study(budget, ends)) for ends in (ONE, VARIED)]
    return np.array([error_on(test, one) for test in tests for one in laws])


def fitted(runs: Runs) -> Law:
    """Return the law of a fit."""
    return fit(runs, loss_fn=log_huber).law


def error_on(test: Runs, law: Law) -> float:
    """Return the root mean square error of the log loss that a law predicts for runs."""
    return float(np.sqrt(np.mean(np.log(law.loss(test.N, test.D) / test.loss) ** 2)))


def measured_split(runs: Runs, seed: int, n: int = 24) -> Array:
    """Return the errors on held-out runs of n runs near one D/N and of n runs anywhere, in the same budgets."""
    rng, ratio = np.random.default_rng(seed), np.log(runs.D / runs.N)
    low, high = np.quantile(ratio, [0.2, 0.8])
    near = np.flatnonzero(np.abs(ratio - rng.uniform(low, high)) < NEAR)
    if len(near) < n:
        return measured_split(runs, seed + 10_000, n)
    one = rng.choice(near, n, replace=False)
    left = np.setdiff1d(np.arange(len(runs)), one)
    varied: list[int] = []
    for budget in np.log(runs.C[one]):
        nearest = left[np.argsort(np.abs(np.log(runs.C[left]) - budget))[:10]]
        varied.append(int(rng.choice(nearest)))
        left = left[left != varied[-1]]
    return np.array([error_on(runs.take(left), fitted(runs.take(some))) for some in (one, np.array(varied))])


def all_splits(split: Callable[[int], Array], count: int) -> Array:
    """Return the errors of a number of splits, one after the other."""
    return np.concatenate([split(seed) for seed in range(count)])


def report(name: str, errors: Array) -> None:
    """Print how many splits the varied study wins."""
    collinear, varied = errors.reshape(-1, 2).T
    share = float(np.mean(varied < collinear))
    print(
        f"{name}: varied wins {share:.1%} of {len(varied)} splits; median error {np.median(collinear):.2%} with one "
        f"D/N, {np.median(varied):.2%} with varied D/N",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--splits", type=int, default=300)
    parser.add_argument("--kept", default=None)
    arguments = parser.parse_args()
    kept, splits = Kept(arguments.kept), arguments.splits
    for title, law in LAWS.items():
        measure = functools.partial(all_splits, functools.partial(simulated_split, law), splits)
        errors = kept.of(f"{title}, {splits}", measure).reshape(-1, 4)
        report(f"{title}, held-out runs of varied D/N", errors[:, :2])
        report(f"{title}, held-out runs of the D/N of the collinear study", errors[:, 2:])
    table = REFERENCE / "hoffmann_figure4.csv"
    if table.is_file():
        runs = Runs.from_frame(pd.read_csv(table))
        # The five highest losses do not follow the others [Besiroglu et al. 2024].
        runs = runs.take(np.argsort(runs.loss)[:-5])
        name = "measured runs of Hoffmann et al. 2022"
        measure = functools.partial(all_splits, functools.partial(measured_split, runs), splits)
        report(name, kept.of(f"{name}, {splits}", measure))


if __name__ == "__main__":
    main()
