"""Compute of a model's lifetime: training, and inference of a number of tokens (Sardana et al. 2024).

With C = 6ND + 2 N D_inf as the compute convention, `allocate` finds the best model for a total budget, and
`allocation_for_loss` the one that reaches a loss with the least total. Both fulfil the first-order condition of the
paper, alpha A / N^alpha = beta B / D^beta (1 + D_inf / (3 D)).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.compute.product import SIX_ND, ProductCompute
from chinchilla_nb.engine.conversion import as_positive_number, check_type

__all__ = ["FLOPS_PER_TOKEN", "LifetimeCompute"]

Array = NDArray[Any]

FLOPS_PER_TOKEN = 2.0
"""FLOPs per parameter and token of inference: a multiplication and an addition (Kaplan et al. 2020, section 2.1)."""
HALVINGS = 64
"""Bisection steps, after which an interval of logarithms is narrower than float64 resolves."""


@dataclass(frozen=True, slots=True)
class LifetimeCompute:
    """The compute of training and of inference: C(N, D) + 2 N D_inf.

    Attributes
    ----------
    inference_tokens : float
        D_inf, the tokens that the model reads and writes after its training.
    training : Compute
        The convention for training.

    Raises
    ------
    InputError
        If the number of tokens is not positive and finite, or the convention is not one.
    """

    inference_tokens: float
    training: Compute = SIX_ND

    def __post_init__(self) -> None:
        object.__setattr__(self, "inference_tokens", as_positive_number(self.inference_tokens, "inference_tokens"))
        check_type(self.training, "training", Compute)

    @property
    def text(self) -> str:
        """The convention in symbols, e.g. ``6ND + 2N × 2e+12``."""
        return f"{self.training.text} + {FLOPS_PER_TOKEN:g}N × {self.inference_tokens:.4g}"

    @property
    def kinks(self) -> Array:
        """Sizes at which the elasticities jump, as log N: those of training."""
        return self.training.kinks

    def inference(self, N: ArrayLike) -> Array:
        """Return the FLOPs of inference with N parameters."""
        return np.asarray(FLOPS_PER_TOKEN * self.inference_tokens * np.asarray(N, dtype=float))

    def C(self, N: ArrayLike, D: ArrayLike) -> Array:
        """Return the compute of training N parameters on D tokens and of their inference, in FLOPs."""
        return np.asarray(self.training.C(N, D) + self.inference(N))

    def D(self, C: ArrayLike, N: ArrayLike) -> Array:
        """Return the tokens on which N parameters can be trained; NaN if inference alone exceeds the budget."""
        left = np.asarray(C, dtype=float) - self.inference(N)
        return np.asarray(self.training.D(np.where(left > 0, left, np.nan), N))

    def N(self, C: ArrayLike, D: ArrayLike) -> Array:
        """Return the parameters that a budget of C FLOPs pays for with D tokens of training."""
        C, D = np.broadcast_arrays(np.asarray(C, dtype=float), np.asarray(D, dtype=float))
        if isinstance(self.training, ProductCompute):
            # C = N (kappa D + 2 D_inf)
            return np.asarray(C / (self.training.kappa * D + FLOPS_PER_TOKEN * self.inference_tokens))
        # Either part alone must fit into the budget, and half of it pays for both.
        low, high = (
            np.log(np.minimum(self.training.N(share * C, D), share * C / FLOPS_PER_TOKEN / self.inference_tokens))
            for share in (0.5, 1.0)
        )
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            fits = self.C(np.exp(middle), D) <= C
            low, high = np.where(fits, middle, low), np.where(fits, high, middle)
        return np.asarray(np.exp(low))

    def log_D(self, C: ArrayLike, log_N: ArrayLike) -> Array:
        """Return the logarithm of `D`, from that of N."""
        return np.asarray(np.log(self.D(C, np.exp(log_N))))

    def elasticities(self, N: ArrayLike, D: ArrayLike) -> tuple[Array, Array]:
        """Return d log C / d log N and d log C / d log D, those of training and inference in their shares of C."""
        in_N, in_D = self.training.elasticities(N, D)
        share = self.training.C(N, D) / self.C(N, D)
        return np.asarray(share * in_N + 1 - share), np.asarray(share * in_D)
