"""Runs on isoFLOP slices of a law, shared by tests."""

from __future__ import annotations

import numpy as np
from runs import LAW

from chinchilla_nb.engine.laws.allocation import allocate
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.runs import Runs


def sliced_runs(
    law: ScalingLaw = LAW,
    C: tuple[float, ...] = (1e18, 1e19, 1e20, 1e21),
    width: float = 4.0,
    sizes: int = 7,
    off_centre: tuple[float, ...] | float = 1.0,
    noise: float = 0.0,
    rng: int | np.random.Generator = 0,
) -> Runs:
    """Return runs of some sizes at each budget, from 1 / width to width times a multiple of N*, by `off_centre`."""
    rng = np.random.default_rng(rng)
    centre = allocate(law, np.array(C))[0] * off_centre
    N = np.outer(centre, np.geomspace(1 / width, width, sizes)).ravel()
    D = np.repeat(C, sizes) / 6 / N
    return Runs(N, D, law.loss(N, D) * np.exp(noise * rng.normal(size=len(N))))
