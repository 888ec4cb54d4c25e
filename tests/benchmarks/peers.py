"""The packages that the project is compared with, each in a process of its own environment.

Only their documented interfaces are called. The runs of both are those of the comparison.
"""

from __future__ import annotations

import json
import subprocess
from typing import Any

__all__ = ["CHINCHILLA", "SIMPLE_SCALING_LAWS", "Peer"]

CHINCHILLA = """
import json, sys, tempfile, time
import numpy as np
if __name__ == "__main__":
    runs, axes = json.loads(sys.argv[1]), json.loads(sys.argv[2])
    from chinchilla import Chinchilla
    cc = Chinchilla(tempfile.mkdtemp(), param_grid=axes, seed_ranges={"C": (1e18, 1e22), "N_to_D": (1, 100)},
                    log_level=40, scaling_factor=10.0)
    for N, D, loss in runs:
        cc.append(N=N, D=D, loss=loss)
    calls = {
        "fit": lambda: cc.fit(),
        "append": lambda: [cc.append(N=1e8 + i, D=1e10, loss=3.0) for i in range(20)],
        "simulate": lambda: cc.simulate(num_seeding_steps=100, num_scaling_steps=1, scaling_factor=10.0),
        "law": lambda: [float(cc.get_params()[name]) for name in ("E", "A", "B", "alpha", "beta")],
    }
"""
"""chinchilla 0.2.0; its arguments are the runs as (N, D, loss), and the axes of its grid of starts."""

SIMPLE_SCALING_LAWS = """
import json, sys, time
import polars as pl
from simple_scaling_laws import fit
if __name__ == "__main__":
    N, D, loss = zip(*json.loads(sys.argv[1]))
    table = pl.DataFrame({
        "training_run_id": [f"run {row}" for row in range(len(N))],
        "model_size__n_params": N, "dataset_size__n_tokens": D, "test_loss__nats": loss,
    })
    # The least number of draws of its bootstrap, which is part of every fit, is one.
    calls = {
        "fit": lambda: fit(table, law="separable-power", n_draws=1, seed=0),
        "fit and 1,000 draws": lambda: fit(table, law="separable-power", n_draws=1000, seed=0),
    }
"""
"""simple-scaling-laws 0.2.0; its argument is the runs as (N, D, loss). It fits by least squares of the losses."""

ANSWER = """
    for line in sys.stdin:
        started = time.perf_counter()
        answer = calls[line.strip()]()
        seconds = time.perf_counter() - started
        print("ANSWER", json.dumps([seconds, answer if line.strip() == "law" else None]), flush=True)
"""


class Peer:
    """A package in its own environment, whose calls are timed there.

    Parameters
    ----------
    python : str
        The interpreter of that environment.
    program : str
        Defines ``calls``, a dict of the calls by name.
    *arguments : object
        What the program reads from its arguments as JSON.
    """

    def __init__(self, python: str, program: str, *arguments: object) -> None:
        command = [python, "-c", program + ANSWER, *map(json.dumps, arguments)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def seconds(self, call: str) -> float:
        """Return the seconds that one of its calls takes."""
        return float(self._ask(call)[0])

    def law(self) -> list[float]:
        """Return E, A, B, alpha and beta of its last fit."""
        return list(self._ask("law")[1])

    def _ask(self, call: str) -> list[Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(call + "\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            if line.startswith("ANSWER"):
                return list(json.loads(line.removeprefix("ANSWER")))
        raise RuntimeError(f"the peer did not finish {call!r}")

    def close(self) -> None:
        """End its process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
