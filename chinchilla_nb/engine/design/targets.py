"""What a study is to determine: N* or the loss at a budget, or the loss of one model; and how it moves with the law."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.compute.product import SIX_ND
from chinchilla_nb.engine.conversion import as_positive_number, check_type
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.reliability.linearised import log_N_gradient, point_of
from chinchilla_nb.engine.laws.allocation import allocate, optima
from chinchilla_nb.engine.laws.family import Coordinates, Law
from chinchilla_nb.engine.laws.notation import TEXT
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.quantity import scientific

__all__ = ["LossAt", "OptimalLoss", "OptimalN", "Target"]

Array = NDArray[Any]

STEP = 0.02
"""Step in log N along an isoFLOP line: second differences of the loss are then right to about 1e-4, and rounding of the
loss is below 1e-10 of them."""
LARGEST = 1e300
"""Larger N and D, and products of them, leave too little of float64 for their compute in FLOPs."""


class Target(Protocol):
    """A positive quantity of a law, whose logarithm a study estimates."""

    @property
    def text(self) -> str:
        """What it is, e.g. ``N* at C = 1e+22``."""

    def value(self, law: Law) -> float:
        """Return the quantity for a law; NaN if the law has none."""

    def gradient(self, law: Law, box: Coordinates) -> Array:
        """Return the derivatives of its logarithm by theta, shape (p,), at a law.

        Raises
        ------
        InputError
            If the law has no optimum at the budget.
        """


@dataclass(frozen=True, slots=True)
class OptimalN:
    """The compute-optimal number of parameters N* at a budget.

    Attributes
    ----------
    C : float
        Budget in FLOPs.
    compute : Compute
        How C follows from N and D.
    """

    C: float
    compute: Compute = SIX_ND

    def __post_init__(self) -> None:
        object.__setattr__(self, "C", as_positive_number(self.C, "C"))
        check_type(self.compute, "compute", Compute)

    @property
    def text(self) -> str:
        """What it is."""
        return f"N* at C = {scientific(self.C)}"

    def value(self, law: Law) -> float:
        """Return N* of a law; NaN if it has none."""
        return float(optima(law, self.C, self.compute)[0])

    def gradient(self, law: Law, box: Coordinates) -> Array:
        """Return the derivatives of log N* by theta, shape (p,).

        Raises
        ------
        InputError
            If the law has no optimum at the budget, or the loss is flat around it.
        """
        N = float(allocate(law, self.C, self.compute)[0])
        sizes = N * np.exp(STEP * np.array([-1.0, 0.0, 1.0]))
        found = log_N_gradient(box, box.theta(point_of(law)), sizes, self.compute.D(self.C, sizes), STEP)
        if found is None:
            raise InputError(
                "C",
                "must have an optimum around which the loss is not flat",
                got=f"{self.C:.6g}",
                place=f"with {law.equation(TEXT)}",
                remedy="design for the loss at a budget instead",
            )
        return found


@dataclass(frozen=True, slots=True)
class OptimalLoss:
    """The loss of the compute-optimal model at a budget; its attributes are those of `OptimalN`."""

    C: float
    compute: Compute = SIX_ND

    def __post_init__(self) -> None:
        object.__setattr__(self, "C", as_positive_number(self.C, "C"))
        check_type(self.compute, "compute", Compute)

    @property
    def text(self) -> str:
        """What it is."""
        return f"the loss at C = {scientific(self.C)}"

    def value(self, law: Law) -> float:
        """Return the loss at the optimum of a law; NaN if it has none."""
        return float(law.loss(*optima(law, self.C, self.compute)))

    def gradient(self, law: Law, box: Coordinates) -> Array:
        """Return the derivatives of the log loss by theta, shape (p,).

        The optimum moves with theta as well, but along the isoFLOP line the loss does not change with it (envelope
        theorem).

        Raises
        ------
        InputError
            If the law has no optimum at the budget.
        """
        N, D = (np.atleast_1d(value) for value in allocate(law, self.C, self.compute))
        jacobian, loss = _derivatives(law, box, N, D)
        return np.asarray(jacobian[0] / loss[0])


@dataclass(frozen=True, slots=True)
class LossAt:
    """The loss of N parameters trained on D tokens.

    Attributes
    ----------
    N, D : float
    """

    N: float
    D: float

    def __post_init__(self) -> None:
        N, D = (as_positive_number(value, name) for name, value in (("N", self.N), ("D", self.D)))
        if max(N, D, N * D) > LARGEST:
            raise InputError("target", "must be N and D of a run", got=f"N = {N:g} and D = {D:g}")
        object.__setattr__(self, "N", N)
        object.__setattr__(self, "D", D)

    @property
    def text(self) -> str:
        """What it is."""
        return f"the loss at N = {scientific(self.N)} and D = {scientific(self.D)}"

    def value(self, law: Law) -> float:
        """Return the loss that a law predicts."""
        return float(law.loss(self.N, self.D))

    def gradient(self, law: Law, box: Coordinates) -> Array:
        """Return the derivatives of the log loss by theta, shape (p,)."""
        jacobian, loss = _derivatives(law, box, np.array([self.N]), np.array([self.D]))
        return np.asarray(jacobian[0] / loss[0])


def _derivatives(law: Law, box: Coordinates, N: Array, D: Array) -> tuple[Array, Array]:
    """Return the derivatives of losses by theta, shape (n, p), and the losses, shape (n,), in units of the box."""
    at = box.predictor(Runs(N, D, np.ones(len(N)))).at(box.theta(point_of(law)))
    return at.jacobian(), at.value
