"""A grid of starting values suggested by the runs themselves."""

from __future__ import annotations

import numpy as np

from chinchilla_nb.engine.laws.starts import StartGrid
from chinchilla_nb.engine.runs import Runs

__all__ = ["suggest_grid"]

EXPONENTS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.7)
"""Of N and D: what has been measured for language, vision and games lies between."""

SHARES = (0.3, 0.6, 0.8, 0.9, 0.97)
"""Of the lowest loss that may be irreducible."""


def suggest_grid(runs: Runs) -> StartGrid:
    """Return starts around the laws that could have made these runs.

    E is a share of the lowest loss. What a term leaves of the loss at the middle run, (L - E) / 2, gives log A =
    log((L - E) / 2) + alpha log N for each exponent, and log B likewise; the grid covers what that ranges over.

    Raises
    ------
    ValueError
        If there are no runs.
    """
    if not len(runs):
        raise ValueError("a grid can be suggested once there are runs: append some first")
    lowest, middle = float(runs.loss.min()), float(np.median(runs.loss))
    excess = [max(middle - share * lowest, 1e-3 * middle) / 2 for share in (SHARES[0], SHARES[-1])]
    axes = {"E": [float(f"{share * lowest:.4g}") for share in SHARES], "alpha": EXPONENTS, "beta": EXPONENTS}
    for name, sizes in (("a", runs.N), ("b", runs.D)):
        log_size = float(np.log(sizes).mean())
        low = np.log(min(excess)) + EXPONENTS[0] * log_size
        high = np.log(max(excess)) + EXPONENTS[-1] * log_size
        axes[name] = np.linspace(np.floor(low), np.ceil(high), 5).tolist()
    return StartGrid(axes)
