"""The scaling law L(N, D) = E + A / N^alpha + B / D^beta (Hoffmann et al. 2022, equation 2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["PARAMETERS", "ScalingLaw"]


@dataclass(frozen=True, slots=True)
class ScalingLaw:
    """Loss as a function of model size and data.

    Parameters
    ----------
    E : float
        Irreducible loss: what no model and no data would go below.
    A, alpha : float
        Loss owed to the finite model, A / N^alpha.
    B, beta : float
        Loss owed to the finite data, B / D^beta.
    """

    E: float
    A: float
    B: float
    alpha: float
    beta: float

    def __post_init__(self) -> None:
        for name in PARAMETERS:
            value = float(getattr(self, name))
            if not (np.isfinite(value) and value >= 0):
                raise ValueError(f"{name} must be finite and not negative, got {value}")
            object.__setattr__(self, name, value)

    @classmethod
    def from_params(cls, params: Mapping[str, float]) -> ScalingLaw:
        """Build a law from a mapping; ``e``, ``a``, ``b`` are the logarithms of ``E``, ``A``, ``B``.

        Raises
        ------
        ValueError
            If a parameter is missing, unknown, or given both ways.
        """
        values = {
            _LINEAR.get(name, name): np.exp(value) if name in _LINEAR else value for name, value in params.items()
        }
        if len(values) != len(params) or set(values) != set(PARAMETERS):
            raise ValueError(
                f"a law needs E (or e), A (or a), B (or b), alpha and beta, got {', '.join(params) or 'none'}"
            )
        return cls(**values)

    def loss(self, N: ArrayLike, D: ArrayLike) -> NDArray[np.float64]:
        """Predict the loss of models of N parameters trained on D tokens; N and D broadcast."""
        N, D = np.asarray(N, dtype=float), np.asarray(D, dtype=float)
        return np.asarray(self.E + self.A * N**-self.alpha + self.B * D**-self.beta)

    def gradient(self, N: ArrayLike, D: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return dL/dN and dL/dD, loss per parameter and per token."""
        N, D = np.asarray(N, dtype=float), np.asarray(D, dtype=float)
        return -self.alpha * self.A * N ** (-self.alpha - 1), -self.beta * self.B * D ** (-self.beta - 1)

    def iso_loss_D(self, loss: ArrayLike, N: ArrayLike) -> NDArray[np.float64]:
        """Tokens at which a model of N parameters reaches a loss; NaN where no amount of data does."""
        return _invert(
            np.asarray(loss) - self.E - self.A * np.asarray(N, dtype=float) ** -self.alpha, self.B, self.beta
        )

    def iso_loss_N(self, loss: ArrayLike, D: ArrayLike) -> NDArray[np.float64]:
        """Parameters at which training on D tokens reaches a loss; NaN where no model does."""
        return _invert(
            np.asarray(loss) - self.E - self.B * np.asarray(D, dtype=float) ** -self.beta, self.A, self.alpha
        )

    def as_dict(self) -> dict[str, float]:
        """Return the five parameters by name."""
        return asdict(self)

    def __str__(self) -> str:
        return f"L(N, D) = {self.E:.4g} + {self.A:.4g} / N^{self.alpha:.4g} + {self.B:.4g} / D^{self.beta:.4g}"

    def _repr_html_(self) -> str:
        return (
            f"<i>L</i>(<i>N</i>, <i>D</i>) = {self.E:.4g} + {self.A:.4g} / <i>N</i><sup>&thinsp;{self.alpha:.4g}</sup>"
            f" + {self.B:.4g} / <i>D</i><sup>&thinsp;{self.beta:.4g}</sup>"
        )


PARAMETERS = tuple(field.name for field in fields(ScalingLaw))
"""Names of the five parameters, in the order every array of parameters uses."""

_LINEAR = {"e": "E", "a": "A", "b": "B"}


def _invert(excess: NDArray[np.float64], factor: float, exponent: float) -> NDArray[np.float64]:
    """Solve factor / x^exponent = excess for x."""
    with np.errstate(divide="ignore", over="ignore"):
        x = (factor / np.where(excess > 0, excess, np.nan)) ** (np.float64(1) / exponent if exponent else np.inf)
    return np.where(np.isfinite(x) & (x > 0), x, np.nan)
