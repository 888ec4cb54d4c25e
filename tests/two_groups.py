"""Runs of two groups whose efficiencies are known."""

from __future__ import annotations

import numpy as np

from chinchilla_nb import Runs, ScalingLaw

E_N, E_D = 1.5, 2.0
"""Efficiencies of the second group: the first needs E_N x E_D = 3 times its compute."""
FIRST = ScalingLaw(E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28)
SECOND = ScalingLaw(E=1.69, A=406.4 / E_N**0.34, B=410.7 / E_D**0.28, alpha=0.34, beta=0.28)


def two_groups(n: int = 40, noise: float = 0.004, rng: int = 0, second: ScalingLaw = SECOND) -> Runs:
    """Return runs of groups "first" and "second" in turn, with C over three decades and D/N over two."""
    generator = np.random.default_rng(rng)
    C = np.exp(generator.uniform(*np.log([1e18, 1e21]), n))
    N = np.round(np.sqrt(C / 6 / np.exp(generator.uniform(*np.log([2, 200]), n))))
    D = np.round(C / 6 / N)
    group = np.resize(["first", "second"], n)
    loss = np.where(group == "first", FIRST.loss(N, D), second.loss(N, D))
    return Runs(N, D, loss * np.exp(noise * generator.standard_normal(n)), columns={"group": group})
