"""The bounds of parameters in a fit, as users write them: a number fixes a parameter, ``(low, high)`` bounds it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.conversion import as_float
from chinchilla_nb.engine.errors import InputError, unknown_key
from chinchilla_nb.engine.laws.family import Family
from chinchilla_nb.engine.laws.parameters import Parameter, check_overlap

__all__ = ["Bounds", "as_bounds", "as_limits"]

Bounds = Mapping[str, tuple[float, float]]
"""Lower and upper bound of parameters, by name."""


def as_bounds(written: Any, family: Family) -> dict[str, tuple[float, float]]:
    """Return the bounds of a law's parameters by name.

    Raises
    ------
    InputError
        If a name is not that of a parameter, or the bounds of one are unusable.
    """
    if not isinstance(written, Mapping):
        raise InputError("bounds", "must map parameters to numbers", got=brief(written))
    parameters = {parameter.name: parameter for parameter in family.parameters}
    for name in written:
        if name not in parameters:
            raise unknown_key("bounds", name, parameters)
    return {name: as_limits(limits, parameters[name]) for name, limits in written.items()}


def as_limits(limits: Any, parameter: Parameter) -> tuple[float, float]:
    """Return the bounds of a parameter as floats; a single number fixes it.

    Raises
    ------
    InputError
        If they are not one number or two with 0 <= low <= high < inf, allow a factor only the value zero, or lie beyond
        what a fit considers.
    """
    where = f"bounds[{parameter.name!r}]"
    listed = isinstance(limits, (list, tuple)) or (isinstance(limits, np.ndarray) and limits.ndim > 0)
    ends = list(limits) if listed else [limits, limits]
    if len(ends) != 2:
        raise InputError(where, "must be a number or (low, high)", got=brief(limits))
    try:
        low, high = (as_float(end, where) for end in ends)
    except InputError:
        raise InputError(where, "must be a number or (low, high)", got=brief(limits)) from None
    if not 0 <= low <= high < np.inf or (parameter.kind == "factor" and high == 0):
        raise InputError(where, "must be 0 <= low <= high with a finite, positive high", got=f"({low}, {high})")
    check_overlap(parameter.name, (low, high), (parameter.least, parameter.largest))
    return low, high
