"""Evenly spaced values as a file writes them: ``{linspace: [low, high, count]}`` or ``{geomspace: ...}``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from chinchilla_nb.checks import as_count, as_float, brief
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
    if not isinstance(arguments, (list, tuple)) or len(arguments) != 3:
        raise InputError(where, "must be three numbers, [low, high, count]", got=brief(arguments))
    low, high = (as_float(number, where) for number in arguments[:2])
    if name == "geomspace" and not (low > 0 and high > 0):
        raise InputError(where, "must have positive ends", got=f"{brief(arguments[0])} and {brief(arguments[1])}")
    count = as_count(arguments[2], f"the count of {where}")
    if not 1 <= count <= MAX_VALUES:
        raise InputError(f"the count of {where}", f"must be from 1 to {MAX_VALUES:,}", got=brief(count))
    with np.errstate(all="ignore"):
        values = _SPACINGS[name](low, high, count)
    if not np.isfinite(values).all():
        got = f"{brief(arguments[0])} and {brief(arguments[1])}"
        raise InputError(where, "must have finite ends whose difference is below 1.8e308", got=got)
    return values.tolist()


def save_axis(values: list[float]) -> Any:
    """Return evenly spaced values in the short form for files, and any others unchanged."""
    for name, space in _SPACINGS.items():
        fits = len(values) > 2 and (name == "linspace" or min(values) > 0)
        # The file must give back exactly these numbers.
        with np.errstate(all="ignore"):
            fits = fits and np.array_equal(space(values[0], values[-1], len(values)), values)
        if fits:
            return {name: [values[0], values[-1], len(values)]}
    return values
