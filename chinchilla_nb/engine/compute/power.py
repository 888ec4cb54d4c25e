"""Compute as a power law of N and D: C = k N^p D^q, as measured FLOPs often follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.engine.conversion import as_magnitudes, as_positive_number, as_real_array

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
        N, D = as_magnitudes(N=N, D=D)
        with np.errstate(all="ignore"):
            return np.asarray(np.exp(np.log(self.k) + self.p * np.log(N) + self.q * np.log(D)))

    def D(self, C: ArrayLike, N: ArrayLike) -> Array:
        """Return the tokens that a budget of C FLOPs pays for with N parameters."""
        C, N = as_magnitudes(C=C, N=N)
        with np.errstate(all="ignore"):
            return np.asarray(np.exp(self.log_D(C, np.log(N))))

    def N(self, C: ArrayLike, D: ArrayLike) -> Array:
        """Return the parameters that a budget of C FLOPs pays for with D tokens."""
        C, D = as_magnitudes(C=C, D=D)
        with np.errstate(all="ignore"):
            return np.asarray(np.exp((np.log(C) - np.log(self.k) - self.q * np.log(D)) / self.p))

    def log_D(self, C: ArrayLike, log_N: ArrayLike) -> Array:
        """Return the logarithm of `D`, from that of N."""
        (C,), log_N = as_magnitudes(C=C), as_real_array(log_N, "log_N")
        return np.asarray((np.log(C) - np.log(self.k) - self.p * log_N) / self.q)

    def elasticities(self, N: ArrayLike, D: ArrayLike) -> tuple[Array, Array]:
        """Return d log C / d log N and d log C / d log D, which are p and q."""
        ones = np.ones(np.broadcast(*as_magnitudes(N=N, D=D)).shape)
        return self.p * ones, self.q * ones
