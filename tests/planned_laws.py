"""Laws and compute conventions of every kind to make plans with, drawn by hypothesis, and a search without calculus."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from chinchilla_nb.engine.compute.lifetime import LifetimeCompute
from chinchilla_nb.engine.compute.power import PowerCompute
from chinchilla_nb.engine.compute.product import SIX_ND, ProductCompute
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.laws.kaplan import KaplanLaw
from chinchilla_nb.engine.planning.data_limit import DataLimitedLaw

SARDANA = ScalingLaw(E=1.69, A=406.4, B=410.7, alpha=0.336, beta=0.283)
"""The law of Sardana et al. 2024 and de Vries 2023: that of Hoffmann et al. 2022 with an exponent more exact."""

CHINCHILLA = st.builds(
    ScalingLaw,
    E=st.floats(0, 3),
    A=st.floats(50, 1e4),
    B=st.floats(50, 1e4),
    alpha=st.floats(0.2, 0.6),
    beta=st.floats(0.2, 0.6),
)
KAPLAN = st.builds(
    KaplanLaw,
    N_c=st.floats(1e12, 1e15),
    D_c=st.floats(1e12, 1e15),
    alpha_N=st.floats(0.05, 0.4),
    alpha_D=st.floats(0.05, 0.4),
)
LAWS = CHINCHILLA | KAPLAN
LIMITED = st.builds(DataLimitedLaw, law=CHINCHILLA, unique_tokens=st.floats(8, 12).map(lambda exponent: 10**exponent))
BUDGETS = st.floats(19, 24).map(lambda exponent: 10**exponent)


POWER = st.builds(PowerCompute, k=st.floats(2, 20), p=st.floats(0.8, 1.2), q=st.floats(0.8, 1.2))
LIFETIME = st.builds(
    LifetimeCompute,
    st.floats(9, 11).map(lambda exponent: 10**exponent),
    st.just(SIX_ND) | st.just(ProductCompute(8)) | POWER,
)
TRAINING = st.just(SIX_ND) | st.builds(ProductCompute, st.floats(2, 12)) | POWER
COMPUTES = TRAINING | LIFETIME


def lowest(value, low, high, rounds=6, points=2001):
    """Return where a function of log x is lowest, and its value there, by grids that narrow around it."""
    for _ in range(rounds):
        grid = np.linspace(low, high, points)
        found = np.where(np.isnan(values := value(grid)), np.inf, values)
        best = int(found.argmin())
        low, high = grid[max(best - 2, 0)], grid[min(best + 2, points - 1)]
    return float(grid[best]), float(found[best])


@dataclass(frozen=True)
class WithoutClosedForm:
    """A law whose allocation has no closed form, like one that a user adds."""

    law: ScalingLaw

    parameters = ScalingLaw.parameters

    def loss(self, N, D):
        return self.law.loss(N, D)

    def gradient(self, N, D):
        return self.law.gradient(N, D)

    def iso_loss(self, loss):
        return self.law.iso_loss(loss)

    def iso_loss_D(self, loss, N):
        return self.law.iso_loss_D(loss, N)

    def iso_loss_N(self, loss, D):
        return self.law.iso_loss_N(loss, D)

    def as_dict(self):
        return self.law.as_dict()

    def equation(self, notation):
        return self.law.equation(notation)
