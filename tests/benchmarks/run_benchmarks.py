"""All figures of speed and memory as one markdown table. Prints; asserts nothing.

    python tests/benchmarks/run_benchmarks.py                    everything (make benchmarks), about twenty minutes
    python tests/benchmarks/run_benchmarks.py floor peer memory  parts: floor, peer, growth, memory, load, browser

Every line is a ratio of two things that are timed in turn, several times each, in one run: other load on the machine
then affects both alike. The seconds are medians; the ratio is the median of the ratios of each pair. Lines against the
peers need interpreters that have them: CHINCHILLA_PEER_PYTHON for chinchilla 0.2.0, and SIMPLE_SCALING_LAWS_PYTHON for
simple-scaling-laws 0.2.0 (`make benchmarks` makes both environments).
"""

from __future__ import annotations

import functools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from interleaved import interleaved, seconds_of
from peers import CHINCHILLA, SIMPLE_SCALING_LAWS, Peer
from table_line import Line, print_table

from chinchilla_nb import Chinchilla, Runs, ScalingLaw, asymmetric_mae, fit, log_huber, mse, open_session, study
from chinchilla_nb.engine.laws.starts import HOFFMANN_GRID, StartGrid

LAW = ScalingLaw(E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28)
HUBER = functools.partial(log_huber, delta=1e-3)
SMALL_AXES = {"E": [1.0, 2.0], "a": [1.0, 10.0], "b": [1.0, 10.0], "alpha": [0.2, 0.6], "beta": [0.2, 0.6]}
"""32 starts, for calls that are timed several times: the peer takes a second for these, and a minute for 4,500."""
SEEDS = {"C": (1e18, 1e22), "N_to_D": (1, 100)}


def runs_of(count: int) -> Runs:
    """Return runs that follow the law with 1 % of noise."""
    rng = np.random.default_rng(0)
    N, D = np.round(10 ** rng.uniform(7, 10, count)), np.round(10 ** rng.uniform(9, 12, count))
    return Runs(N, D, LAW.loss(N, D) * np.exp(0.01 * rng.normal(size=count)))


def floor() -> Iterator[Line]:
    """Compare with what no fit can do without: one pass of exp over starts x runs, for both terms of the law."""
    runs = runs_of(240)
    x = np.random.default_rng(0).uniform(-5, 5, (len(HOFFMANN_GRID), 2 * len(runs)))
    for name, loss in (("log_huber", HUBER), ("asymmetric_mae", asymmetric_mae)):
        ours, theirs, ratio = interleaved(
            lambda loss=loss: seconds_of(lambda: fit(runs, HOFFMANN_GRID, loss)),
            lambda: seconds_of(lambda: np.exp(x)),
            11,
        )
        yield Line(f"fit, {name}, 4,500 starts x 240 runs", ours, "exp over starts x runs", theirs, ratio)
    fitted = fit(runs, HOFFMANN_GRID, HUBER)
    ours, theirs, ratio = interleaved(
        lambda: seconds_of(lambda: fitted.uncertainty("pairs", 1000, rng=0)),
        lambda: seconds_of(lambda: fit(runs, HOFFMANN_GRID, HUBER)),
        5,
    )
    yield Line("bootstrap, log_huber, 1,000 draws x 240 runs", ours, "one fit", theirs, ratio)
    some = runs_of(100)
    asked = {"seeds": 100, "targets": 1e24, "progress": False, "parallel": False}
    for name in ("log_huber", "asymmetric_mae"):
        loss = {"log_huber": log_huber, "asymmetric_mae": asymmetric_mae}[name]
        ours, theirs, ratio = interleaved(
            lambda name=name: seconds_of(lambda: study(LAW, SEEDS, losses=name, repetitions=50, **asked)) / 50,
            lambda loss=loss: seconds_of(lambda: fit(some, HOFFMANN_GRID, loss)),
            5,
        )
        yield Line(f"study, {name}, a project of 100 seeds", ours, "one fit alone", theirs, ratio)
    table = Path(tempfile.mkdtemp()) / "runs.csv"
    frame_of(runs_of(10_000)).to_csv(table, index=False)
    ours, theirs, ratio = interleaved(
        lambda: seconds_of(lambda: open_session(table)), lambda: seconds_of(lambda: pd.read_csv(table)), 7
    )
    yield Line("open a table of 10,000 runs", ours, "pandas.read_csv", theirs, ratio)
    ours, theirs, ratio = interleaved(lambda: python("import chinchilla_nb"), lambda: python("import numpy, pandas"), 7)
    yield Line("import chinchilla_nb", ours, "import numpy, pandas", theirs, ratio)


