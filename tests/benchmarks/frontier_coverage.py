"""Coverage of the intervals of frontier fits: simulated studies of 6, 10 and 20 points over four decades of compute.

Usage: python tests/benchmarks/frontier_coverage.py [studies]

Prints a row for each number of points, loss and noise: how many of the nominal 95 % intervals contain the true alpha, E
and L at 100 times the largest budget, and the loss of a new run there, by the profile (`FrontierUncertainty`) and, in
brackets, by the linearised law alone.
"""

from __future__ import annotations

import functools
import sys

import numpy as np

from chinchilla_nb import FrontierLaw, Runs, StartGrid, asymmetric_mae, fit, log_huber, mse
from chinchilla_nb.engine.laws.frontier import FRONTIER_PARAMETERS
from chinchilla_nb.engine.uncertainty.frontier_uncertainty import FrontierUncertainty

LAW = FrontierLaw(E=1.69, A=1000.0, alpha=0.155)
"""About the frontier of the law of Hoffmann et al. 2022."""
START = StartGrid({"E": 1.5, "A": 500.0, "alpha": 0.2}, FRONTIER_PARAMETERS)
AHEAD = 100.0
STUDIES = (
    ("mse", mse, "normal", 0.003),
    ("mse", mse, "normal", 0.03),
    ("log_huber", functools.partial(log_huber, delta=0.01), "normal", 0.003),
    ("asymmetric_mae", asymmetric_mae, "one-sided", 0.003),
)


def covered(n: int, loss_fn: object, noise: str, size: float, rng: np.random.Generator) -> list[bool]:
    """Return which intervals of one study contain the truth."""
    C = np.geomspace(1e18, 1e22, n)
    far = AHEAD * C[-1]
    errors = rng.standard_normal(n + 1) if noise == "normal" else rng.exponential(size=n + 1)
    factor = np.exp(size * errors)
    found = fit(Runs.frontier(C, LAW.loss(C) * factor[:-1]), START, loss_fn, law="frontier")
    sure = FrontierUncertainty(found)
    limits = sure.interval()
    new = sure.predict_loss(far, kind="new-run")
    truth = {"alpha": LAW.alpha, "E": LAW.E}
    profile = [bool(limits[name].low <= value <= limits[name].high) for name, value in truth.items()]
    loss = sure.predict_loss(far)
    profile += [bool(loss.low <= LAW.loss(far) <= loss.high), bool(new.low <= LAW.loss(far) * factor[-1] <= new.high)]
    return profile + linearised(sure, far)


def linearised(sure: FrontierUncertainty, far: float) -> list[bool]:
    """Return which intervals of the linearised law contain the truth."""
    near, law = sure.near, sure.fit.law
    margin, slope = near.margins(), near.box.predictor(Runs.frontier([far], [1.0])).at(near.theta).jacobian()[0]
    reach = near.quantile(0.95) * near.box.unit * np.sqrt(slope @ near.covariance @ slope)
    return [
        bool(abs(law.alpha - LAW.alpha) <= margin[2]),
        bool(abs(law.E - LAW.E) <= margin[0] * near.box.unit),
        bool(abs(law.loss(far) - LAW.loss(far)) <= reach),
    ]


def main() -> None:
    """Simulate and print."""
    studies = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    print("| points | loss | noise | alpha | E | L at 100 C | new run at 100 C |\n|---|---|---|---|---|---|---|")
    for n in (6, 10, 20):
        for name, loss_fn, noise, size in STUDIES:
            rng = np.random.default_rng(n)
            share = np.mean([covered(n, loss_fn, noise, size, rng) for _ in range(studies)], axis=0)
            cells = [f"{share[i]:.1%} ({share[4 + i]:.1%})" for i in range(3)] + [f"{share[3]:.1%}"]
            print(f"| {n} | {name} | {noise}, {size:.1%} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
