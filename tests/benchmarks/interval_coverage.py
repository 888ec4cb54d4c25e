"""How often intervals of nominal 95 % hold the truth, by method, number of runs, law and noise.

Run ``python tests/benchmarks/interval_coverage.py results.jsonl --processes 2``. What a method says of a simulated
study is written to the file as it is done, so that an interrupted command goes on where it stopped; the table is
printed from the file. ``--report`` prints the table alone.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import json
import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from chinchilla_nb import Runs, ScalingLaw, StartGrid, allocate, asymmetric_mae, fit, log_huber

LAWS = {
    "Hoffmann": ScalingLaw(1.69, 406.4, 410.7, 0.34, 0.28),
    "Besiroglu": ScalingLaw(1.8172, 477.8, 2143.4, 0.3473, 0.3672),
    "symmetric": ScalingLaw(0.5, 20.0, 60.0, 0.25, 0.25),
}
"""Two published laws, and one with equal exponents and a floor far below the losses."""
SIZES = (60, 100, 240)
SIZE_OF_NOISE = 0.01
"""Standard deviation of Gaussian noise, and mean of one-sided noise, of log loss."""
NOISES = {"Gaussian": functools.partial(log_huber, delta=1.0), "one-sided": asymmetric_mae}
"""Each noise with the loss that suits it."""
STUDIES = {
    "Gaussian": {"pairs": 250, "sandwich": 170, "bayesian": 100, "profile": 100},
    "one-sided": {"bayesian": 250, "sandwich": 170, "pairs": 100, "profile": 100},
}
"""For each noise the methods, the default first, with the number of studies of each law that each is tried on."""
DRAWS = 400
FARTHER = 100.0
"""Ratio of the budget at which N* and the loss are asked for to the largest of the runs."""
NAMES = ("alpha", "beta", "E", "N*", "L")
STARTS = StartGrid({"E": 1.0, "A": 300.0, "B": 300.0, "alpha": 0.3, "beta": 0.3})


def study(law: ScalingLaw, noise: str, n: int, rng: np.random.Generator) -> tuple[Runs, ScalingLaw]:
    """Runs with N over 2.5 decades and D/N from 2 to 200, and the law that the loss estimates.

    A quantile loss estimates the quantile of the losses, which is a law with E, A and B scaled by that of the noise.
    """
    N = 10 ** rng.uniform(7.5, 10, n)
    D = N * 10 ** rng.uniform(0.3, 2.3, n)
    if noise == "Gaussian":
        return Runs(N, D, law.loss(N, D) * np.exp(rng.normal(0, SIZE_OF_NOISE, n))), law
    scale = np.exp(SIZE_OF_NOISE * -np.log1p(-1 / 11))  # asymmetric_mae with w = 10 estimates the quantile of 1/11
    truth = ScalingLaw(law.E * scale, law.A * scale, law.B * scale, law.alpha, law.beta)
    return Runs(N, D, law.loss(N, D) * np.exp(rng.exponential(SIZE_OF_NOISE, n))), truth


def simulated(task: tuple[str, str, int, str, int]) -> dict[str, object]:
    """Fit one study, and say which truths the intervals of a method hold, and how wide they are."""
    name, noise, n, method, seed = task
    # Methods see the same studies, and two of the laws the same errors.
    runs, truth = study(LAWS[name], noise, n, np.random.default_rng([seed, n, len(name), len(noise)]))
    C = FARTHER * float(runs.C.max())
    N, D = allocate(truth, C)
    true = dict(zip(NAMES, (truth.alpha, truth.beta, truth.E, N, truth.loss(N, D)), strict=True))
    found = fit(runs, STARTS, NOISES[noise]).uncertainty(method, DRAWS, rng=seed)
    at = found.allocate(C)
    ends = {**found.interval(), "N*": at["N"], "L": at["loss"]}
    inside = {
        key: [
            bool(ends[key].low <= true[key]),
            bool(true[key] <= ends[key].high),
            float(ends[key].high - ends[key].low),
        ]
        for key in NAMES
    }
    return {"task": task, "inside": inside}


def tasks() -> Iterator[tuple[str, str, int, str, int]]:
    """Yield what is to be done, the studies in turn, so that all methods see nearly as many at any time."""
    for seed, n, name, noise in itertools.product(range(250), SIZES, LAWS, STUDIES):
        yield from ((name, noise, n, method, seed) for method, count in STUDIES[noise].items() if seed < count)


def done(path: Path) -> Iterator[dict[str, object]]:
    if path.exists():
        yield from (json.loads(line) for line in path.read_text().splitlines())


def print_table(path: Path) -> None:
    """Print the share of studies whose interval holds the truth, in percent."""
    rows: dict[tuple[str, int, str, str], list[dict[str, list[float]]]] = {}
    for one in done(path):
        name, noise, n, method, _ = one["task"]
        for law in (name, "all"):
            rows.setdefault((noise, n, method, law), []).append(one["inside"])
    print("| noise | runs | method | law | studies | " + " | ".join(NAMES) + " |")
    print("|---" * (5 + len(NAMES)) + "|")
    for key, found in sorted(rows.items()):
        shares = [100 * np.mean([low and high for low, high, _ in (one[name] for one in found)]) for name in NAMES]
        print("| " + " | ".join([*map(str, key), str(len(found)), *(f"{share:.1f}" for share in shares)]) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--report", action="store_true")
    asked = parser.parse_args()
    if not asked.report:
        known = {tuple(one["task"]) for one in done(asked.results)}
        todo = [task for task in tasks() if task not in known]
        with multiprocessing.Pool(asked.processes) as pool, asked.results.open("a") as file:
            for result in pool.imap_unordered(simulated, todo):
                file.write(json.dumps(result) + "\n")
                file.flush()
    print_table(asked.results)


if __name__ == "__main__":
    main()
