"""Checks of single values from the user: each returns the converted value or raises a one-sentence error."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from chinchilla_nb.engine.errors import InputError

__all__ = [
    "as_axes",
    "as_count",
    "as_float",
    "as_floats",
    "as_folder",
    "as_generator",
    "as_mapping",
    "as_names",
    "as_positive_number",
    "brief",
]

LONGEST = 60
"""Maximum number of characters of a value in a message."""


def brief(value: object) -> str:
    """Return the text of a value for a message, shortened if it is long."""
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def as_float(value: Any, name: str) -> float:
    """Return a number as a float; text and booleans are not numbers.

    Raises
    ------
    InputError
        If it is not one.
    """
    try:
        if isinstance(value, (str, bytes, bool, np.bool_)) or np.ndim(value):
            raise TypeError
        return float(value)
    except OverflowError:
        raise InputError(name, "must be a number below 1.8e308", got=brief(value)) from None
    except (TypeError, ValueError):
        raise InputError(name, "must be a number", got=brief(value)) from None


def as_positive_number(value: Any, name: str) -> float:
    """Return a positive, finite number as a float.

    Raises
    ------
    InputError
        If it is not one.
    """
    number = as_float(value, name)
    if not (np.isfinite(number) and number > 0):
        raise InputError(name, "must be positive and finite", got=str(number))
    return number


def as_count(value: Any, name: str) -> int:
    """Return a non-negative whole number.

    Raises
    ------
    InputError
        If it is not one.
    """
    number = as_float(value, name)
    if not number.is_integer():
        raise InputError(name, "must be a whole number", got=brief(value))
    if number < 0:
        raise InputError(name, "must not be negative", got=brief(value))
    return int(value)


def as_floats(values: Any, name: str) -> tuple[float, ...]:
    """Return a list, tuple, array, Series or single number as a tuple of floats.

    Raises
    ------
    InputError
        If a value is not a number; the error shows it.
    """
    if isinstance(values, (str, bytes, Mapping)):
        raise InputError(name, "must list numbers", got=brief(values))
    items = list(values) if np.iterable(values) else [values]
    return tuple(as_float(value, name) for value in items)


def as_mapping(values: Any, name: str) -> dict[str, Any]:
    """Return a mapping as a dictionary.

    Raises
    ------
    InputError
        If it is not a mapping.
    """
    if not isinstance(values, Mapping):
        raise InputError(name, "must be a dictionary", got=brief(values))
    return dict(values)


def as_names(values: Any, name: str) -> tuple[str, ...]:
    """Return a list of names, which a single text is not.

    Raises
    ------
    InputError
        If it is not one.
    """
    if isinstance(values, str) or not np.iterable(values) or not all(isinstance(value, str) for value in values):
        raise InputError(name, "must be a list of names", got=brief(values))
    return tuple(values)


def as_axes(param_grid: Any) -> dict[str, tuple[float, ...]]:
    """Return the given axes of a grid of starting values, as numbers by key.

    Raises
    ------
    InputError
        If it is not a dictionary of numbers.
    """
    axes = as_mapping(param_grid, "param_grid").items()
    return {str(key): as_floats(axis, f"param_grid[{key!r}]") for key, axis in axes if axis is not None}


def as_folder(path: str | os.PathLike[str], name: str = "project_dir") -> Path:
    """Return the path of an existing folder.

    Raises
    ------
    InputError
        If the folder does not exist (the error says how to create it), or the value is not a path.
    FileExistsError
        If the path is a file.
    """
    if not (isinstance(path, (str, os.PathLike)) and os.fspath(path)):
        raise InputError(name, "must be the path of an existing folder", got=brief(path))
    folder = Path(path)
    if folder.is_file():
        raise FileExistsError(f"{name} must be a folder, but {str(folder)!r} is a file")
    if not folder.is_dir():
        remedy = f"create it with os.makedirs({str(folder)!r})"
        raise InputError(name, f"{str(folder)!r} does not exist", remedy=remedy)
    return folder


def as_generator(rng: int | np.random.Generator | None) -> np.random.Generator:
    """Return a random number generator, a new one if a seed or None is given.

    Raises
    ------
    TypeError
        If it is neither a generator nor a seed.
    """
    try:
        return np.random.default_rng(rng)
    except (TypeError, ValueError):
        raise TypeError(f"rng must be a seed (a whole number from 0) or a numpy Generator, got {brief(rng)}") from None
