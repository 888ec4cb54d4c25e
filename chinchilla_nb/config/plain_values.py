"""Read settings that are a single name, number, range, function or type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from chinchilla_nb.checks import as_count, as_generator, as_positive_number, brief
from chinchilla_nb.config.validators import SeedRanges, validate
from chinchilla_nb.engine.laws.families import family_named
from chinchilla_nb.engine.laws.family import Family
from chinchilla_nb.engine.planning.seeding import SeedRegime

__all__ = [
    "read_dtype",
    "read_factor",
    "read_function",
    "read_generator",
    "read_law",
    "read_ranges",
    "read_steps",
    "save_ranges",
    "show_ranges",
]

Known = Mapping[str, Any]


def read_law(written: Any, _known: Known) -> Family:
    """Read the name of a law."""
    return family_named(written)


def read_ranges(written: Any, _known: Known) -> SeedRegime | None:
    """Read ``{"C": (low, high), "N_to_D": (low, high)}``; None if no seeds are drawn."""
    if written is None:
        return None
    ranges = validate(SeedRanges, written)
    return SeedRegime(ranges.C, ranges.N_to_D)


def show_ranges(regime: SeedRegime | None) -> dict[str, tuple[float, float]] | None:
    """Return a seed regime as a user would write it."""
    return None if regime is None else {"C": regime.C, "N_to_D": regime.tokens_per_parameter}


def save_ranges(regime: SeedRegime) -> dict[str, list[float]]:
    """Return a seed regime as a file stores it."""
    return {"C": list(regime.C), "N_to_D": list(regime.tokens_per_parameter)}


def read_function(name: str, *, optional: bool) -> Callable[[Any, Known], Any]:
    """Return a reader of functions; a value that is not callable raises the documented TypeError."""

    def read(written: Any, _known: Known) -> Any:
        if not (callable(written) or (optional and written is None)):
            raise TypeError(f"{name} must be callable{' or None' if optional else ''}, got {brief(written)}")
        return written

    return read


def read_steps(written: Any, _known: Known) -> int | None:
    """Read the number of seed runs; None if it is given in each step."""
    return None if written is None else as_count(written, "num_seeding_steps")


def read_factor(written: Any, _known: Known) -> float | None:
    """Read the scaling factor; None if it is given in each step."""
    return None if written is None else as_positive_number(written, "scaling_factor")


def read_generator(written: Any, _known: Known) -> np.random.Generator:
    """Read a seed or a generator, which is used itself, not copied; None makes one that does not repeat."""
    return as_generator(written)


def read_dtype(written: Any, _known: Known) -> type[np.floating[Any]]:
    """Read a floating-point type; one too narrow for L-BFGS-B to converge raises the documented TypeError."""
    try:
        if written is None:  # numpy would read it as float64
            raise TypeError
        dtype = np.dtype(written)
    except TypeError:
        raise TypeError(f"dtype must be a floating-point type, got {brief(written)}") from None
    if dtype.kind != "f" or dtype.itemsize < np.dtype(np.float64).itemsize:
        raise TypeError(f"dtype must be float64 or wider for L-BFGS-B to converge, got {dtype.name}")
    kind: type[np.floating[Any]] = dtype.type
    return kind
