"""Single values as users write them: each check returns what the value should be, or raises one sentence."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

__all__ = [
    "as_count",
    "as_float",
    "as_folder",
    "as_generator",
    "as_limits",
    "as_positive_number",
    "brief",
    "unknown_key",
]

LONGEST = 60
"""Characters of a value that a message repeats."""


def brief(value: object) -> str:
    """Return what a message shows of a value: all of it, or where it is long the beginning."""
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def as_float(value: Any, name: str) -> float:
    """Return a number as a float; neither text nor True is one.

    Raises
    ------
    ValueError
        Naming the value that is not.
    """
    try:
        if isinstance(value, (str, bytes, bool, np.bool_)) or np.ndim(value):
            raise TypeError
        return float(value)
    except OverflowError:
        raise ValueError(f"{name} must be a number below 1.8e308, got {brief(value)}") from None
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be a number, got {brief(value)}") from None


def as_positive_number(value: Any, name: str) -> float:
    """Return a positive, finite number as a float.

    Raises
    ------
    ValueError
        Naming the value that is not.
    """
    number = as_float(value, name)
    if not (np.isfinite(number) and number > 0):
        raise ValueError(f"{name} must be positive and finite, got {number}")
    return number


def as_count(value: Any, name: str) -> int:
    """Return a whole number that is not negative.

    Raises
    ------
    ValueError
        Naming the value that is not.
    """
    number = as_float(value, name)
    if not number.is_integer():
        raise ValueError(f"{name} must be a whole number, got {brief(value)}")
    if number < 0:
        raise ValueError(f"{name} must not be negative, got {brief(value)}")
    return int(value)


def as_limits(low: Any, high: Any, parameter: str) -> tuple[float, float]:
    """Return limits of a parameter in fits as floats.

    Raises
    ------
    ValueError
        If they are not 0 <= low <= high and finite, or leave A or B nothing but zero.
    """
    name = f"bounds[{parameter!r}]"
    low, high = as_float(low, name), as_float(high, name)
    if not 0 <= low <= high < np.inf or (parameter in ("A", "B") and high == 0):
        raise ValueError(f"{name} must be 0 <= low <= high with a finite, positive high, got {low:g} to {high:g}")
    return low, high


def as_folder(project_dir: str | os.PathLike[str]) -> Path:
    """Return the path of an existing folder.

    Raises
    ------
    ValueError
        If there is none, saying how to create it, or it is no path.
    FileExistsError
        If it is a file.
    """
    if not (isinstance(project_dir, (str, os.PathLike)) and os.fspath(project_dir)):
        raise ValueError(f"project_dir must be the path of an existing folder, got {brief(project_dir)}")
    folder = Path(project_dir)
    if folder.is_file():
        raise FileExistsError(f"project_dir must be a folder, but {str(folder)!r} is a file")
    if not folder.is_dir():
        raise ValueError(f"project_dir {str(folder)!r} does not exist: create it with os.makedirs({str(folder)!r})")
    return folder


def as_generator(rng: int | np.random.Generator | None) -> np.random.Generator:
    """Return a generator, a new one from a seed.

    Raises
    ------
    TypeError
        If it is neither a generator nor a seed.
    """
    try:
        return np.random.default_rng(rng)
    except (TypeError, ValueError):
        raise TypeError(f"rng must be a seed (a whole number from 0) or a numpy Generator, got {brief(rng)}") from None


def unknown_key(where: str, key: object, known: Iterable[str]) -> str:
    """Say that a key is unknown, and which known one is nearest."""
    known = list(known)
    near = difflib.get_close_matches(str(key), known, n=1, cutoff=0.5)
    # Case first: 'c' is nearer to 'C' than to any longer name.
    near = [name for name in known if name.lower() == str(key).lower()] or near
    hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known) or 'none'}"
    return f"{where} has no key {key!r}; {hint}"
