"""Time of one evaluation of an objective, relative to its unavoidable exponentials. Prints; asserts nothing.

    python tests/benchmarks/bench_evaluation.py                    each law, 30 to 100,000 runs
    python tests/benchmarks/bench_evaluation.py --against FOLDER   compared with another checkout of this project

The floor is one pass of exp over the runs for each of the two terms of a law.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
RUNS = (30, 240, 4_000, 100_000)
ROUNDS = 5


def measure() -> dict[str, float]:
    """Return microseconds of CPU time by name of the evaluation."""
    from chinchilla_nb import FAMILIES, Problem, Runs, ScalingLaw, log_huber, residual_loss
    from chinchilla_nb.engine.fitting.objective import Objective

    law = ScalingLaw(E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28)
    rng = np.random.default_rng(0)
    loss = residual_loss(functools.partial(log_huber, delta=1e-3))
    found = {}
    for n in RUNS:
        N, D = 10 ** rng.uniform(7, 10, n), 10 ** rng.uniform(9, 12, n)
        runs = Runs(N, D, law.loss(N, D) * np.exp(0.01 * rng.normal(size=n)))
        x = np.log(runs.N)
        found[f"floor, {n:,} runs"] = microseconds(lambda x=x: (np.exp(x), np.exp(x)))
        for family in FAMILIES.values():
            problem = Problem(runs, family, family.starts)
            box = family.coordinates(runs, {})
            objective, theta = Objective.of(problem, loss, box), (box.theta(family.starts.points()).mean(axis=0))
            for name in ("value", "value_and_gradient", "derivatives"):
                call = functools.partial(getattr(objective, name), theta)
                found[f"{family.name}: {name.replace('_', ' ')}, {n:,} runs"] = microseconds(call)
    return found


def microseconds(call: Callable[[], object]) -> float:
    """Return the least mean time of several series of calls, which excludes most other load on the machine."""
    call()
    series = []
    for _ in range(ROUNDS):
        started, calls = time.process_time(), 0
        while time.process_time() - started < 0.02:
            call()
            calls += 1
        series.append((time.process_time() - started) / calls * 1e6)
    return min(series)


def measured_in(folder: Path) -> dict[str, float]:
    """Measure in a process of its own, with the package of a checkout."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, __file__, "--json"]
    return dict(json.loads(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", type=Path, help="another checkout")
    parser.add_argument("--json", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.json:
        print(json.dumps(measure()))
        return
    # Alternately, so that a drift in the speed of the machine affects both equally.
    folders = [ROOT] if arguments.against is None else [ROOT, arguments.against.resolve()]
    rounds = [[measured_in(folder) for folder in folders] for _ in range(3)]
    for name in rounds[0][0]:
        mine = statistics.median(here[name] for here, *_ in rounds)
        floor = statistics.median(here[f"floor, {name.rpartition(', ')[2]}"] for here, *_ in rounds)
        text = f"{name:42} {mine:9.1f} us, {mine / floor:5.1f} floors"
        if arguments.against is not None:
            text += f", {statistics.median(here[name] / there[name] for here, there in rounds):.2f} times the other"
        print(text)


if __name__ == "__main__":
    main()
