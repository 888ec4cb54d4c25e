"""The scaling law L(N, D) = E + A / N^alpha + B / D^beta (Hoffmann et al. 2022, equation 2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.engine.conversion import as_float, as_magnitudes, as_positive_values, check_type
from chinchilla_nb.engine.laws.family import IsoLoss
from chinchilla_nb.engine.laws.notation import HTML, TEXT, Notation
from chinchilla_nb.engine.laws.parameters import (
    CHINCHILLA_PARAMETERS,
    Parameter,
    as_parameter,
    check_interior,
    linear_params,
)

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

        An infinite N or D gives the limit, and NaN gives NaN. A loss beyond float64 is infinite.

        Raises
        ------
        InputError
            If one of them is not a number, zero or negative, or they do not broadcast.
        """
        N, D = as_magnitudes(N=N, D=D)
        with np.errstate(all="ignore"):
            return np.asarray(self.E + _term(self.A, N, self.alpha) + _term(self.B, D, self.beta))

    def gradient(self, N: ArrayLike, D: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return dL/dN and dL/dD, loss per parameter and per token; errors as for `loss`."""
        N, D = as_magnitudes(N=N, D=D)
        with np.errstate(all="ignore"):
            return -self.alpha * _term(self.A, N, self.alpha + 1), -self.beta * _term(self.B, D, self.beta + 1)

    def iso_loss(self, loss: float) -> IsoLoss:
        """Return the curve in N and D along which the loss is reached: A / N^alpha + B / D^beta = L - E."""
        with np.errstate(divide="ignore", invalid="ignore"):
            log_A, log_B, log_S = np.log([self.A, self.B, as_float(loss, "loss") - self.E])
        return IsoLoss(float(log_A), self.alpha, float(log_B), self.beta, float(log_S))

    def iso_loss_D(self, loss: ArrayLike, N: ArrayLike) -> NDArray[np.float64]:
        """Return the tokens with which N parameters reach a loss; NaN where no amount of data is enough."""
        loss, N = as_magnitudes(loss=loss, N=N)
        with np.errstate(all="ignore"):
            return _invert(loss - self.E - _term(self.A, N, self.alpha), self.B, self.beta)

    def iso_loss_N(self, loss: ArrayLike, D: ArrayLike) -> NDArray[np.float64]:
        """Return the parameters with which D tokens reach a loss; NaN where no model is large enough."""
        loss, D = as_magnitudes(loss=loss, D=D)
        with np.errstate(all="ignore"):
            return _invert(loss - self.E - _term(self.B, D, self.beta), self.A, self.alpha)

    def allocate(self, C: Array) -> tuple[Array, Array]:
        """Return N* and D* for budgets of C FLOPs (Hoffmann et al. 2022, equation 4), also those below one.

        With G = (alpha A / (beta B))^(1 / (alpha + beta)) and the exponents a and b: N* = G (C / 6)^a and
        D* = (C / 6)^b / G.

        Raises
        ------
        InputError
            If a budget is not positive and finite, or the law has no interior optimum.
        """
        C = as_positive_values(C, "C")
        a, b = self.exponents()
        # In logarithms, because products of C, A and B can overflow.
        log_G = self._log_ratio() / (self.alpha + self.beta)
        log_budget = np.log(C / 6)
        with np.errstate(all="ignore"):
            return np.exp(log_G + a * log_budget), np.exp(b * log_budget - log_G)

    def optimal_D(self, N: Array) -> Array:
        """Return the tokens at which models of N parameters are compute-optimal, G^-(1 + b/a) N^(b/a).

        There alpha A / N^alpha = beta B / D^beta. Errors as for `allocate`; infinity for tokens beyond float64.
        """
        N = as_positive_values(N, "N")
        check_interior(self.as_dict(), self.parameters)
        with np.errstate(all="ignore"):
            return np.asarray(np.exp((self.alpha * np.log(N) - self._log_ratio()) / self.beta))

    def exponents(self) -> tuple[float, float]:
        """Return a = beta / (alpha + beta) and b = alpha / (alpha + beta), the exponents of N* and D* in C.

        Raises
        ------
        InputError
            If the law has no interior optimum.
        """
        check_interior(self.as_dict(), self.parameters)
        total = self.alpha + self.beta
        return self.beta / total, self.alpha / total

    def _log_ratio(self) -> np.float64:
        """Return log(alpha A / (beta B))."""
        return np.float64(np.log(self.alpha) + np.log(self.A) - np.log(self.beta) - np.log(self.B))

    def as_dict(self) -> dict[str, float]:
        """Return the five parameters by name."""
        # Not asdict, whose deep copies take a while: panels ask a thousand times for each fit.
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def equation(self, notation: Notation) -> str:
        """Return the equation of the law with its values."""
        check_type(notation, "notation", Notation)
        text = f"{notation.loss} = {notation.number(self.E)}"
        for factor, axis, power in ((self.A, "N", self.alpha), (self.B, "D", self.beta)):
            base = notation.power(notation.variable(axis), notation.exponent(power))
            text += f" + {notation.ratio(notation.number(factor), base)}"
        return text

    def __str__(self) -> str:
        return self.equation(TEXT)

    def _repr_html_(self) -> str:
        return self.equation(HTML)


PARAMETERS = tuple(field.name for field in fields(ScalingLaw))
"""Names of the five parameters, in the order used by every array of parameters."""


def _term(factor: float, x: NDArray[np.float64], exponent: float) -> NDArray[np.float64]:
    """Return factor / x^exponent, which is zero with a factor of zero also where the power overflows."""
    return np.where(np.isnan(x), np.nan, 0.0) if factor == 0 else factor * x**-exponent


def _invert(excess: NDArray[np.float64], factor: float, exponent: float) -> NDArray[np.float64]:
    """Solve factor / x^exponent = excess for x."""
    with np.errstate(divide="ignore", over="ignore"):
        x = (factor / np.where(excess > 0, excess, np.nan)) ** (np.float64(1) / exponent if exponent else np.inf)
    return np.where(np.isfinite(x) & (x > 0), x, np.nan)
