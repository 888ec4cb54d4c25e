"""Evenly spaced values as a file writes them: ``{linspace: [low, high, count]}`` or ``{geomspace: ...}``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from chinchilla_nb.checks import as_count, brief
from chinchilla_nb.engine.errors import InputError

__all__ = ["load_axis", "save_axis"]

MAX_VALUES = 1_000_000
"""A larger count is a typing error, and would fill the memory."""

_SPACINGS: dict[str, Any] = {"linspace": np.linspace, "geomspace": np.geomspace}


def load_axis(axis: Any, key: str) -> Any:
    """Read ``{linspace: [low, high, count]}`` or ``{geomspace: ...}``; return anything else unchanged."""
    if not isinstance(axis, Mapping):
        return axis
    if len(axis) != 1 or next(iter(axis)) not in _SPACINGS:
        choices = "{linspace: [low, high, count]} or {geomspace: [low, high, count]}"
        raise InputError(key, f"must be a list, {choices}", got=brief(dict(axis)))
    (name, arguments), *_ = axis.items()
    where = f"{key}[{name!r}]"
    numbers = isinstance(arguments, (list, tuple)) and all(
        isinstance(number, (int, float)) and np.isfinite(number) for number in arguments
    )
    if not numbers or len(arguments) != 3:
        raise InputError(where, "must be three numbers, [low, high, count]", got=brief(arguments))
    low, high, count = arguments
    if name == "geomspace" and not (low > 0 and high > 0):
        raise InputError(where, "must have positive ends", got=f"{low} and {high}")
    if not 1 <= as_count(count, f"the count of {where}") <= MAX_VALUES:
        raise InputError(f"the count of {where}", f"must be from 1 to {MAX_VALUES:,}", got=str(count))
    return _SPACINGS[name](low, high, int(count)).tolist()


def save_axis(values: list[float]) -> Any:
    """Return evenly spaced values in the short form for files, and any others unchanged."""
    for name, space in _SPACINGS.items():
        fits = len(values) > 2 and (name == "linspace" or min(values) > 0)
        # The file must give back exactly these numbers.
        if fits and np.array_equal(space(values[0], values[-1], len(values)), values):
            return {name: [values[0], values[-1], len(values)]}
    return values
