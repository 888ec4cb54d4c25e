"""A law to simulate that gives losses as large as those of runs, before a law has been fitted to them."""

from __future__ import annotations

import numpy as np

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.laws.known import KNOWN_LAWS
from chinchilla_nb.engine.runs import Runs

__all__ = ["law_at_scale"]

FLOOR = 0.8
"""Irreducible loss as a share of the lowest loss: it is 0.7 to 0.9 of those of published studies."""
LEAST_EXCESS = 1e-3
"""Smallest excess over E, as a share of the middle loss, so that both terms exist for runs of nearly equal loss."""
DIGITS = 3
"""Digits of E, A and B: more would look as if they had been fitted."""


def law_at_scale(runs: Runs) -> ScalingLaw:
    """Return a law with the exponents of Hoffmann et al. 2022 whose losses are about as large as those of runs.

    At the middle of the runs, in logarithms of N and D, it gives their median loss, to which both terms contribute
    alike.

    Raises
    ------
    InputError
        If there are no runs.
    """
    if not len(runs):
        raise InputError("runs", "must hold at least one run", got="none")
    exponents = KNOWN_LAWS["Hoffmann et al. 2022"]
    E, middle = FLOOR * float(runs.loss.min()), float(np.median(runs.loss))
    term = max(middle - E, LEAST_EXCESS * middle) / 2
    A = term * float(np.exp(exponents.alpha * np.log(runs.N).mean()))
    B = term * float(np.exp(exponents.beta * np.log(runs.D).mean()))
    values = {name: float(f"{value:.{DIGITS}g}") for name, value in (("E", E), ("A", A), ("B", B))}
    return ScalingLaw(**values, alpha=exponents.alpha, beta=exponents.beta)
