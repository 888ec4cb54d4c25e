"""Convert the limits of parameters in a fit between what users write, values and what a file stores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chinchilla_nb.engine.fitting.limits import Bounds, as_bounds

__all__ = ["read_bounds", "save_bounds"]


def read_bounds(written: Any, known: Mapping[str, Any]) -> Bounds:
    """Read limits by parameter: a number fixes it, ``[low, high]`` bounds it; None leaves all parameters free."""
    return {} if written is None else as_bounds(written, known["family"])


def save_bounds(bounds: Bounds) -> dict[str, Any]:
    """Return limits as a file stores them."""
    return {name: float(low) if low == high else [float(low), float(high)] for name, (low, high) in bounds.items()}
