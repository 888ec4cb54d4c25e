"""The grid of starting values that a fit begins from."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.runs import read_only

__all__ = ["HOFFMANN_GRID", "StartGrid"]

MOST_STARTS = 10_000_000
"""Beyond these, memory is in the way before time is."""

_CHOICES = (("E", "e"), ("A", "a"), ("B", "b"), ("alpha",), ("beta",))


class StartGrid:
    """Every combination of starting values of the five parameters.

    Parameters
    ----------
    axes : mapping of str to iterable of float
        Values for ``E`` (or ``e`` = log E), ``A`` (or ``a``), ``B`` (or ``b``), ``alpha`` and ``beta``, keys in any
        order. A single number is an axis of one value.

    Attributes
    ----------
    axes : mapping of str to ndarray
        The values as given, in the order E, A, B, alpha, beta.

    Raises
    ------
    ValueError
        If an axis is missing, unknown, given both ways, empty, or holds what is no usable number; if there are more
        than ten million starts.
    """

    __slots__ = ("axes",)

    def __init__(self, axes: Mapping[str, Iterable[float] | float]) -> None:
        names = [_pick(axes, choices) for choices in _CHOICES]
        unknown = set(axes) - set(names)
        if unknown:
            known = ", ".join(" or ".join(choices) for choices in _CHOICES)
            raise ValueError(f"param_grid has the unknown key {min(unknown)!r}: its keys are {known}")
        self.axes: Mapping[str, NDArray[np.float64]] = MappingProxyType(
            {name: read_only(_as_axis(axes[name], name)) for name in names}
        )
        if len(self) > MOST_STARTS:
            raise ValueError(
                f"param_grid must have {MOST_STARTS:,} starts at the most, got {len(self):,}: shorten its axes"
            )

    def __len__(self) -> int:
        return math.prod(len(axis) for axis in self.axes.values())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, StartGrid) or tuple(self.axes) != tuple(other.axes):
            return NotImplemented if not isinstance(other, StartGrid) else False
        return all(np.array_equal(axis, other.axes[name]) for name, axis in self.axes.items())

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        return StartGrid, (dict(self.axes),)

    def __repr__(self) -> str:
        return f"StartGrid({len(self)} starts: {', '.join(f'{len(axis)} {name}' for name, axis in self.axes.items())})"

    def log_axes(self) -> list[NDArray[np.float64]]:
        """Return the axes as log E, log A, log B, alpha and beta."""
        return [np.log(axis) if name in ("E", "A", "B") else axis for name, axis in self.axes.items()]

    def points(self) -> NDArray[np.float64]:
        """Return every start, shape (n_starts, 5): log E, log A, log B, alpha, beta."""
        return np.stack(np.meshgrid(*self.log_axes(), indexing="ij"), axis=-1).reshape(-1, len(_CHOICES))


def _pick(axes: Mapping[str, Any], choices: tuple[str, ...]) -> str:
    given = [name for name in choices if name in axes]
    if len(given) != 1:
        wanted = " or ".join(choices)
        found = "both" if given else "neither" if len(choices) > 1 else "none"
        raise ValueError(f"param_grid must have one key {wanted}, got {found}")
    return given[0]


def _as_axis(values: Any, name: str) -> NDArray[np.float64]:
    try:
        axis = np.array(values if np.iterable(values) else [values], dtype=float)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"param_grid[{name!r}] must be numbers, got {values!r}") from None
    if axis.ndim != 1 or not axis.size:
        raise ValueError(f"param_grid[{name!r}] must be a list of at least one number, got shape {axis.shape}")
    bad = axis[~np.isfinite(axis)]
    if bad.size:
        raise ValueError(f"param_grid[{name!r}] must be finite numbers, got {bad[0]}")
    if name in ("E", "A", "B") and (axis <= 0).any():
        raise ValueError(f"param_grid[{name!r}] must be positive, got {axis.min()}")
    if name in ("alpha", "beta") and (axis < 0).any():
        raise ValueError(f"param_grid[{name!r}] must not be negative, got {axis.min()}")
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
