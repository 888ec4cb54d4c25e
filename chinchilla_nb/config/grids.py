"""Convert the grid of starting values between what users write, its value and what a file stores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from chinchilla_nb.checks import as_axes, brief
from chinchilla_nb.config.callables import Finder
from chinchilla_nb.config.spacings import load_axis, save_axis
from chinchilla_nb.engine.laws.starts import StartGrid

__all__ = ["load_grid", "read_grid", "save_grid", "show_grid"]


def read_grid(written: Any, known: Mapping[str, Any]) -> StartGrid | None:
    """Read starting values by parameter; None stands for the law's own starts."""
    if written is None or (isinstance(written, StartGrid) and written.parameters == known["family"].parameters):
        return written
    axes = written.axes if isinstance(written, StartGrid) else as_axes(written)
    return StartGrid(axes, known["family"].parameters)


def show_grid(grid: StartGrid | None) -> dict[str, np.ndarray] | None:
    """Return a grid as a user would write it."""
    return None if grid is None else dict(grid.axes)


def load_grid(value: Any, _find: Finder) -> Any:
    """Convert a file's value into what a user would write, expanding ``linspace`` and ``geomspace``."""
    if not isinstance(value, Mapping):
        return value
    return {name: load_axis(axis, f"param_grid[{brief(name)}]") for name, axis in value.items()}


def save_grid(grid: StartGrid) -> dict[str, Any]:
    """Return a grid as a file stores it."""
    return {name: save_axis(axis.tolist()) for name, axis in grid.axes.items()}
