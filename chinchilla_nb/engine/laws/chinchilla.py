"""The scaling law L(N, D) = E + A / N^alpha + B / D^beta (Hoffmann et al. 2022, equation 2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.engine.conversion import as_real_array
from chinchilla_nb.engine.laws.family import IsoLoss
from chinchilla_nb.engine.laws.notation import HTML, TEXT, Notation
from chinchilla_nb.engine.laws.parameters import CHINCHILLA_PARAMETERS, Parameter, as_parameter, linear_params

__all__ = ["PARAMETERS", "ScalingLaw"]

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class ScalingLaw:
    """Loss as a function of model size and data.

    Parameters
    ----------
    E : float
        Irreducible loss: the limit for ever larger models and ever more data.
    A, alpha : float
        Loss due to the finite model size, A / N^alpha.
    B, beta : float
        Loss due to the finite data, B / D^beta.
    """

    E: float
    A: float
    B: float
    alpha: float
    beta: float

    parameters: ClassVar[tuple[Parameter, ...]] = CHINCHILLA_PARAMETERS

    def __post_init__(self) -> None:
        for name in PARAMETERS:
            object.__setattr__(self, name, as_parameter(name, getattr(self, name)))

    @classmethod
    def from_params(cls, params: Mapping[str, float]) -> ScalingLaw:
        """Build a law from a mapping; ``e``, ``a``, ``b`` are the logarithms of ``E``, ``A``, ``B``.

        Raises
        ------
        InputError
            If a parameter is missing, unknown, or given both directly and as a logarithm.
        """
        return cls(**linear_params(params, cls.parameters))

    def loss(self, N: ArrayLike, D: ArrayLike) -> NDArray[np.float64]:
        """Predict the loss of models of N parameters trained on D tokens; N and D broadcast.

        Raises
        ------
        InputError
            If one of them is not a number.
        """
        N, D = as_real_array(N, "N"), as_real_array(D, "D")
        return np.asarray(self.E + self.A * N**-self.alpha + self.B * D**-self.beta)

    def gradient(self, N: ArrayLike, D: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return dL/dN and dL/dD, loss per parameter and per token."""
        N, D = np.asarray(N, dtype=float), np.asarray(D, dtype=float)
        return -self.alpha * self.A * N ** (-self.alpha - 1), -self.beta * self.B * D ** (-self.beta - 1)

    def iso_loss(self, loss: float) -> IsoLoss:
        """Return the curve in N and D along which the loss is reached: A / N^alpha + B / D^beta = L - E."""
        with np.errstate(divide="ignore", invalid="ignore"):
            log_A, log_B, log_S = np.log([self.A, self.B, loss - self.E])
        return IsoLoss(float(log_A), self.alpha, float(log_B), self.beta, float(log_S))

    def iso_loss_D(self, loss: ArrayLike, N: ArrayLike) -> NDArray[np.float64]:
        """Return the tokens with which N parameters reach a loss; NaN where no amount of data is enough."""
        excess = np.asarray(loss) - self.E - self.A * np.asarray(N, dtype=float) ** -self.alpha
        return _invert(excess, self.B, self.beta)

    def iso_loss_N(self, loss: ArrayLike, D: ArrayLike) -> NDArray[np.float64]:
        """Return the parameters with which D tokens reach a loss; NaN where no model is large enough."""
        excess = np.asarray(loss) - self.E - self.B * np.asarray(D, dtype=float) ** -self.beta
        return _invert(excess, self.A, self.alpha)

    def allocate(self, C: Array) -> tuple[Array, Array]:
        """Return N* and D* for budgets of C FLOPs (Hoffmann et al. 2022, equation 4).

        With G = (alpha A / (beta B))^(1 / (alpha + beta)) and the exponents a and b: N* = G (C / 6)^a and
        D* = (C / 6)^b / G.
        """
        a, b = self.exponents()
        # In logarithms, because products of C, A and B can overflow.
        log_G = self._log_ratio() / (self.alpha + self.beta)
        log_budget = np.log(C / 6)
        return np.exp(log_G + a * log_budget), np.exp(b * log_budget - log_G)

    def optimal_D(self, N: Array) -> Array:
        """Return the tokens at which models of N parameters are compute-optimal, G^-(1 + b/a) N^(b/a).

        There alpha A / N^alpha = beta B / D^beta.
        """
        return np.asarray(np.exp((self.alpha * np.log(N) - self._log_ratio()) / self.beta))

    def exponents(self) -> tuple[float, float]:
        """Return a = beta / (alpha + beta) and b = alpha / (alpha + beta), the exponents of N* and D* in C."""
        total = self.alpha + self.beta
        return self.beta / total, self.alpha / total

    def _log_ratio(self) -> np.float64:
        """Return log(alpha A / (beta B))."""
        return np.float64(np.log(self.alpha) + np.log(self.A) - np.log(self.beta) - np.log(self.B))

    def as_dict(self) -> dict[str, float]:
        """Return the five parameters by name."""
        return asdict(self)

    def equation(self, notation: Notation) -> str:
        """Return the equation of the law with its values."""
        text = f"{notation.loss} = {notation.number(self.E)}"
        for factor, axis, power in ((self.A, "N", self.alpha), (self.B, "D", self.beta)):
            base = notation.power(notation.variable(axis), notation.exponent(power))
            text += f" + {notation.number(factor)}{notation.over}{base}"
        return text

    def __str__(self) -> str:
        return self.equation(TEXT)

    def _repr_html_(self) -> str:
        return self.equation(HTML)


PARAMETERS = tuple(field.name for field in fields(ScalingLaw))
"""Names of the five parameters, in the order used by every array of parameters."""


def _invert(excess: NDArray[np.float64], factor: float, exponent: float) -> NDArray[np.float64]:
    """Solve factor / x^exponent = excess for x."""
    with np.errstate(divide="ignore", over="ignore"):
        x = (factor / np.where(excess > 0, excess, np.nan)) ** (np.float64(1) / exponent if exponent else np.inf)
    return np.where(np.isfinite(x) & (x > 0), x, np.nan)