def peer() -> Iterator[Line]:
    """Compare with each peer that is installed."""
    peers = {"CHINCHILLA_PEER_PYTHON": _chinchilla, "SIMPLE_SCALING_LAWS_PYTHON": _simple_scaling_laws}
    for variable, compare in peers.items():
        interpreter = os.environ.get(variable, "")
        if Path(interpreter).is_file():
            yield from compare(interpreter)
        else:
            print(f"| against a peer: {variable} names no interpreter | | | | |")


def _simple_scaling_laws(interpreter: str) -> Iterator[Line]:
    """Compare with simple-scaling-laws 0.2.0: least squares of the losses, and a wild bootstrap of 1,000 draws."""
    name, runs = "simple-scaling-laws 0.2.0", runs_of(240)
    other = Peer(interpreter, SIMPLE_SCALING_LAWS, rows_of(runs))
    one = StartGrid({"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.34, "beta": 0.28})
    for starts in (HOFFMANN_GRID, one):
        ours, theirs, ratio = interleaved(
            lambda starts=starts: seconds_of(lambda: fit(runs, starts, mse)), lambda: other.seconds("fit"), 11
        )
        yield Line(f"fit, mse, {len(starts):,} starts x 240 runs", ours, name, theirs, ratio)
    ours, theirs, ratio = interleaved(
        lambda: seconds_of(lambda: fit(runs, HOFFMANN_GRID, mse).uncertainty("wild", 1000, rng=0)),
        lambda: other.seconds("fit and 1,000 draws"),
        5,
    )
    yield Line("fit and wild bootstrap, mse, 1,000 draws x 240 runs", ours, name, theirs, ratio)
    other.close()


def _chinchilla(interpreter: str) -> Iterator[Line]:
    """Compare with chinchilla 0.2.0 where it does the same work, with the same grid, runs and loss."""
    runs = runs_of(60)
    other = Peer(interpreter, CHINCHILLA, rows_of(runs), SMALL_AXES)
    with tempfile.TemporaryDirectory() as folder:
        cc = Chinchilla(folder, SMALL_AXES, SEEDS, log_level=40, scaling_factor=10.0)
        cc.database.df = frame_of(runs)
        calls: dict[str, tuple[str, Callable[[], Any], int]] = {
            "fit": ("fit, asymmetric_mae, 32 starts x 60 runs", lambda: cc.fit(parallel=False), 5),
            "append": ("append 20 runs", lambda: [cc.append(N=1e8 + i, D=1e10, loss=3.0) for i in range(20)], 5),
            "simulate": ("simulate 100 seeds and a scaled run, 32 starts", lambda: cc.simulate(scaling_factor=10.0), 2),
        }
        for name, (what, call, rounds) in calls.items():
            ours, theirs, ratio = interleaved(
                lambda call=call: seconds_of(call), lambda name=name: other.seconds(name), rounds
            )
            yield Line(what, ours, "chinchilla 0.2.0", theirs, ratio)
        ours, theirs, ratio = interleaved(
            lambda: python("from chinchilla_nb import Chinchilla"),
            lambda: seconds_of(
                lambda: subprocess.run([interpreter, "-c", "from chinchilla import Chinchilla"], check=True)
            ),
            5,
        )
        yield Line("import Chinchilla", ours, "chinchilla 0.2.0", theirs, ratio)
    other.close()
    yield _whole_grid(interpreter)


def _whole_grid(interpreter: str) -> Line:
    """Compare one fit of the peer from all starts with the median of fits here before and after it."""
    runs = runs_of(240)
    axes = {name: values.tolist() for name, values in HOFFMANN_GRID.axes.items()}
    other = Peer(interpreter, CHINCHILLA, rows_of(runs), axes)

    def ours() -> float:
        return seconds_of(lambda: fit(runs, HOFFMANN_GRID, asymmetric_mae))

    before = [ours() for _ in range(5)]
    theirs = other.seconds("fit")
    here = statistics.median([*before, *(ours() for _ in range(5))])
    other.close()
    return Line("fit, asymmetric_mae, 4,500 starts x 240 runs", here, "chinchilla 0.2.0", theirs, theirs / here)


def growth() -> Iterator[Line]:
    """Compare each size with a tenth of it: 10 is linear growth."""
    sized: dict[str, tuple[Callable[[int], Callable[[], Any]], tuple[int, ...]]] = {
        "fit, log_huber, 4,500 starts, {:,} runs": (_fit_of_runs, (100, 1_000, 10_000, 100_000, 1_000_000)),
        "fit, log_huber, 240 runs, {:,} starts": (_fit_of_starts, (1, 32, 1_024, 32_768, 1_048_576)),
        "bootstrap, log_huber, 240 runs, {:,} draws": (_draws, (100, 1_000, 10_000)),
        "open a table of {:,} runs": (_table, (1_000, 10_000, 100_000)),
    }
    for what, (prepare, sizes) in sized.items():
        calls = [prepare(size) for size in sizes]
        for (small, less), (large, more) in zip(
            zip(sizes, calls, strict=True), zip(sizes[1:], calls[1:], strict=True), strict=False
        ):
            rounds = 3 if large < 1_000_000 else 1
            ours, theirs, ratio = interleaved(
                lambda more=more: seconds_of(more), lambda less=less: seconds_of(less), rounds
            )
            yield Line(what.format(large), ours, f"{small:,}", theirs, 1 / ratio)


def _fit_of_runs(count: int) -> Callable[[], Any]:
    runs = runs_of(count)
    return lambda: fit(runs, HOFFMANN_GRID, HUBER)


def _fit_of_starts(count: int) -> Callable[[], Any]:
    runs, points = runs_of(240), round(count ** (1 / 5))
    ranges = {"e": (-1, 1), "a": (0, 20), "b": (0, 20), "alpha": (0.1, 1), "beta": (0.1, 1)}
    starts = StartGrid({name: np.linspace(*ends, points).tolist() for name, ends in ranges.items()})
    return lambda: fit(runs, starts, HUBER)


def _draws(count: int) -> Callable[[], Any]:
    fitted = fit(runs_of(240), HOFFMANN_GRID, HUBER)
    return lambda: fitted.uncertainty("pairs", count, rng=0)


def _table(count: int) -> Callable[[], Any]:
    path = Path(tempfile.mkdtemp()) / "runs.csv"
    frame_of(runs_of(count)).to_csv(path, index=False)
    return lambda: open_session(path)


STUDY = "study(LAW, SEEDS, seeds=100, losses='log_huber', repetitions={}, parallel=False, progress=False)"
MEMORY = {
    "fit of 100,000 runs": "fit(runs_of(100_000), HOFFMANN_GRID, HUBER)",
    "fit of 1,000,000 runs": "fit(runs_of(1_000_000), HOFFMANN_GRID, HUBER)",
    "study of 50 projects of 100 seeds": STUDY.format(50),
    "study of 1,000 projects of 100 seeds": STUDY.format(1_000),
}
"""What is run in a process of its own to see how much memory it takes."""


def memory() -> Iterator[Line]:
    """Compare the most memory of a process with that of one that has only imported the same, in MB."""
    idle = megabytes("")
    for what, code in MEMORY.items():
        used = megabytes(code)
        yield Line(f"peak memory, MB: {what}", used, "imports alone", idle, used / idle)


def load() -> Iterator[Line]:
    """Compare 100,000 runs with 10,000, and a long file that grows with a short one; see `bench_load.py`."""
    import bench_load

    for part in bench_load.PARTS.values():
        yield from part()


def browser() -> Iterator[Line]:
    """Compare the waiting times in a page with their goals; `bench_panels.py` says what each is."""
    import bench_panels

    found: list[Line] = []

    def collect(what: str, times: list[float], target: float | None = None) -> None:
        median = float(np.median(times))
        found.append(Line(what.strip(), median, "goal", target or np.nan, (target or np.nan) / median))

    bench_panels.report = collect
    with bench_panels.lab_pages() as opened:
        for part in bench_panels.PARTS.values():
            part(opened)
            yield from found
            found.clear()


def frame_of(runs: Runs) -> pd.DataFrame:
    """Return N, D and loss of runs as a table."""
    return pd.DataFrame({"N": runs.N, "D": runs.D, "loss": runs.loss})


def rows_of(runs: Runs) -> list[tuple[float, float, float]]:
    """Return N, D and loss of each run."""
    return list(zip(runs.N.tolist(), runs.D.tolist(), runs.loss.tolist(), strict=True))


def python(code: str) -> float:
    """Return the seconds that an interpreter takes to run some code."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - started


def megabytes(code: str) -> float:
    """Return the most memory of a process that runs some code with the names of this module."""
    # Not resource.getrusage, which begins with the memory of the process that starts this one.
    asked = (
        f"from run_benchmarks import *\n{code}\n"
        "print(next(line for line in open('/proc/self/status') if line.startswith('VmHWM')).split()[1])"
    )
    here = Path(__file__).parent
    done = subprocess.run([sys.executable, "-c", asked], check=True, capture_output=True, text=True, cwd=here)
    return float(done.stdout.split()[-1]) / 1024


PARTS: dict[str, Callable[[], Iterator[Line]]] = {
    part.__name__: part for part in (floor, peer, growth, memory, load, browser)
}


def main(*names: str) -> None:
    """Print the table."""
    print_table(PARTS, names)


if __name__ == "__main__":
    main(*sys.argv[1:])
