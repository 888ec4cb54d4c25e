"""Convert the limits of parameters in a fit between what users write, values and what a file stores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chinchilla_nb.checks import as_float, brief
from chinchilla_nb.engine.errors import InputError, unknown_key
from chinchilla_nb.engine.fitting.problem import as_limits

__all__ = ["read_bounds", "save_bounds"]

Limits = Mapping[str, tuple[float, float]]


def read_bounds(written: Any, known: Mapping[str, Any]) -> Limits:
    """Read limits by parameter: a number fixes it, ``[low, high]`` bounds it; None leaves all parameters free."""
    if written is None:
        return {}
    if not isinstance(written, Mapping):
        raise InputError("bounds", "must map parameters to numbers", got=brief(written))
    parameters = {parameter.name: parameter for parameter in known["family"].parameters}
    bounds = {}
    for name, limits in written.items():
        if name not in parameters:
            raise unknown_key("bounds", name, parameters)
        ends = list(limits) if isinstance(limits, (list, tuple)) else [limits, limits]
        if len(ends) != 2:
            raise InputError(f"bounds[{name!r}]", "must be a number or [low, high]", got=brief(limits))
        low, high = (as_float(end, f"bounds[{name!r}]") for end in ends)
        bounds[name] = as_limits((low, high), parameters[name])
    return bounds


def save_bounds(bounds: Limits) -> dict[str, Any]:
    """Return limits as a file stores them."""
    return {name: float(low) if low == high else [float(low), float(high)] for name, (low, high) in bounds.items()}
