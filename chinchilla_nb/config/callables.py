"""Functions by name, ``package.module:function``, and names of functions."""

from __future__ import annotations

import difflib
import functools
import importlib
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any

from chinchilla_nb.checks import brief
from chinchilla_nb.engine.errors import InputError

__all__ = [
    "ImportNotAllowed",
    "find_callable",
    "function_name",
    "load_function",
    "load_weight",
    "name_of_callable",
    "save_weight",
]


class ImportNotAllowed(InputError):
    """A file asks for the import of a function, which runs its module's code, and nobody has allowed that.

    How to allow it depends on who reads the file: whoever does may give another `remedy`.
    """


def find_callable(name: str) -> Callable[..., Any]:
    """Return a function of the notebook or script that runs, or import ``package.module:function``.

    Raises
    ------
    InputError
        If there is none of that name, or it cannot be called.
    """
    where = repr(name)
    if not re.fullmatch(r"([\w.]+:)?[A-Za-z_][\w.]*", name):
        raise InputError(where, "is not the name of a function", remedy="write my_function, or package.module:function")
    module, _, attribute = name.rpartition(":")
    try:
        found = functools.reduce(getattr, attribute.split("."), importlib.import_module(module or "__main__"))
    except (ImportError, AttributeError) as error:
        if module:
            raise InputError(where, "cannot be imported", remedy=str(error)) from None
        raise InputError(where, "is not defined", remedy="run the cell that defines it") from None
    if not callable(found):
        raise InputError(where, f"is not a function but {type(found).__name__}")
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


def load_function(value: Any, where: str, known: Mapping[str, Any], allow_imports: bool) -> Any:
    """Return the function that a file names: one of those known or, as ``package.module:function``, any.

    What is not text is left to the validators.

    Raises
    ------
    InputError
        If there is no such function; ImportNotAllowed if it would have to be imported and that is not allowed.
    """
    if not isinstance(value, str):
        return value
    if value in known:
        return known[value]
    if not re.fullmatch(r"[\w.]+:[\w.]+", value):
        near = difflib.get_close_matches(value, known, n=1)
        choices = ", ".join([*known, "package.module:function"])
        raise InputError(
            where,
            f"{value!r} is not known",
            remedy=f"did you mean {near[0]!r}?" if near else f"choose from {choices}",
        )
    if not allow_imports:
        raise ImportNotAllowed(
            where,
            f"asks to import {value!r}, which runs its code",
            remedy="pass allow_imports=True if you trust it",
        )
    try:
        return find_callable(value)
    except InputError as error:
        raise InputError(where, f"{error.where} {error.rule}", remedy=error.remedy) from None


def function_name(function: Any, where: str, known: Mapping[str, Any]) -> str:
    """Return the name by which a file may ask for a function: a short one where it is known.

    Raises
    ------
    InputError
        If it has none, as a lambda.
    """
    short = next((name for name, one in known.items() if one is function), None)
    name = short or name_of_callable(function)
    if name is None:
        remedy = "define it with def, at the top of a module"
        raise InputError(where, f"{brief(function)} has no name that a file could hold", remedy=remedy)
    return name if short or ":" in name else f"__main__:{name}"


def load_weight(value: Any, allow_imports: bool) -> Any:
    """Return the weighting that a file names."""
    return load_function(value, "weight_fn", {}, allow_imports)


def save_weight(weight_fn: Any) -> str:
    """Return a weighting as a file names it."""
    return function_name(weight_fn, "weight_fn", {})
