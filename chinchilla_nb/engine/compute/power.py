"""Compute as a power law of N and D: C = k N^p D^q, as measured FLOPs often follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.engine.conversion import as_positive_number, as_real_array

__all__ = ["PowerCompute"]

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class PowerCompute:
    """C = k N^p D^q.

    Attributes
    ----------
    k : float
        FLOPs of one parameter and one token.
    p, q : float
        Exponents of N and of D. Below one, p says that FLOPs per token grow more slowly than N, as they do where
        embeddings or attention are a smaller share of larger models.

    Raises
    ------
    InputError
        If one of them is not positive and finite.
    """

    k: float
    p: float = 1.0
    q: float = 1.0

    def __post_init__(self) -> None:
        for name in ("k", "p", "q"):
            object.__setattr__(self, name, as_positive_number(getattr(self, name), name))

    @property
    def text(self) -> str:
        """The convention in symbols, e.g. ``8.2 N^0.986 D^1.002``."""
        return f"{self.k:.4g} N^{self.p:.4g} D^{self.q:.4g}"

    @property
    def kinks(self) -> Array:
        """No sizes: the elasticities are constant."""
        return np.empty(0)

    def C(self, N: ArrayLike, D: ArrayLike) -> Array:
        """Return the compute of training N parameters on D tokens, in FLOPs."""
        return np.asarray(np.exp(np.log(self.k) + self.p * _logs(N, "N") + self.q * _logs(D, "D")))

    def D(self, C: ArrayLike, N: ArrayLike) -> Array:
        """Return the tokens that a budget of C FLOPs pays for with N parameters."""
        return np.exp(self.log_D(C, _logs(N, "N")))

    def N(self, C: ArrayLike, D: ArrayLike) -> Array:
        """Return the parameters that a budget of C FLOPs pays for with D tokens."""
        return np.asarray(np.exp((_logs(C, "C") - np.log(self.k) - self.q * _logs(D, "D")) / self.p))

    def log_D(self, C: ArrayLike, log_N: ArrayLike) -> Array:
        """Return the logarithm of `D`, from that of N."""
        return np.asarray((_logs(C, "C") - np.log(self.k) - self.p * as_real_array(log_N, "log_N")) / self.q)

    def elasticities(self, N: ArrayLike, D: ArrayLike) -> tuple[Array, Array]:
        """Return d log C / d log N and d log C / d log D, which are p and q."""
        ones = np.ones(np.broadcast_shapes(np.shape(N), np.shape(D)))
        return self.p * ones, self.q * ones


def _logs(values: ArrayLike, name: str) -> Array:
    return np.asarray(np.log(as_real_array(values, name)))
