"""Functions by name, ``package.module:function``, and names of functions."""

from __future__ import annotations

import functools
import importlib
import re
import sys
from collections.abc import Callable
from typing import Any

__all__ = ["find_callable", "name_of_callable"]


def find_callable(name: str) -> Callable[..., Any]:
    """Return a function of the notebook or script that runs, or import ``package.module:function``.

    Raises
    ------
    ValueError
        If there is none of that name, or it cannot be called.
    """
    if not re.fullmatch(r"([\w.]+:)?[A-Za-z_][\w.]*", name):
        raise ValueError(f"{name!r} is no name of a function: write my_function, or package.module:function")
    module, _, attribute = name.rpartition(":")
    try:
        found = functools.reduce(getattr, attribute.split("."), importlib.import_module(module or "__main__"))
    except (ImportError, AttributeError) as error:
        where = f"cannot be imported: {error}" if module else "is not defined: run the cell that defines it"
        raise ValueError(f"{name!r} {where}") from None
    if not callable(found):
        raise ValueError(f"{name!r} is no function but {type(found).__name__}")
    return found


def name_of_callable(function: Callable[..., Any]) -> str | None:
    """Return the name under which `find_callable` finds a function; None for one that has no such name."""
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", None)
    if module is None and isinstance(function, getattr(sys.modules.get("numpy"), "ufunc", ())):
        module, name = "numpy", function.__name__
    if not (isinstance(module, str) and isinstance(name, str)):
        return None
    full = name if module == "__main__" else f"{module}:{name}"
    try:
        return full if find_callable(full) is function else None
    except ValueError:
        return None
