"""Compute in proportion to N and to D: C = kappa ND, by default 6ND [Kaplan et al. 2020, section 2.1]."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.engine.conversion import as_magnitudes, as_positive_number, as_real_array

__all__ = ["SIX_ND", "ProductCompute"]

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class ProductCompute:
    """C = kappa ND.

    Attributes
    ----------
    kappa : float
        FLOPs per parameter and token: 6, two for the multiplications and additions of a forward pass and four for those
        of a backward pass; 8 if activations are computed again in the backward pass.

    Raises
    ------
    InputError
        If kappa is not positive and finite.
    """

    kappa: float = 6.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "kappa", as_positive_number(self.kappa, "kappa"))

    @property
    def text(self) -> str:
        """The convention in symbols, e.g. ``6ND``."""
        return f"{self.kappa:.4g}ND"

    @property
    def kinks(self) -> Array:
        """No sizes: the elasticities are constant."""
        return np.empty(0)

    def C(self, N: ArrayLike, D: ArrayLike) -> Array:
        """Return the compute of training N parameters on D tokens, in FLOPs."""
        N, D = as_magnitudes(N=N, D=D)
        with np.errstate(all="ignore"):
            return np.asarray(self.kappa * N * D)

    def D(self, C: ArrayLike, N: ArrayLike) -> Array:
        """Return the tokens that a budget of C FLOPs pays for with N parameters."""
        C, N = as_magnitudes(C=C, N=N)
        with np.errstate(all="ignore"):
            return np.asarray(C / (self.kappa * N))

    def N(self, C: ArrayLike, D: ArrayLike) -> Array:
        """Return the parameters that a budget of C FLOPs pays for with D tokens."""
        C, D = as_magnitudes(C=C, D=D)
        with np.errstate(all="ignore"):
            return np.asarray(C / (self.kappa * D))

    def log_D(self, C: ArrayLike, log_N: ArrayLike) -> Array:
        """Return the logarithm of `D`, from that of N."""
        (C,), log_N = as_magnitudes(C=C), as_real_array(log_N, "log_N")
        return np.asarray(np.log(C / self.kappa) - log_N)

    def elasticities(self, N: ArrayLike, D: ArrayLike) -> tuple[Array, Array]:
        """Return d log C / d log N and d log C / d log D, which are one."""
        ones = np.ones(np.broadcast(*as_magnitudes(N=N, D=D)).shape)
        return ones, ones


SIX_ND = ProductCompute()
"""The default: C = 6ND."""
