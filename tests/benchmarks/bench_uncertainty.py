"""Time of 4,000 refits of 240 runs, by loss, and of the methods without refits.

    python tests/benchmarks/bench_uncertainty.py

The goals on two cores are 2 s for smooth losses and 20 s for losses with kinks. Refits run in two processes where that
saves time, as in `Chinchilla.uncertainty`. Times are those of the wall, and of the processor in this process and its
children.
"""

from __future__ import annotations

import functools
import os
import time

import numpy as np

from chinchilla_nb import Runs, ScalingLaw, asymmetric_mae, fit, huber, log_huber, mae, mse
from chinchilla_nb.work.parallel import adaptive_map

LAW = ScalingLaw(1.8172, 477.8, 2143.4, 0.3473, 0.3672)
"""Besiroglu et al. 2024."""
LOSSES = {
    "mse": mse,
    "huber, delta .02": functools.partial(huber, delta=0.02),
    "log_huber": log_huber,
    "log_huber, delta .001": functools.partial(log_huber, delta=1e-3),
    "mae": mae,
    "asymmetric_mae": asymmetric_mae,
}
DRAWS = 4000


def main() -> None:
    rng = np.random.default_rng(0)
    N = 10 ** rng.uniform(7.5, 10, 240)
    D = N * 10 ** rng.uniform(0.3, 2.3, 240)
    runs = Runs(N, D, LAW.loss(N, D) * np.exp(0.01 * rng.normal(size=240)))
    print("| loss | method | wall, s | processor, s |\n|---|---|---|---|")
    for name, loss_fn in LOSSES.items():
        fitted = fit(runs, loss_fn=loss_fn)
        for method in ("pairs", "profile", "sandwich"):
            wall, before = time.perf_counter(), os.times()
            fitted.uncertainty(method, DRAWS, rng=0, map=adaptive_map).interval()
            wall, after = time.perf_counter() - wall, os.times()
            print(f"| {name} | {method} | {wall:.2f} | {sum(after[:4]) - sum(before[:4]):.2f} |")


if __name__ == "__main__":
    main()
