"""Several laws as one, whose values are arrays with an element for each: what is solved for one is solved for all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.laws.family import IsoLoss, Law
from chinchilla_nb.engine.laws.notation import Notation
from chinchilla_nb.engine.laws.parameters import Parameter

__all__ = ["LawStack", "stacked"]

Array = NDArray[Any]


class LawStack:
    """Laws of one form; N, D and losses broadcast with arrays of shape (n_laws,).

    Parameters
    ----------
    laws : sequence of Law
        At least one.
    """

    def __init__(self, laws: Sequence[Law]) -> None:
        self.laws = tuple(laws)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters of each law."""
        return self.laws[0].parameters

    def loss(self, N: ArrayLike, D: ArrayLike) -> Array:
        """Predict the loss of each law."""
        return self._each("loss", N, D)

    def gradient(self, N: ArrayLike, D: ArrayLike) -> tuple[Array, Array]:
        """Return dL/dN and dL/dD of each law."""
        dN, dD = np.moveaxis(self._each("gradient", N, D), -1, 0)
        return dN, dD

    def iso_loss(self, loss: float) -> IsoLoss:  # noqa: ARG002  the interface of a law
        """Curves of several laws are no single curve.

        Raises
        ------
        InputError
            Always.
        """
        raise InputError("law", "must be a single one for this", got=f"{len(self.laws)} laws")

    def iso_loss_D(self, loss: ArrayLike, N: ArrayLike) -> Array:
        """Return the tokens with which N parameters reach a loss, by each law."""
        return self._each("iso_loss_D", loss, N)

    def iso_loss_N(self, loss: ArrayLike, D: ArrayLike) -> Array:
        """Return the parameters with which D tokens reach a loss, by each law."""
        return self._each("iso_loss_N", loss, D)

    def as_dict(self) -> dict[str, float]:
        """Return the least value of each parameter: a law whose term is flat makes that of the stack zero."""
        rows = [law.as_dict() for law in self.laws]
        return {name: min(row[name] for row in rows) for name in rows[0]}

    def equation(self, notation: Notation) -> str:
        """Return the equation of the first law."""
        return self.laws[0].equation(notation)

    def _each(self, method: str, *values: ArrayLike) -> Array:
        spread = np.broadcast_arrays(*values, np.empty(len(self.laws)))[:-1]
        rows = zip(self.laws, *spread, strict=True)
        return np.array([getattr(law, method)(*one) for law, *one in rows])


class _ScalingLaws(LawStack):
    """A stack of Chinchilla's law, computed with arrays of parameters."""

    def __init__(self, laws: Sequence[Law]) -> None:
        super().__init__(laws)
        rows = [list(law.as_dict().values()) for law in self.laws]
        self.E, self.A, self.B, self.alpha, self.beta = np.array(rows).T

    def loss(self, N: ArrayLike, D: ArrayLike) -> Array:
        with np.errstate(all="ignore"):
            return np.asarray(self.E + self.A * _power(N, -self.alpha) + self.B * _power(D, -self.beta))

    def gradient(self, N: ArrayLike, D: ArrayLike) -> tuple[Array, Array]:
        with np.errstate(all="ignore"):
            dN = -self.alpha * self.A * _power(N, -self.alpha - 1)
            return dN, -self.beta * self.B * _power(D, -self.beta - 1)

    def iso_loss_D(self, loss: ArrayLike, N: ArrayLike) -> Array:
        with np.errstate(all="ignore"):
            return _inverse(np.asarray(loss) - self.E - self.A * _power(N, -self.alpha), self.B, self.beta)

    def iso_loss_N(self, loss: ArrayLike, D: ArrayLike) -> Array:
        with np.errstate(all="ignore"):
            return _inverse(np.asarray(loss) - self.E - self.B * _power(D, -self.beta), self.A, self.alpha)


def stacked(laws: Sequence[Law]) -> LawStack:
    """Return several laws as one."""
    return (_ScalingLaws if all(type(law) is ScalingLaw for law in laws) else LawStack)(laws)


def _power(x: ArrayLike, exponent: Array) -> Array:
    return np.asarray(np.asarray(x, dtype=float) ** exponent)


def _inverse(excess: Array, factor: Array, exponent: Array) -> Array:
    """Solve factor / x^exponent = excess for x; NaN where no x does."""
    x = (factor / np.where(excess > 0, excess, np.nan)) ** (1 / exponent)
    return np.where(np.isfinite(x) & (x > 0), x, np.nan)
