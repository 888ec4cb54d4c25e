"""How to spend compute: the N and D that minimise L(N, D) subject to 6ND = C.

Sources: Hoffmann et al. 2022, equation 4. With G = (alpha A / (beta B))^(1 / (alpha + beta)),
a = beta / (alpha + beta) and b = alpha / (alpha + beta): N* = G (C / 6)^a and D* = (C / 6)^b / G.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.engine.laws.chinchilla import ScalingLaw

__all__ = ["allocate", "compute_optimal_D", "exponents", "isoflop_D"]


def exponents(law: ScalingLaw) -> tuple[float, float]:
    """Return a and b, the exponents of N* and D* in C; they add up to one."""
    _check_interior(law)
    total = law.alpha + law.beta
    return law.beta / total, law.alpha / total


def allocate(law: ScalingLaw, C: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the compute-optimal N* and D* for each budget.

    Parameters
    ----------
    law : ScalingLaw
    C : array_like
        Budgets in FLOPs.

    Raises
    ------
    ValueError
        If a budget is not positive and finite, or the law has no optimum inside (a term that is zero or flat).
    """
    C = _check_positive(C, "C")
    a, b = exponents(law)
    log_G = _log_G(law)
    # In logarithms, because C, A and B each span more decades than their product can hold.
    log_budget = np.log(C / 6)
    return np.exp(log_G + a * log_budget), np.exp(b * log_budget - log_G)


def compute_optimal_D(law: ScalingLaw, N: ArrayLike) -> NDArray[np.float64]:
    """Return the tokens at which a model of N parameters is compute-optimal, G^-(1 + b/a) N^(b/a)."""
    N = _check_positive(N, "N")
    a, b = exponents(law)
    return np.asarray(np.exp(b / a * np.log(N) - (1 + b / a) * _log_G(law)))


def isoflop_D(C: ArrayLike, N: ArrayLike) -> NDArray[np.float64]:
    """Return the tokens a budget of C FLOPs buys for a model of N parameters."""
    return np.asarray(np.asarray(C, dtype=float) / (6 * np.asarray(N, dtype=float)))


def _log_G(law: ScalingLaw) -> float:
    log_G = np.log(law.alpha) + np.log(law.A) - np.log(law.beta) - np.log(law.B)
    return float(log_G) / (law.alpha + law.beta)


def _check_interior(law: ScalingLaw) -> None:
    for name in ("A", "alpha", "B", "beta"):
        if getattr(law, name) <= 0:
            size = "model size" if name in ("A", "alpha") else "data"
            raise ValueError(
                f"no compute-optimal allocation exists with {name} = 0: the law says that {size} does not matter; "
                f"fit runs that span a wider range of {'N' if size == 'model size' else 'D'}"
            )


def _check_positive(values: ArrayLike, name: str) -> NDArray[np.float64]:
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name} must be a number, got {values!r}") from None
    bad = ~(np.isfinite(array) & (array > 0))
    if bad.any():
        raise ValueError(f"{name} must be positive and finite, got {array[bad].flat[0]}")
    return array
