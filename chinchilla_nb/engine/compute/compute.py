"""The interface of a compute convention: C as a function of N and D, which planning and charts use instead of 6ND."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from numpy.typing import ArrayLike, NDArray

__all__ = ["Compute"]

Array = NDArray[Any]


@runtime_checkable
class Compute(Protocol):
    """How many FLOPs it takes to train N parameters on D tokens.

    C increases with N and with D. Arrays broadcast. Conventions are frozen values: equal ones are interchangeable.
    """

    @property
    def text(self) -> str:
        """The convention as reports, forecasts and exports write it, e.g. ``6ND``."""

    @property
    def kinks(self) -> Array:
        """Sizes at which the elasticities jump, as log N; none for most conventions."""

    def C(self, N: ArrayLike, D: ArrayLike) -> Array:
        """Return the compute of training N parameters on D tokens, in FLOPs."""

    def D(self, C: ArrayLike, N: ArrayLike) -> Array:
        """Return the tokens that a budget of C FLOPs pays for with N parameters."""

    def N(self, C: ArrayLike, D: ArrayLike) -> Array:
        """Return the parameters that a budget of C FLOPs pays for with D tokens."""

    def log_D(self, C: ArrayLike, log_N: ArrayLike) -> Array:
        """Return the logarithm of `D`, from that of N: the isoFLOP line of a budget."""

    def elasticities(self, N: ArrayLike, D: ArrayLike) -> tuple[Array, Array]:
        """Return d log C / d log N and d log C / d log D, by how many percent C grows with one percent more of each."""
