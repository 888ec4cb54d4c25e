"""Time of fits, and of fits of the peer on the same grid, data and loss. Prints; asserts nothing.

    python tests/benchmarks/bench_fit.py                     1 and 4,500 starts x 240 runs, and 1e3 to 1e5 runs
    python tests/benchmarks/bench_fit.py --search            200 random starts of SciPy's methods per loss
    CHINCHILLA_PEER_PYTHON=... python tests/benchmarks/bench_fit.py --peer
                                                             fit() of the peer and ours (an hour; --thin 2: minutes)

The runs are the 240 of Hoffmann et al. if ../shared/reference has them, else 240 of Chinchilla's law with noise.
"""

from __future__ import annotations

import argparse
import functools
import os
import statistics
import sys
import time
from pathlib import Path

import numpy as np
from peers import CHINCHILLA, Peer
from scipy.optimize import minimize

from chinchilla_nb.engine.fitting.fit import fit
from chinchilla_nb.engine.fitting.losses import asymmetric_mae, huber, log_huber, mae, mse
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.laws.starts import HOFFMANN_GRID, StartGrid
from chinchilla_nb.engine.runs import Runs

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = Path(os.environ.get("CHINCHILLA_NB_REFERENCE", ROOT.parent / "shared" / "reference"))
LOSSES = {
    "asymmetric_mae": asymmetric_mae,
    "mae": mae,
    "mse": mse,
    "huber": huber,
    "log_huber, 1e-3": functools.partial(log_huber, delta=1e-3),
}
ONE_START = StartGrid({"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.34, "beta": 0.28})


def reference_runs() -> Runs:
    path = REFERENCE / "hoffmann_figure4.csv"
    if not path.is_file():
        return random_runs(240)
    N, D, loss = np.loadtxt(path, delimiter=",", skiprows=1, usecols=columns_of(path)).T
    keep = np.sort(np.argsort(loss)[:240])
    return Runs(N[keep], D[keep], loss[keep])


def columns_of(path: Path) -> list[int]:
    header = path.open().readline().strip().split(",")
    return [header.index(name) for name in ("N", "D", "loss")]


def random_runs(n: int) -> Runs:
    rng = np.random.default_rng(0)
    N, D = 10 ** rng.uniform(7, 10, n), 10 ** rng.uniform(9, 12, n)
    law = ScalingLaw(E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28)
    return Runs(N, D, law.loss(N, D) * np.exp(0.01 * rng.normal(size=n)))


def seconds_of(runs: Runs, loss, repeats: int, grid: StartGrid = HOFFMANN_GRID) -> float:
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        fit(runs, grid, loss)
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def table(runs: Runs) -> None:
    print(f"{len(HOFFMANN_GRID):,} starts; seconds, median of 7 (3 for 10,000 runs or more)")
    print(f"{'loss':<18}{'1 start':>10}{len(runs):>10,}{1_000:>10,}{10_000:>10,}{100_000:>10,}  runs")
    large = [random_runs(n) for n in (1_000, 10_000, 100_000)]
    for name, loss in LOSSES.items():
        cells = [seconds_of(runs, loss, 7, ONE_START)]
        cells += [seconds_of(some, loss, 7 if len(some) < 10_000 else 3) for some in (runs, *large)]
        print(f"{name:<18}" + "".join(f"{cell:>10.3f}" for cell in cells), flush=True)


def against_peer(runs: Runs, python: str, thin: int) -> None:
    grid = StartGrid({name: axis[::thin] for name, axis in HOFFMANN_GRID.axes.items()})
    axes = {name: list(axis) for name, axis in grid.axes.items()}
    ours, found = seconds_of(runs, asymmetric_mae, 7, grid), fit(runs, grid, asymmetric_mae)
    # Its loss is its default, asymmetric_mae.
    peer = Peer(python, CHINCHILLA, np.stack([runs.N, runs.D, runs.loss], axis=1).tolist(), axes)
    theirs, (E, A, B, alpha, beta) = peer.seconds("fit"), peer.law()
    peer.close()
    prediction = E + A / runs.N**alpha + B / runs.D**beta
    print(f"asymmetric_mae, {len(grid):,} starts, {len(runs)} runs")
    print(f"  ours  {ours:10.3f} s   objective {found.objective:.10g}")
    print(f"  peer  {theirs:10.3f} s   objective {asymmetric_mae(runs.loss, prediction).mean():.10g}")
    print(f"  ratio {theirs / ours:10.0f}")


def search(runs: Runs, starts: int = 200) -> None:
    print(f"{starts} random starts of each method; lowest objective relative to ours, minus one")
    log_N, log_D = np.log(runs.N), np.log(runs.D)
    delta = {f"log_huber, {d:g}": functools.partial(log_huber, delta=d) for d in (1e-7, 1e-5, 1e-2, 10.0)}
    for name, loss in {**LOSSES, **delta}.items():
        best = fit(runs, HOFFMANN_GRID, loss).objective

        def objective(theta, loss=loss, best=best):
            prediction = np.exp(theta[0]) + np.exp(theta[1] - theta[3] * log_N) + np.exp(theta[2] - theta[4] * log_D)
            return loss(runs.loss, prediction).mean() / best

        rng = np.random.default_rng(0)
        lowest = {}
        for method in ("Nelder-Mead", "BFGS", "L-BFGS-B", "Powell"):
            with np.errstate(all="ignore"):
                found = [
                    minimize(objective, rng.uniform([-1, 0, 0, 0.1, 0.1], [1, 12, 12, 1, 1]), method=method).fun
                    for _ in range(starts)
                ]
            lowest[method] = np.nanmin(found) - 1
        print(f"{name:<18}" + "  ".join(f"{method} {value:+.2e}" for method, value in lowest.items()), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", action="store_true")
    parser.add_argument("--thin", type=int, default=1, help="with --peer: take every n-th value of each axis")
    parser.add_argument("--search", action="store_true")
    wanted = parser.parse_args()
    if wanted.search:
        search(reference_runs())
    elif wanted.peer:
        python = os.environ.get("CHINCHILLA_PEER_PYTHON")
        if not python:
            sys.exit("CHINCHILLA_PEER_PYTHON must name the python of an environment that has chinchilla 0.2.0")
        against_peer(reference_runs(), python, wanted.thin)
    else:
        table(reference_runs())
