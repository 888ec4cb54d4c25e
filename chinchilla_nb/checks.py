"""Checks of single values from the user: each returns the converted value or raises a one-sentence error.

The engine defines those of numbers and seeds; they are importable from here, too.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.conversion import as_float, as_generator, as_positive_number, first_items
from chinchilla_nb.engine.errors import InputError

__all__ = [
    "as_axes",
    "as_count",
    "as_file_path",
    "as_float",
    "as_floats",
    "as_folder",
    "as_generator",
    "as_mapping",
    "as_names",
    "as_path",
    "as_positive_number",
    "as_texts",
    "brief",
]

LONGEST_PATH = 4096
"""Characters of a path; Linux, which allows the most, allows so many bytes."""
MOST_VALUES = 1_000_000
"""A longer list of numbers is a mistake, such as an iterator that never ends."""


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
        If a value is not a number, which the error shows, or there are more than a million.
    """
    if isinstance(values, (str, bytes, Mapping)):
        raise InputError(name, "must list numbers", got=brief(values))
    items = first_items(values, MOST_VALUES)
    if items is None:
        return (as_float(values, name),)
    if len(items) > MOST_VALUES:
        raise InputError(name, f"must list at most {MOST_VALUES:,} numbers", got=f"more of them in {brief(values)}")
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
    names = first_items(values, MOST_VALUES)
    if names is None or len(names) > MOST_VALUES or not all(isinstance(one, str) for one in names):
        raise InputError(name, "must be a list of names", got=brief(values))
    return tuple(names)


def as_texts(values: Any, name: str) -> dict[str, str]:
    """Return a mapping of texts by name as a dictionary.

    Raises
    ------
    InputError
        If it is not one.
    """
    texts = as_mapping(values, name)
    if not all(isinstance(one, str) for entry in texts.items() for one in entry):
        raise InputError(name, "must be a dictionary of texts", got=brief(values))
    return texts


def as_axes(param_grid: Any) -> dict[str, tuple[float, ...]]:
    """Return the given axes of a grid of starting values, as numbers by key.

    Raises
    ------
    InputError
        If it is not a dictionary of numbers.
    """
    axes = as_mapping(param_grid, "param_grid").items()
    return {
        key if isinstance(key, str) else brief(key): as_floats(axis, f"param_grid[{brief(key)}]")
        for key, axis in axes
        if axis is not None
    }


def as_path(path: str | os.PathLike[str]) -> Path:
    """Return a path, with the home folder in place of ``~`` at its beginning."""
    return Path(os.path.expanduser(os.fsdecode(path)))  # noqa: PTH111  Path.expanduser raises if there is no home


def as_file_path(path: Any, name: str) -> Path:
    """Return the path of a file, with the home folder in place of ``~`` at its beginning.

    Raises
    ------
    InputError
        If it cannot be one.
    """
    text = os.fsdecode(path) if isinstance(path, (str, os.PathLike)) else ""
    if not 0 < len(text) <= LONGEST_PATH or "\0" in text or not _is_encodable(text):
        raise InputError(name, "must be the path of a file", got=brief(path))
    file = as_path(text)
    if file.name in {"", ".."}:  # as of "." or "/"
        raise InputError(name, "must be the path of a file", got=brief(path), remedy="add the name of the file")
    return file


def _is_encodable(text: str) -> bool:
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        return False
    return True


def as_folder(path: str | os.PathLike[str] | None, name: str = "project_dir") -> Path:
    """Return the path of an existing folder; ``~`` at its beginning is the home folder.

    Raises
    ------
    InputError
        If the folder does not exist (the error says how to create it), or the value is not a path.
    FileExistsError
        If the path is a file.
    """
    if not (isinstance(path, (str, os.PathLike)) and os.fspath(path)):
        raise InputError(name, "must be the path of an existing folder", got=brief(path))
    folder = as_path(path)
    try:
        is_file, is_folder = folder.is_file(), folder.is_dir()
    except OSError as error:
        raise InputError(name, f"{brief(str(folder))} cannot be opened", remedy=str(error.strerror)) from None
    if is_file:
        raise FileExistsError(f"{name} must be a folder, but {str(folder)!r} is a file")
    if not is_folder:
        # Also that of a configuration in another folder.
        place = "" if folder.is_absolute() else f"in the current folder, {str(Path.cwd())!r}"
        remedy = f"create it with os.makedirs({str(folder)!r})"
        raise InputError(name, f"{str(folder)!r} does not exist", place=place, remedy=remedy)
    return folder
