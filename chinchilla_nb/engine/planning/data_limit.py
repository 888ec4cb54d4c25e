"""A law when data is limited and repeated (Muennighoff et al. 2023, equations 5 to 7).

Of D tokens, U are unique, and the other R_D = D / U - 1 passes over them lose value: they count as

    D' = U + U R_D* (1 - exp(-R_D / R_D*))

fresh tokens. In the same way, parameters beyond N_U, those that are compute-optimal for U tokens at C = 6ND, count as

    N' = N_U + N_U R_N* (1 - exp(-R_N / R_N*)),   R_N = N / N_U - 1.

The loss is that of the law at N' and D'; with N at most N_U and a single epoch, it is the law itself. For D below U the
paper takes the N_U of D tokens; here it stays that of U, so that unlimited data leave the law unchanged.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.engine.compute.product import SIX_ND
from chinchilla_nb.engine.conversion import as_magnitudes, as_positive_number, check_type
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.allocation import LARGEST_LOG, exponents, has_optimum, marginal_slope
from chinchilla_nb.engine.laws.family import ClosedForm, IsoLoss, Law
from chinchilla_nb.engine.laws.notation import TEXT, Notation
from chinchilla_nb.engine.laws.parameters import Parameter
from chinchilla_nb.engine.laws.rising_zero import rising_zero

__all__ = ["MEASURED_EPOCHS", "R_D_STAR", "R_N_STAR", "DataLimitedLaw", "compute_optimal_N"]

Array = NDArray[Any]

R_D_STAR = 15.387756
"""How many repetitions it takes until tokens have lost 1 - 1/e of their value, fitted by Muennighoff et al. 2023,
appendix A, to 182 runs of 7 million to 9 billion parameters on C4."""
R_N_STAR = 5.309743
"""The same of excess parameters, fitted to the same runs."""
MEASURED_EPOCHS = 500.0
"""The most epochs of those runs (Muennighoff et al. 2023, appendix A): beyond them nothing was measured."""


@dataclass(frozen=True, slots=True)
class DataLimitedLaw:
    """A law of which only some tokens are unique.

    Attributes
    ----------
    law : Law
        The law of unique tokens.
    unique_tokens : float
        U, the tokens that there are.
    R_D, R_N : float
        R_D* and R_N*.
    N_unique : ndarray
        N_U, the parameters that are compute-optimal for U tokens, a single number for a single law.

    Raises
    ------
    InputError
        If the law is not one of N and D with an optimum, or a number is not positive and finite.
    """

    law: Law
    unique_tokens: float
    R_D: float = R_D_STAR
    R_N: float = R_N_STAR
    N_unique: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        check_type(self.law, "law", Law)
        for name in ("unique_tokens", "R_D", "R_N"):
            object.__setattr__(self, name, as_positive_number(getattr(self, name), name))
        object.__setattr__(self, "N_unique", compute_optimal_N(self.law, self.unique_tokens))

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters of the law of unique tokens."""
        return self.law.parameters

    def effective_D(self, D: ArrayLike) -> Array:
        """Return D', the fresh tokens that D tokens are worth."""
        return _effective(np.asarray(D, dtype=float), self.unique_tokens, self.R_D)

    def effective_N(self, N: ArrayLike) -> Array:
        """Return N', the parameters that N of them are worth."""
        return _effective(np.asarray(N, dtype=float), self.N_unique, self.R_N)

    def epochs(self, D: ArrayLike) -> Array:
        """Return D / U, how often each unique token is seen; 0.5 if half of them are used."""
        return np.asarray(np.asarray(D, dtype=float) / self.unique_tokens)

    def loss(self, N: ArrayLike, D: ArrayLike) -> NDArray[np.float64]:
        """Predict the loss of models of N parameters trained on D tokens; N and D broadcast.

        Raises
        ------
        InputError
            If one of them is not a number, zero or negative, or they do not broadcast.
        """
        N, D = as_magnitudes(N=N, D=D)
        return self.law.loss(self.effective_N(N), self.effective_D(D))

    def gradient(self, N: ArrayLike, D: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return dL/dN and dL/dD, loss per parameter and per token; errors as for `loss`."""
        N, D = as_magnitudes(N=N, D=D)
        dN, dD = self.law.gradient(self.effective_N(N), self.effective_D(D))
        return dN * _rate(N, self.N_unique, self.R_N), dD * _rate(D, self.unique_tokens, self.R_D)

    def iso_loss(self, loss: float) -> IsoLoss:  # noqa: ARG002  the interface of a law
        """Equal losses have no closed form in N and D.

        Raises
        ------
        InputError
            Always.
        """
        raise InputError("law", "must not be limited in data for this", got=str(self), remedy="use iso_loss_D")

    def iso_loss_D(self, loss: ArrayLike, N: ArrayLike) -> NDArray[np.float64]:
        """Return the tokens with which N parameters reach a loss; NaN where no number of epochs is enough."""
        loss, N = as_magnitudes(loss=loss, N=N)
        return _actual(self.law.iso_loss_D(loss, self.effective_N(N)), self.unique_tokens, self.R_D)

    def iso_loss_N(self, loss: ArrayLike, D: ArrayLike) -> NDArray[np.float64]:
        """Return the parameters with which D tokens reach a loss; NaN where no model is large enough."""
        loss, D = as_magnitudes(loss=loss, D=D)
        return _actual(self.law.iso_loss_N(loss, self.effective_D(D)), self.N_unique, self.R_N)

    def as_dict(self) -> dict[str, float]:
        """Return the parameters of the law of unique tokens by name."""
        return self.law.as_dict()

    def equation(self, notation: Notation) -> str:
        """Return the equation of the law of unique tokens, and how many there are."""
        return f"{self.law.equation(notation)}, with {notation.number(self.unique_tokens)} unique tokens"

    def __str__(self) -> str:
        return self.equation(TEXT)


def compute_optimal_N(law: Law, D: float) -> NDArray[np.float64]:
    """Return the parameters for which D tokens are compute-optimal at C = 6ND, the inverse of `compute_optimal_D`.

    Raises
    ------
    InputError
        If the law has no optimum, or the number is not positive and finite or that of no model.
    """
    if not has_optimum(law):
        remedy = "fit runs that span a wider range of N and D"
        raise InputError("law", "must have an optimum", got=law.equation(TEXT), remedy=remedy)
    D = as_positive_number(D, "D")
    if isinstance(law, ClosedForm):
        a, b = exponents(law)
        # D is a power of N with the exponent b / a.
        with np.errstate(all="ignore"):
            log_N = np.asarray((np.log(D) - np.log(law.optimal_D(np.array(1.0)))) * a / b)
    else:

        def slope(log_N: Array) -> Array:
            return marginal_slope(law, log_N, np.log(D), SIX_ND)

        with np.errstate(all="ignore"):
            log_N = rising_zero(slope, np.array(-LARGEST_LOG / 2), np.array(LARGEST_LOG / 2))
    if not np.all(np.abs(log_N) < LARGEST_LOG):
        raise InputError("D", "must be compute-optimal for some model", got=f"{D:.6g}")
    return np.asarray(np.exp(log_N))


def _effective(x: Array, unique: Any, scale: float) -> Array:
    """Return what x is worth: x up to a number, and with exponentially falling returns beyond it."""
    beyond = np.maximum(x / unique - 1, 0.0)
    return np.asarray(np.minimum(x, unique) - unique * scale * np.expm1(-beyond / scale))


def _rate(x: Array, unique: Any, scale: float) -> Array:
    """Return the derivative of `_effective`, what one more is worth."""
    return np.asarray(np.exp(-np.maximum(x / unique - 1, 0.0) / scale))


def _actual(effective: Array, unique: Any, scale: float) -> Array:
    """Return the inverse of `_effective`; NaN for what no repetition is worth."""
    beyond = np.maximum(effective / unique - 1, 0.0)
    with np.errstate(all="ignore"):
        repeated = -scale * np.log1p(-beyond / scale)
        found = np.minimum(effective, unique) + unique * repeated
    return np.where(beyond < scale, found, np.nan)
