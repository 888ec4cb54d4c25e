"""A grid of starting values derived from the runs."""

from __future__ import annotations

import numpy as np

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.starts import StartGrid
from chinchilla_nb.engine.runs import Runs

__all__ = ["suggest_grid"]

EXPONENTS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.7)
"""Exponents of N and D: those measured for language, vision and games lie within this range."""

SHARES = (0.3, 0.6, 0.8, 0.9, 0.97)
"""Shares of the lowest loss that may be irreducible."""

LEAST_EXCESS = 1e-3
"""Smallest excess over E, as a share of the middle loss, so that its logarithm exists for runs of nearly equal loss."""

FACTORS = 5
"""Number of starting values of log A and of log B."""


def suggest_grid(runs: Runs) -> StartGrid:
    """Return starts around the laws that could have produced these runs.

    E is a share of the lowest loss. At the middle run each term contributes about half of the rest, (L - E) / 2, so
    that log A = log((L - E) / 2) + alpha log N for each exponent, and likewise for log B; the grid covers their range.

    Raises
    ------
    InputError
        If there are no runs.
    """
    if not len(runs):
        raise InputError("", "a grid can be suggested only once there are runs", remedy="append some first")
    lowest, middle = float(runs.loss.min()), float(np.median(runs.loss))
    excess = [max(middle - share * lowest, LEAST_EXCESS * middle) / 2 for share in (SHARES[0], SHARES[-1])]
    axes = {"E": [float(f"{share * lowest:.4g}") for share in SHARES], "alpha": EXPONENTS, "beta": EXPONENTS}
    for name, sizes in (("a", runs.N), ("b", runs.D)):
        log_size = float(np.log(sizes).mean())
        low = np.log(min(excess)) + EXPONENTS[0] * log_size
        high = np.log(max(excess)) + EXPONENTS[-1] * log_size
        axes[name] = np.linspace(np.floor(low), np.ceil(high), FACTORS).tolist()
    return StartGrid(axes)
