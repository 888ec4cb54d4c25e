"""The export of a tracker: runs of two architectures in the columns and the disorder of a real project.

It holds repeated seeds, one row twice, a crashed run with its last loss, a killed run without any, and a running one.
"""

from __future__ import annotations

import csv
import io

import numpy as np

from chinchilla_nb.engine.laws.chinchilla import ScalingLaw

SIZES = (44e6, 85e6, 162e6, 354e6, 760e6)
BUDGETS = (3e18, 1e19, 3e19, 1e20, 3e20)
LAWS = {
    "llama": ScalingLaw(E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28),
    "mamba": ScalingLaw(E=1.69, A=460.0, B=440.0, alpha=0.34, beta=0.28),
}
TOKENS_PER_PARAMETER = (3, 700)
"""The lowest and highest D/N that are trained: of each budget some sizes, as in isoFLOP slices."""
NOISE = 0.006
"""Standard deviation of the logarithm of the loss over seeds."""
HEADER = ("Name", "State", "model/n_params", "train/tokens", "eval/loss", "lr", "config/arch", "seed", "Created")


def tracker_table(seed: int = 0) -> str:
    """Return the export as the text of a CSV file: 36 runs that finished, one of them twice, and 4 that did not."""
    rng = np.random.default_rng(seed)
    rows = [
        _row(architecture, N, C, 0, rng)
        for architecture in LAWS
        for C in BUDGETS
        for N in SIZES
        if TOKENS_PER_PARAMETER[0] <= C / 6 / N**2 <= TOKENS_PER_PARAMETER[1]
    ]
    rows += [_row(architecture, SIZES[1], BUDGETS[0], again, rng) for architecture in LAWS for again in (1, 2)]
    unfinished = zip(("crashed", "killed", "failed", "running"), ("4.3", "7.91", "", ""), strict=True)
    broken = [
        [f"x-{row[0]}", state, *row[2:4], loss, *row[5:]] for row, (state, loss) in zip(rows, unfinished, strict=False)
    ]
    rows += [rows[0], *broken]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([HEADER, *(rows[i] for i in rng.permutation(len(rows)))])
    return text.getvalue()


def _row(architecture: str, N: float, C: float, seed: int, rng: np.random.Generator) -> list[object]:
    D = round(C / 6 / N)
    loss = float(LAWS[architecture].loss(N, D)) * np.exp(NOISE * rng.normal())
    name = f"{architecture}-{N / 1e6:.0f}M-{C:.0e}-seed{seed}"
    return [name, "finished", int(N), D, round(loss, 4), 0.001, architecture, seed, "2026-03-14T12:00:00.000Z"]
