"""Coverage of the intervals of compute multipliers, and how often true models of groups are rejected, by simulation.

Usage: python tests/benchmarks/group_coverage.py [studies]

Two groups share E and the exponents of Hoffmann et al. 2022; the second makes 1.5 times as much of its parameters and
twice as much of its data, so that the first needs three times its compute. Prints a row for each number of runs, loss
and noise: how many of the nominal 95 % intervals of the multiplier contain 3 under each model that is true, the median
ratio of their ends, and how often the test rejects a model at the level of 5 %: "exponents" and "efficiency", which are
true, and "D-efficiency", which is not.
"""

from __future__ import annotations

import sys

import numpy as np

from chinchilla_nb import FitError, Runs, ScalingLaw, StartGrid, asymmetric_mae, log_huber, mse
from chinchilla_nb.engine.fitting.problem import Problem
from chinchilla_nb.engine.groups.comparison import Groups, fit_groups
from chinchilla_nb.engine.groups.quantities import multiplier

E_N, E_D = 1.5, 2.0
FIRST = ScalingLaw(E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28)
SECOND = ScalingLaw(E=1.69, A=406.4 / E_N**0.34, B=410.7 / E_D**0.28, alpha=0.34, beta=0.28)
STARTS = StartGrid({"E": [1.0, 2.0], "A": [50.0, 500.0], "B": [50.0, 500.0], "alpha": [0.3, 0.6], "beta": [0.3, 0.6]})
STUDIES = (
    ("mse", mse, "normal", 0.004),
    ("log_huber", log_huber, "normal", 0.004),
    ("asymmetric_mae", asymmetric_mae, "one-sided", 0.004),
)
SIZES = ((30, 30), (40, 10), (15, 15))
TRUE = ("separate", "exponents", "efficiency")
TESTED = ("exponents", "efficiency", "D-efficiency")


def simulated(sizes: tuple[int, int], noise: str, size: float, rng: np.random.Generator) -> Runs:
    """Return runs of two groups with C over three decades and D/N over two."""
    group = np.repeat(["first", "second"], sizes)
    C = np.exp(rng.uniform(*np.log([1e18, 1e21]), len(group)))
    N = np.sqrt(C / 6 / np.exp(rng.uniform(*np.log([2, 200]), len(group))))
    D = C / 6 / N
    error = rng.standard_normal(len(group)) if noise == "normal" else rng.exponential(size=len(group))
    loss = np.where(group == "first", FIRST.loss(N, D), SECOND.loss(N, D)) * np.exp(size * error)
    return Runs(N, D, loss, columns={"group": group})


def judged(groups: Groups) -> list[float]:
    """Return which intervals contain the truth, the logarithms of the ratios of their ends, and what is rejected."""
    found = []
    for model in TRUE:
        one = multiplier(groups.fit(model), "second", "first")
        found += [float(one.low <= E_N * E_D <= one.high), float(np.log(one.high / one.low))]
    tests = [groups.test(model) for model in TESTED]
    return found + [float(test is not None and test.rejected) for test in tests]


def main() -> None:
    """Simulate and print."""
    studies = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    heads = [*(f"{model}: covered, width" for model in TRUE), *(f"{model} rejected" for model in TESTED)]
    print(f"| runs | loss | noise | {' | '.join(heads)} |\n|---|---|---|{'---|' * len(heads)}")
    for sizes in SIZES:
        for name, loss_fn, noise, size in STUDIES:
            rng, rows = np.random.default_rng(sum(sizes)), []
            for _ in range(studies):
                try:
                    runs = simulated(sizes, noise, size, rng)
                    rows.append(judged(fit_groups(Problem(runs, starts=STARTS, loss_fn=loss_fn), "group")))
                except FitError as error:  # a law without an optimum
                    print(f"  {name}, {sizes}: {error}", file=sys.stderr)
            table = np.array(rows)
            cells = [
                f"{table[:, 2 * at].mean():.0%}, {np.exp(np.median(table[:, 2 * at + 1])):.2f}"
                for at in range(len(TRUE))
            ] + [f"{table[:, 2 * len(TRUE) + at].mean():.0%}" for at in range(len(TESTED))]
            print(f"| {sizes[0]} + {sizes[1]} | {name} | {noise} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
