"""The noise that imperfect training adds to the loss of a pseudo-run."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.conversion import as_float
from chinchilla_nb.engine.errors import InputError

__all__ = ["NOISE_FAMILIES", "NOISE_SIZE", "as_noise", "draw_noise"]

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


def draw_noise(family: str, size: float, rng: np.random.Generator) -> Iterator[float]:
    """Draw from a family of noise endlessly.

    Raises
    ------
    InputError
        If the family is unknown, or the size is negative or not finite.
    """
    family, size = as_noise(family, size)
    draw = NOISE_FAMILIES[family]
    return (float(draw(rng, size, 1)[0]) for _ in itertools.repeat(None))


def as_noise(family: Any, size: Any) -> tuple[str, float]:
    """Return a family of noise and its size.

    Raises
    ------
    InputError
        If the family is unknown, or the size is negative or not finite.
    """
    if not (isinstance(family, str) and family in NOISE_FAMILIES):
        raise InputError("noise", f"must be one of {', '.join(NOISE_FAMILIES)}", got=brief(family))
    size = as_float(size, "size of the noise")
    if not 0 <= size < np.inf:
        raise InputError("size of the noise", "must be finite and not negative", got=f"{size:g}")
    return family, size
