"""The grid of starting values of a fit."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.conversion import as_real_array, first_items
from chinchilla_nb.engine.errors import InputError, InputTypeError, unknown_key
from chinchilla_nb.engine.laws.parameters import CHINCHILLA_PARAMETERS, Parameter
from chinchilla_nb.engine.runs import read_only

__all__ = ["HOFFMANN_GRID", "StartGrid"]

MOST_STARTS = 10_000_000
"""Beyond this, memory runs out before time becomes the problem."""
MOST_PARAMETERS = 32
"""NumPy has arrays of at most so many dimensions."""


class StartGrid:
    """Every combination of starting values of a law's parameters.

    Parameters
    ----------
    axes : mapping of str to iterable of float
        Values by parameter, e.g. ``E`` (or ``e`` = log E), ``A`` (or ``a``), ``B`` (or ``b``), ``alpha`` and ``beta``,
        in any order. A single number is an axis of one value.
    parameters : sequence of Parameter
        The parameters of the law; by default those of L(N, D) = E + A / N^alpha + B / D^beta.

    Attributes
    ----------
    axes : mapping of str to ndarray
        The values as given, in the order of the parameters.
    parameters : tuple of Parameter

    Raises
    ------
    InputError
        If an axis is missing, unknown, empty, given both directly and as a logarithm, or holds something that is not a
        usable number; if there are more than ten million starts.
    """

    __slots__ = ("axes", "parameters")

    def __init__(
        self,
        axes: Mapping[str, Iterable[float] | float],
        parameters: Sequence[Parameter] = CHINCHILLA_PARAMETERS,
    ) -> None:
        if not isinstance(axes, Mapping):
            raise InputError("param_grid", "must map parameters to numbers", got=brief(axes))
        self.parameters = tuple(first_items(parameters, MOST_PARAMETERS) or ())
        of_a_law = all(isinstance(one, Parameter) for one in self.parameters)
        if not (of_a_law and 1 <= len(self.parameters) <= MOST_PARAMETERS):
            raise InputTypeError("parameters", "must be the parameters of a law", got=brief(parameters))
        known = [name for parameter in self.parameters for name in parameter.names]
        for name in axes:
            if name not in known:
                raise unknown_key("param_grid", name, known)
        names = [_pick(axes, parameter.names) for parameter in self.parameters]
        self.axes: Mapping[str, NDArray[np.float64]] = MappingProxyType(
            {
                name: read_only(_as_axis(axes[name], name, parameter))
                for name, parameter in zip(names, self.parameters, strict=True)
            }
        )
        count = math.prod(map(len, self.axes.values()))  # len() holds no number beyond 2^63
        if count > MOST_STARTS:
            rule = f"must have at most {MOST_STARTS:,} starts"
            raise InputError("param_grid", rule, got=f"{count:,}", remedy="shorten its axes")

    def __len__(self) -> int:
        return math.prod(len(axis) for axis in self.axes.values())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, StartGrid):
            return NotImplemented
        same_names = tuple(self.axes) == tuple(other.axes)
        return same_names and all(np.array_equal(axis, other.axes[name]) for name, axis in self.axes.items())

    def __hash__(self) -> int:
        return hash(tuple((name, *axis.tolist()) for name, axis in self.axes.items()))

    def __reduce__(self) -> tuple[Any, ...]:
        return StartGrid, (dict(self.axes), self.parameters)

    def __repr__(self) -> str:
        return f"StartGrid({len(self)} starts: {', '.join(f'{len(axis)} {name}' for name, axis in self.axes.items())})"

    def log_axes(self) -> list[NDArray[np.float64]]:
        """Return the axes with floors and factors as logarithms: log E, log A, log B, alpha and beta, for example."""
        return [
            np.log(axis) if parameter.log_name and name == parameter.name else axis
            for (name, axis), parameter in zip(self.axes.items(), self.parameters, strict=True)
        ]

    def points(self) -> NDArray[np.float64]:
        """Return all starts, one row of values of `log_axes` each, shape (n_starts, n_parameters)."""
        return np.stack(np.meshgrid(*self.log_axes(), indexing="ij"), axis=-1).reshape(-1, len(self.parameters))


def _pick(axes: Mapping[str, Any], names: tuple[str, ...]) -> str:
    given = [name for name in names if name in axes]
    if len(given) != 1:
        found = "both" if given else "neither" if len(names) > 1 else "none"
        raise InputError("param_grid", f"must have one key {' or '.join(names)}", got=found)
    return given[0]


def _as_axis(values: Any, name: str, parameter: Parameter) -> NDArray[np.float64]:
    where = f"param_grid[{name!r}]"
    axis = np.atleast_1d(as_real_array(values, where))
    if axis.ndim != 1 or not axis.size:
        raise InputError(where, "must be a list of at least one number", got=f"shape {axis.shape}")
    bad = axis[~np.isfinite(axis)]
    if bad.size:
        raise InputError(where, "must be finite numbers", got=str(bad[0]))
    if parameter.log_name and name == parameter.name and (axis <= 0).any():
        raise InputError(where, "must be positive", got=str(axis.min()))
    if parameter.kind == "exponent" and (axis < 0).any():
        raise InputError(where, "must not be negative", got=str(axis.min()))
    return axis


HOFFMANN_GRID = StartGrid(
    {
        "e": (-1.0, -0.5, 0.0, 0.5, 1.0),
        "a": (0.0, 5.0, 10.0, 15.0, 20.0, 25.0),
        "b": (0.0, 5.0, 10.0, 15.0, 20.0, 25.0),
        "alpha": (0.0, 0.5, 1.0, 1.5, 2.0),
        "beta": (0.0, 0.5, 1.0, 1.5, 2.0),
    }
)
"""The 4,500 starts of Hoffmann et al. 2022, section D.3."""
