"""Two calls timed in turn, and the peer's calls timed in a process of its own."""

from __future__ import annotations

import json
import statistics
import subprocess
import time
from collections.abc import Callable
from typing import Any

__all__ = ["Peer", "interleaved", "seconds_of"]

PEER = """
import json, sys, tempfile, time
import numpy as np
if __name__ == "__main__":
    runs, axes = json.loads(sys.argv[1]), json.loads(sys.argv[2])
    started = time.perf_counter()
    from chinchilla import Chinchilla
    imported = time.perf_counter() - started
    cc = Chinchilla(tempfile.mkdtemp(), param_grid=axes, seed_ranges={"C": (1e18, 1e22), "N_to_D": (1, 100)},
                    log_level=40, scaling_factor=10.0)
    for N, D, loss in runs:
        cc.append(N=N, D=D, loss=loss)
    calls = {
        "fit": lambda: cc.fit(),
        "append": lambda: [cc.append(N=1e8 + i, D=1e10, loss=3.0) for i in range(20)],
        "simulate": lambda: cc.simulate(num_seeding_steps=100, num_scaling_steps=1, scaling_factor=10.0),
    }
    for line in sys.stdin:
        if line.strip() == "import":
            seconds = imported
        else:
            started = time.perf_counter()
            calls[line.strip()]()
            seconds = time.perf_counter() - started
        print("SECONDS", json.dumps(seconds), flush=True)
"""


class Peer:
    """The package chinchilla 0.2.0 in its own environment; only its documented interface is called.

    Parameters
    ----------
    python : str
        The interpreter of that environment.
    runs : list of tuple
        N, D and loss of the runs that it fits.
    axes : dict of str to list of float
        Its grid of starts.
    """

    def __init__(self, python: str, runs: list[tuple[float, float, float]], axes: dict[str, list[float]]) -> None:
        command = [python, "-c", PEER, json.dumps(runs), json.dumps(axes)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def seconds(self, call: str) -> float:
        """Return the seconds that one of its calls takes."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(call + "\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            if line.startswith("SECONDS"):
                return float(json.loads(line.removeprefix("SECONDS")))
        raise RuntimeError(f"the peer did not finish {call!r}")

    def close(self) -> None:
        """End its process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def seconds_of(call: Callable[[], Any]) -> float:
    """Return the seconds that a call takes."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def interleaved(ours: Callable[[], float], other: Callable[[], float], rounds: int) -> tuple[float, float, float]:
    """Time two calls in turn; both return seconds.

    Returns
    -------
    tuple of float
        The median of each in seconds, and the median of other / ours.
    """
    pairs = [(ours(), other()) for _ in range(rounds)]
    mine, theirs = zip(*pairs, strict=True)
    ratio = statistics.median(b / a for a, b in pairs)
    return statistics.median(mine), statistics.median(theirs), ratio
