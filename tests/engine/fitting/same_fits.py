"""Random problems and the stored answers to them, as a reference for changes that must not change any fit.

Here the old output of the project is the right reference: the test is that nothing has changed, not that it is right.
``python tests/engine/fitting/same_fits.py`` writes ``same_fits.json``; write it again only for a change that is meant
to change answers, and compare the objectives before and after. It was last written when valleys were searched farther.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import scipy

from chinchilla_nb import Fit, Runs, StartGrid, asymmetric_mae, fit, huber, log_huber, mae, mse

ANSWERS = Path(__file__).with_suffix(".json")
PROBLEMS = range(100)
"""Seeds of the problems."""
LOSSES = {
    "asymmetric_mae": partial(asymmetric_mae, w=4.0),
    "huber": partial(huber, delta=0.02),
    "log_huber": partial(log_huber, delta=1e-3),
    "mae": mae,
    "mse": mse,
}
GRID = StartGrid({"e": (-1.0, 0.0, 1.0), "a": (0, 10, 20), "b": (0, 10, 20), "alpha": (0.1, 0.8), "beta": (0.1, 0.8)})


def quartic(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    """A loss that the engine does not know."""
    return (y_pred - y_true) ** 2 + (y_pred - y_true) ** 4


def problems(seeds: range) -> Iterator[tuple[str, Runs, Any, dict[str, Any]]]:
    """Yield the name, runs, loss and options of every fit: each problem with each loss, and some with options."""
    for seed in seeds:
        rng = np.random.default_rng(seed)
        runs, options = random_runs(rng), random_options(seed)
        for name, loss_fn in LOSSES.items():
            yield f"{seed} {name}", runs, loss_fn, options
        if seed % 20 == 0:
            yield f"{seed} quartic", runs, quartic, options


def random_runs(rng: np.random.Generator) -> Runs:
    """Draw runs of a random law with noise, rounded so that they do not depend on the last bit of a logarithm."""
    size = int(rng.integers(4, 60))
    E, alpha, beta = rng.uniform(0, 3), rng.uniform(0.1, 0.8), rng.uniform(0.1, 0.8)
    N = (10 ** rng.uniform(6, 9.5, size)).round()
    D = (10 ** rng.uniform(8, 11, size)).round()
    law = E + rng.uniform(0.2, 2) * (N / 1e8) ** -alpha + rng.uniform(0.2, 2) * (D / 1e9) ** -beta
    noise = rng.choice([0.0, 0.003, 0.03]) * rng.standard_normal(size)
    return Runs(N, D, np.round(law * np.exp(noise), 7))


def random_options(seed: int) -> dict[str, Any]:
    """Return options of the fit: weights, bounds, precision or an exhaustive search in turn, or none."""
    options: dict[str, Any] = {"starts": GRID}
    if seed % 7 == 1:
        options["weight_fn"] = np.sqrt
    if seed % 7 == 2:
        options["bounds"] = {"alpha": (0.2, 0.4), "E": (0.5, 2.5)}
    if seed % 7 == 3:
        options["bounds"] = {"A": (50.0, 5000.0), "beta": (0.3, 0.3)}
    if seed % 7 == 4:
        options["dtype"] = np.float64
    if seed % 25 == 5:
        options["exhaustive"] = True
    if seed % 25 == 6:
        del options["starts"]  # all 4,500 of Hoffmann et al.
    return options


def answer(found: Fit) -> dict[str, Any]:
    """Return the results of a fit with full precision."""
    return {
        "law": {name: value.hex() for name, value in found.law.as_dict().items()},
        "objective": found.objective.hex(),
        "status": found.status.value,
        "warnings": [warning.code for warning in found.warnings],
        "optima": found.optima,
        "landscape": hashlib.sha256(found.landscape.tobytes()).hexdigest(),
    }


def numerics() -> str:
    """Return a digest of how this machine rounds: other processors and libraries differ in the last bits."""
    x, wide = np.linspace(-20, 20, 2001), np.linspace(-20, 20, 2001, dtype=np.longdouble)
    high = np.exp(wide).astype(np.float64)
    parts = [
        *(f(x) for f in (np.exp, np.tanh, np.cosh, np.square)),
        *(high, (np.exp(wide) - high).astype(np.float64)),  # the bytes of a long double hold padding
        np.vander(x[:60], 5) @ np.vander(x[:5]),
        np.linalg.eigh(np.cov(x.reshape(3, -1)))[1],
        np.linalg.lstsq(np.vander(x[:60], 5), x[:60], rcond=None)[0],
    ]
    digest = hashlib.sha256(f"numpy {np.__version__}, scipy {scipy.__version__}".encode())
    for part in parts:
        digest.update(np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()


def solve(seeds: range = PROBLEMS) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the name and the answer of every fit of the problems with some seeds."""
    for name, runs, loss_fn, options in problems(seeds):
        yield name, answer(fit(runs, loss_fn=loss_fn, **options))


if __name__ == "__main__":
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(found)}" for name, found in solve())
    ANSWERS.write_text(f'{{"numerics": "{numerics()}", "fits": {{\n{lines}\n}}}}\n', encoding="utf-8")
