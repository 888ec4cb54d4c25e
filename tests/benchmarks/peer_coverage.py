"""How often intervals of nominal 95 % hold the truth, here and in simple-scaling-laws 0.2.0, for the same studies.

Run ``SIMPLE_SCALING_LAWS_PYTHON=... python tests/benchmarks/peer_coverage.py [STUDIES]``; `make benchmarks` makes the
environment of that package. The studies are those of `interval_coverage.py`: 60 runs of the law of Hoffmann et al. with
Gaussian or one-sided errors. Each package is asked as its documentation advises: here with the loss that suits the
noise and the default method, there with its only loss, its law of Chinchilla's form and its bootstrap. The loss L is
asked for at 100 times the largest compute.

The peer estimates the mean of the losses, so the law that it should find is scaled by the mean of the noise.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
from interval_coverage import DRAWS, FARTHER, LAWS, NOISES, SIZE_OF_NOISE, STARTS, study

from chinchilla_nb import Runs, ScalingLaw, allocate, fit

LAW, COUNT = LAWS["Hoffmann"], 60
PEER = """
import json, sys
import polars as pl
from simple_scaling_laws import fit
for line in sys.stdin:
    N, D, loss, far_N, far_D, draws = json.loads(line)
    table = pl.DataFrame({"training_run_id": [f"run {row}" for row in range(len(N))],
                          "model_size__n_params": N, "dataset_size__n_tokens": D, "test_loss__nats": loss})
    model = fit(table, law="separable-power", n_draws=draws, seed=0)
    ends = model.conf_int("test_loss__nats")
    there = model.predict({"model_size__n_params": [far_N], "dataset_size__n_tokens": [far_D]}).row(0, named=True)
    ends["L"] = [there["test_loss__nats__q025"], there["test_loss__nats__q975"]]
    print(json.dumps({name: ends[name] for name in ("alpha", "beta", "E", "L")}), flush=True)
"""
Intervals = dict[str, tuple[float, float]]


def ours(runs: Runs, noise: str, N: float, D: float) -> Intervals:
    """Return the intervals of the default method."""
    found = fit(runs, STARTS, NOISES[noise]).uncertainty(draws=DRAWS, rng=0)
    ends = {name: (float(one.low), float(one.high)) for name, one in found.interval().items()}
    loss = found.predict_loss(N, D)
    return {**ends, "L": (float(loss.low), float(loss.high))}


def studies(noise: str, count: int, peer: subprocess.Popen[str]) -> Iterator[dict[str, list[tuple[bool, float]]]]:
    """Yield for each quantity whether the intervals of both hold the truth, and how wide they are."""
    assert peer.stdin is not None
    assert peer.stdout is not None
    mean = 1 / (1 - SIZE_OF_NOISE) if noise == "one-sided" else np.exp(SIZE_OF_NOISE**2 / 2)
    expected = ScalingLaw(LAW.E * mean, LAW.A * mean, LAW.B * mean, LAW.alpha, LAW.beta)
    for seed in range(count):
        runs, truth = study(LAW, noise, COUNT, np.random.default_rng([seed, COUNT]))
        N, D = (float(value) for value in allocate(LAW, FARTHER * float(runs.C.max())))
        asked = [runs.N.tolist(), runs.D.tolist(), runs.loss.tolist(), N, D, DRAWS]
        peer.stdin.write(json.dumps(asked) + "\n")
        peer.stdin.flush()
        pair = [(ours(runs, noise, N, D), truth), (json.loads(peer.stdout.readline()), expected)]
        yield {
            name: [_held(ends[name], _true(law, N, D)[name]) for ends, law in pair]
            for name in ("alpha", "beta", "E", "L")
        }


def _true(law: ScalingLaw, N: float, D: float) -> dict[str, float]:
    return {"alpha": law.alpha, "beta": law.beta, "E": law.E, "L": float(law.loss(N, D))}


def _held(ends: tuple[float, float], truth: float) -> tuple[bool, float]:
    low, high = ends
    return low <= truth <= high, high - low


def main(count: int = 200) -> None:
    """Print the share of intervals that hold the truth, and how much wider those of the peer are."""
    command = [os.environ["SIMPLE_SCALING_LAWS_PYTHON"], "-c", PEER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as peer:
        print(
            "| noise | quantity | here, % | simple-scaling-laws, % | its width / ours, median |\n|---|---|---|---|---|"
        )
        for noise in NOISES:
            found = list(studies(noise, count, peer))
            for name in ("alpha", "beta", "E", "L"):
                pairs = [one[name] for one in found]
                here, there = (100 * np.mean([pair[side][0] for pair in pairs]) for side in (0, 1))
                width = np.median([pair[1][1] / pair[0][1] for pair in pairs])
                print(f"| {noise} | {name} | {here:.1f} | {there:.1f} | {width:.2f} |", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
