"""Find functions by name, ``package.module:function``, and find the names of functions."""

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
    """A file asks to import a function, which runs its module's code, and imports are not allowed.

    How to allow them depends on how the file is opened, so a caller may replace `remedy`.
    """


def find_callable(name: str) -> Callable[..., Any]:
    """Return a function of the running notebook or script, or import ``package.module:function``.

    Raises
    ------
    InputError
        If there is no function of that name.
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
        raise InputError(where, "must be a function", got=type(found).__name__)
    return found


def name_of_callable(function: Callable[..., Any]) -> str | None:
    """Return the name by which `find_callable` finds a function, None if there is no such name."""
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
    """Return the function that a file names: a key of `known`, or ``package.module:function``.

    A value that is not text is returned unchanged, for the validators to check.

    Raises
    ------
    InputError
        If there is no such function; an ImportNotAllowed if it would have to be imported and that is not allowed.
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
            f"{brief(value)} is not known",
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
        raise InputError(where, f"{error.where} {error.rule}", got=error.got, remedy=error.remedy) from None


def function_name(function: Any, where: str, known: Mapping[str, Any]) -> str:
    """Return the name of a function in a file: its key in `known`, or ``module:function``.

    Raises
    ------
    InputError
        If the function has no such name, like a lambda.
    """
    short = next((name for name, one in known.items() if one is function), None)
    name = short or name_of_callable(function)
    if name is None:
        remedy = "define it with def at the top level of a module"
        raise InputError(where, "must be a function that a file can name", got=brief(function), remedy=remedy)
    return name if short or ":" in name else f"__main__:{name}"


def load_weight(value: Any, allow_imports: bool) -> Any:
    """Return the weight function that a file names."""
    return load_function(value, "weight_fn", {}, allow_imports)


def save_weight(weight_fn: Any) -> str:
    """Return the name of a weight function in a file."""
    return function_name(weight_fn, "weight_fn", {})
