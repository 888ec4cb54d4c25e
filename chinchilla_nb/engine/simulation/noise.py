"""The noise that imperfect training adds to the loss of a pseudo-run."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.conversion import as_float
from chinchilla_nb.engine.errors import InputError

__all__ = ["NOISE_FAMILIES", "NOISE_SIZE", "Noise", "draw_noise"]

NOISE_FAMILIES: Mapping[str, Callable[[np.random.Generator, float, int], NDArray[np.float64]]] = MappingProxyType(
    {
        "exponential": lambda rng, size, count: rng.exponential(size, count),
        "half-normal": lambda rng, size, count: np.abs(rng.normal(0.0, size, count)),
        "normal": lambda rng, size, count: rng.normal(0.0, size, count),
    }
)
"""Samplers of the noise of a number of runs, by name. The first two are never negative. The size is the mean of the
exponential or the sigma."""

NOISE_SIZE = 0.1
"""Size of the default noise, in units of the loss."""


@dataclass(frozen=True, slots=True)
class Noise:
    """Noise of a family and a size; called with a random number generator and a number of runs, it draws theirs.

    Raises
    ------
    InputError
        If the family is unknown, or the size is negative or not finite.
    """

    family: str
    size: float

    def __post_init__(self) -> None:
        if not (isinstance(self.family, str) and self.family in NOISE_FAMILIES):
            raise InputError("noise", f"must be one of {', '.join(NOISE_FAMILIES)}", got=brief(self.family))
        size = as_float(self.size, "size of the noise")
        if not 0 <= size < np.inf:
            raise InputError("size of the noise", "must be finite and not negative", got=f"{size:g}")
        object.__setattr__(self, "size", size)

    def __call__(self, rng: np.random.Generator, count: int) -> NDArray[np.float64]:
        """Draw the noise of a number of runs."""
        return NOISE_FAMILIES[self.family](rng, self.size, count)


def draw_noise(family: str, size: float, rng: np.random.Generator) -> Iterator[float]:
    """Draw from a family of noise endlessly.

    Raises
    ------
    InputError
        If the family is unknown, or the size is negative or not finite.
    """
    noise = Noise(family, size)
    return (float(noise(rng, 1)[0]) for _ in itertools.repeat(None))
