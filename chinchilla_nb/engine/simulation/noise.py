"""What imperfect training adds to the loss of a pseudo-run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

import numpy as np

__all__ = ["NOISE_FAMILIES", "draw_noise"]

NOISE_FAMILIES: Mapping[str, Callable[[np.random.Generator, float], float]] = MappingProxyType(
    {
        "exponential": lambda rng, size: rng.exponential(size),
        "half-normal": lambda rng, size: abs(rng.normal(0.0, size)),
        "normal": lambda rng, size: rng.normal(0.0, size),
    }
)
"""By name: the first two only add to the loss. The size is the mean of the exponential and the sigma of the others."""


def draw_noise(family: str, size: float, rng: np.random.Generator) -> Iterator[float]:
    """Draw from a family of noise, without end.

    Raises
    ------
    ValueError
        If the family is not known, or the size is negative or not finite.
    """
    if family not in NOISE_FAMILIES:
        raise ValueError(f"noise must be one of {', '.join(NOISE_FAMILIES)}, got {family!r}")
    if not 0 <= size < np.inf:
        raise ValueError(f"the size of the noise must be finite and not negative, got {size}")
    draw = NOISE_FAMILIES[family]
    while True:
        yield float(draw(rng, size))
