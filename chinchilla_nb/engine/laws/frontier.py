"""The frontier law L(C) = E + A / C^alpha: the lowest loss that each budget reaches (Hoffmann et al. 2022)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, NoReturn

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.engine.conversion import as_magnitudes, check_type
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.notation import HTML, TEXT, Notation
from chinchilla_nb.engine.laws.parameters import LARGEST_EXPONENT, Parameter, as_parameter, linear_params

__all__ = ["FRONTIER_PARAMETERS", "FrontierLaw"]

FRONTIER_PARAMETERS = (
    Parameter("E", "floor", "E", "irreducible loss", log_name="e"),
    Parameter("A", "factor", "A", "factor of the compute term", "C", "a"),
    Parameter("alpha", "exponent", "α", "exponent of C", "C", largest=LARGEST_EXPONENT),
)
"""The parameters, in the order used by every array of parameters."""


@dataclass(frozen=True, slots=True)
class FrontierLaw:
    """Loss of compute-optimal runs as a function of compute.

    A law L(N, D) = E + A / N^alpha + B / D^beta has this form on its efficient frontier, with the same E and the
    exponent alpha beta / (alpha + beta). It says nothing of N and D, so that it cannot allocate a budget.

    Parameters
    ----------
    E : float
        Irreducible loss: the limit for ever more compute.
    A, alpha : float
        Loss due to the finite compute, A / C^alpha with C in FLOPs.
    """

    E: float
    A: float
    alpha: float

    parameters: ClassVar[tuple[Parameter, ...]] = FRONTIER_PARAMETERS

    def __post_init__(self) -> None:
        for parameter in FRONTIER_PARAMETERS:
            object.__setattr__(self, parameter.name, as_parameter(parameter.name, getattr(self, parameter.name)))

    @classmethod
    def from_params(cls, params: Mapping[str, float]) -> FrontierLaw:
        """Build a law from a mapping; ``e`` and ``a`` are the logarithms of ``E`` and ``A``.

        Raises
        ------
        InputError
            If a parameter is missing, unknown, or given both directly and as a logarithm.
        """
        return cls(**linear_params(params, cls.parameters))

    def loss(self, C: ArrayLike) -> NDArray[np.float64]:
        """Predict the loss of compute-optimal runs of C FLOPs.

        Raises
        ------
        InputError
            If C is not a number, zero or negative.
        """
        (C,) = as_magnitudes(C=C)
        with np.errstate(all="ignore"):
            term = np.where(np.isnan(C), np.nan, 0.0) if self.A == 0 else self.A * C**-self.alpha
            return np.asarray(self.E + term)

    def _refuse(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Raise an InputError: the law does not depend on N and D."""
        raise InputError(
            "law",
            "must be a function of N and D for this",
            got=str(self),
            remedy="fit law='chinchilla' to runs with N and D",
        )

    gradient = iso_loss = iso_loss_D = iso_loss_N = allocate = optimal_D = exponents = _refuse

    def as_dict(self) -> dict[str, float]:
        """Return the three parameters by name."""
        return asdict(self)

    def equation(self, notation: Notation) -> str:
        """Return the equation of the law with its values."""
        check_type(notation, "notation", Notation)
        base = notation.power(notation.variable("C"), notation.exponent(self.alpha))
        left = f"{notation.variable('L')}({notation.variable('C')})"
        return f"{left} = {notation.number(self.E)} + {notation.ratio(notation.number(self.A), base)}"

    def __str__(self) -> str:
        return self.equation(TEXT)

    def _repr_html_(self) -> str:
        return self.equation(HTML)
