"""Time of `import chinchilla_nb` beyond numpy, scipy.optimize and pandas. Prints; never asserts wall-clock time."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

import pytest

GROUND = "import numpy, scipy.optimize, pandas"
REPEATS = 7


def seconds(statement: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return time.perf_counter() - start


@pytest.mark.parametrize(
    "statement",
    ["import chinchilla_nb", "from chinchilla_nb import Chinchilla", "from chinchilla_nb import fit"],
)
def test_import_time(statement):
    # Measured alternately, so that other load on the machine affects both equally.
    pairs = [(seconds(GROUND), seconds(f"{GROUND}; {statement}")) for _ in range(REPEATS)]
    ground, both = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"\n{GROUND}: {ground:.3f} s; with `{statement}` {both:.3f} s: {both - ground:+.3f} s")
