"""The joint law L(N, D) = [(N_c / N)^(alpha_N / alpha_D) + D_c / D]^alpha_D (Kaplan et al. 2020, equation 1.5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.engine.conversion import as_float, as_magnitudes, as_positive_values, check_type
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.family import IsoLoss
from chinchilla_nb.engine.laws.notation import HTML, TEXT, Notation
from chinchilla_nb.engine.laws.parameters import (
    LARGEST_EXPONENT,
    Parameter,
    as_parameter,
    check_interior,
    linear_params,
)

__all__ = ["KAPLAN_PARAMETERS", "LEAST_EXPONENT", "KaplanLaw"]

Array = NDArray[Any]

LEAST_EXPONENT = 0.01
"""Towards zero, N_c and D_c exceed all numbers."""
KAPLAN_PARAMETERS = (
    Parameter("N_c", "factor", "N_c", "scale of the model-size term", "N", "log_N_c"),
    Parameter("D_c", "factor", "D_c", "scale of the data term", "D", "log_D_c"),
    Parameter("alpha_N", "exponent", "α_N", "exponent of N", "N", least=LEAST_EXPONENT, largest=LARGEST_EXPONENT),
    Parameter("alpha_D", "exponent", "α_D", "exponent of D", "D", least=LEAST_EXPONENT, largest=LARGEST_EXPONENT),
)
"""The parameters, in the order used by every array of parameters."""


@dataclass(frozen=True, slots=True)
class KaplanLaw:
    """Loss as a function of model size and data, without an irreducible loss: it tends to zero as both grow.

    Parameters
    ----------
    N_c, D_c : float
        Scales of the two terms, in parameters and in tokens.
    alpha_N, alpha_D : float
        The loss falls as N^-alpha_N when data are abundant, and as D^-alpha_D when the model is large.
    """

    N_c: float
    D_c: float
    alpha_N: float
    alpha_D: float

    parameters: ClassVar[tuple[Parameter, ...]] = KAPLAN_PARAMETERS

    def __post_init__(self) -> None:
        for parameter in KAPLAN_PARAMETERS:
            object.__setattr__(self, parameter.name, as_parameter(parameter.name, getattr(self, parameter.name)))
        if self.alpha_D == 0:
            raise InputError("alpha_D", "must be positive", got="0")

    @classmethod
    def from_params(cls, params: Mapping[str, float]) -> KaplanLaw:
        """Build a law from a mapping; ``log_N_c`` and ``log_D_c`` are the logarithms of ``N_c`` and ``D_c``.

        Raises
        ------
        InputError
            If a parameter is missing, unknown, or given both directly and as a logarithm.
        """
        return cls(**linear_params(params, cls.parameters))

    @property
    def _ratio(self) -> float:
        return self.alpha_N / self.alpha_D

    def _log_term_of_size(self, N: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the logarithm of (N_c / N)^r, which is one for r = 0, also where the base is zero."""
        if self._ratio == 0:
            return np.where(np.isnan(N), np.nan, 0.0)
        with np.errstate(divide="ignore"):
            return np.asarray(self._ratio * (np.log(self.N_c) - np.log(N)))

    def _log_term_of_data(self, D: NDArray[np.float64]) -> NDArray[np.float64]:
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self.D_c) - np.log(D))

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
            log_S = np.logaddexp(self._log_term_of_size(N), self._log_term_of_data(D))
            return np.asarray(np.exp(self.alpha_D * log_S))

    def gradient(self, N: ArrayLike, D: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return dL/dN and dL/dD, loss per parameter and per token; errors as for `loss`."""
        N, D = as_magnitudes(N=N, D=D)
        with np.errstate(all="ignore"):
            log_U, log_V = self._log_term_of_size(N), self._log_term_of_data(D)
            log_S = np.logaddexp(log_U, log_V)
            loss = np.exp(self.alpha_D * log_S)
            by_size = -self.alpha_N * loss * np.exp(log_U - log_S) / N
            by_data = -self.alpha_D * loss * np.exp(log_V - log_S) / D
        return np.where(loss == 0, 0.0, by_size), np.where(loss == 0, 0.0, by_data)

    def iso_loss(self, loss: float) -> IsoLoss:
        """Return the curve in N and D along which the loss is reached: (N_c / N)^r + D_c / D = L^(1 / alpha_D)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            log_N_c, log_D_c, log_loss = np.log([self.N_c, self.D_c, as_float(loss, "loss")])
        ratio = self._ratio
        return IsoLoss(float(ratio * log_N_c), ratio, float(log_D_c), 1.0, float(log_loss) / self.alpha_D)

    def iso_loss_D(self, loss: ArrayLike, N: ArrayLike) -> NDArray[np.float64]:
        """Return the tokens with which N parameters reach a loss; NaN where no amount of data is enough."""
        loss, N = as_magnitudes(loss=loss, N=N)
        return self._rest(loss, self._log_term_of_size(N), self.D_c, 1.0)

    def iso_loss_N(self, loss: ArrayLike, D: ArrayLike) -> NDArray[np.float64]:
        """Return the parameters with which D tokens reach a loss; NaN where no model is large enough."""
        loss, D = as_magnitudes(loss=loss, D=D)
        return self._rest(loss, self._log_term_of_data(D), self.N_c, self._ratio)

    def _rest(self, loss: Array, log_term: NDArray[np.float64], scale: float, power: float) -> NDArray[np.float64]:
        """Solve (scale / x)^power = L^(1 / alpha_D) - term for x."""
        with np.errstate(all="ignore"):
            log_S = np.log(loss) / self.alpha_D
            log_rest = log_S + np.log(-np.expm1(log_term - log_S))
            x = np.exp(np.log(scale) - log_rest / power if power else np.inf)
        return np.where(np.isfinite(x) & (x > 0), x, np.nan)

    def allocate(self, C: Array) -> tuple[Array, Array]:
        """Return N* and D* for budgets of C FLOPs, also those below one.

        Along 6ND = C the loss is lowest where r (N_c / N)^r = D_c / D, with r = alpha_N / alpha_D.

        Raises
        ------
        InputError
            If a budget is not positive and finite, or the law has no interior optimum.
        """
        C = as_positive_values(C, "C")
        a, b = self.exponents()
        log_budget = np.log(C / 6)
        log_shift = a * (self._log_ratio() - np.log(self.D_c))
        with np.errstate(all="ignore"):
            return np.exp(log_shift + a * log_budget), np.exp(b * log_budget - log_shift)

    def optimal_D(self, N: Array) -> Array:
        """Return the tokens at which models of N parameters are compute-optimal, where r (N_c / N)^r = D_c / D.

        Errors as for `allocate`; infinity for tokens beyond float64.
        """
        N = as_positive_values(N, "N")
        check_interior(self.as_dict(), self.parameters)
        with np.errstate(all="ignore"):
            return np.asarray(np.exp(np.log(self.D_c) + self._ratio * np.log(N) - self._log_ratio()))

    def exponents(self) -> tuple[float, float]:
        """Return a = 1 / (1 + r) and b = r / (1 + r), the exponents of N* and D* in C.

        Raises
        ------
        InputError
            If the law has no interior optimum.
        """
        check_interior(self.as_dict(), self.parameters)
        total = self.alpha_N + self.alpha_D
        return self.alpha_D / total, self.alpha_N / total

    def _log_ratio(self) -> np.float64:
        """Return log(r N_c^r)."""
        return np.float64(np.log(self._ratio) + self._ratio * np.log(self.N_c))

    def as_dict(self) -> dict[str, float]:
        """Return the four parameters by name."""
        return asdict(self)

    def equation(self, notation: Notation) -> str:
        """Return the equation of the law with its values."""
        check_type(notation, "notation", Notation)
        ratio, power = notation.ratio, notation.power
        N, D = (notation.variable(letter) for letter in "ND")
        sizes = power(f"({ratio(notation.number(self.N_c), N)})", notation.exponent(self._ratio))
        data = ratio(notation.number(self.D_c), D)
        return f"{notation.loss} = {power(f'[{sizes} + {data}]', notation.exponent(self.alpha_D))}"

    def __str__(self) -> str:
        return self.equation(TEXT)

    def _repr_html_(self) -> str:
        return self.equation(HTML)
