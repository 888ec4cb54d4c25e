"""Read settings that are a single name, number, range, function or type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from chinchilla_nb.checks import as_count, as_generator, as_positive_number
from chinchilla_nb.config.validators import SeedRanges, validate
from chinchilla_nb.engine.fitting.losses import LossFunction, check_loss
from chinchilla_nb.engine.fitting.precision import as_precision
from chinchilla_nb.engine.fitting.problem import WeightFunction, check_weight
from chinchilla_nb.engine.laws.families import PLANNING_FAMILIES, family_named
from chinchilla_nb.engine.laws.family import Family
from chinchilla_nb.engine.planning.seeding import SeedRegime

__all__ = [
    "read_dtype",
    "read_factor",
    "read_generator",
    "read_law",
    "read_loss",
    "read_ranges",
    "read_steps",
    "read_weight",
    "save_ranges",
    "show_ranges",
]

Known = Mapping[str, Any]


def read_law(written: Any, _known: Known) -> Family:
    """Read the name of a law."""
    return family_named(written, PLANNING_FAMILIES)


def read_ranges(written: Any, _known: Known) -> SeedRegime | None:
    """Read ``{"C": (low, high), "N_to_D": (low, high)}``; None, also as an empty dict, if no seeds are drawn."""
    if written is None or (isinstance(written, Mapping) and not written):
        return None
    ranges = validate(SeedRanges, written)
    return SeedRegime(ranges.C, ranges.N_to_D)


def show_ranges(regime: SeedRegime | None) -> dict[str, tuple[float, float]] | None:
    """Return a seed regime as a user would write it."""
    return None if regime is None else {"C": regime.C, "N_to_D": regime.tokens_per_parameter}


def save_ranges(regime: SeedRegime) -> dict[str, list[float]]:
    """Return a seed regime as a file stores it."""
    return {"C": list(regime.C), "N_to_D": list(regime.tokens_per_parameter)}


def read_loss(written: Any, _known: Known) -> LossFunction:
    """Read a loss; a value that is not callable raises the documented TypeError."""
    check_loss(written)
    return written  # type: ignore[no-any-return]


def read_weight(written: Any, _known: Known) -> WeightFunction | None:
    """Read a weight function or None; a value that is neither raises the documented TypeError."""
    check_weight(written)
    return written  # type: ignore[no-any-return]


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
    return as_precision(written)
