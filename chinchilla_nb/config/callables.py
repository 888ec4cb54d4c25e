"""Find functions by name, ``package.module:function``, and find the names of functions.

`find_callable` imports what it is asked for, which runs that module's code: only names that the owner of the kernel has
written or allowed may reach it. Panels use :class:`~chinchilla_nb.config.allowed_functions.AllowedFunctions` instead.
"""

from __future__ import annotations

import difflib
import functools
import importlib
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from chinchilla_nb.checks import brief
from chinchilla_nb.engine.errors import InputError

__all__ = [
    "FUNCTION_NAME",
    "Finder",
    "ImportNotAllowed",
    "find_callable",
    "function_name",
    "load_function",
    "load_weight",
    "name_of_callable",
    "refuse_import",
    "save_weight",
]

Finder: TypeAlias = Callable[[str], Callable[..., Any]]
"""Returns the function of a name, or raises an InputError: an ImportNotAllowed if it may not look for it."""

FUNCTION_NAME = re.compile(r"([\w.]+:)?[A-Za-z_][\w.]*")
"""``my_function`` or ``package.module:function``."""


class ImportNotAllowed(InputError):
    """A name asks for a function that nobody has allowed: importing it would run its module's code."""


def find_callable(name: str) -> Callable[..., Any]:
    """Return a function of the running notebook or script, or import ``package.module:function``.

    Raises
    ------
    InputError
        If there is no function of that name.
    """
    where = repr(name)
    if not FUNCTION_NAME.fullmatch(name):
        raise InputError(where, "is not the name of a function", remedy="write my_function, or package.module:function")
    module, _, attribute = name.rpartition(":")
    try:
        found = functools.reduce(getattr, attribute.split("."), importlib.import_module(module or "__main__"))
    except Exception as error:  # noqa: BLE001  importing a module runs whatever it contains
        if module:
            known = isinstance(error, (ImportError, AttributeError))
            reason = str(error) if known else f"{type(error).__name__}: {error}"
            raise InputError(where, "cannot be imported", remedy=reason) from None
        raise InputError(where, "is not defined", remedy="run the cell that defines it") from None
    if not callable(found):
        raise InputError(where, "must be a function", got=type(found).__name__)
    return found


def refuse_import(name: str) -> Callable[..., Any]:
    """Find no function: for files that are read without ``allow_imports=True``.

    Raises
    ------
    ImportNotAllowed
        Always.
    """
    remedy = "pass allow_imports=True if you trust it"
    raise ImportNotAllowed("", f"asks to import {name!r}, which runs its code", remedy=remedy)


def name_of_callable(function: Callable[..., Any]) -> str | None:
    """Return the name by which `find_callable` finds a function, None if there is no such name.

    Nothing is imported: the module of a function that exists has been imported before.
    """
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", None)
    if module is None and isinstance(function, getattr(sys.modules.get("numpy"), "ufunc", ())):
        module, name = "numpy", function.__name__
    if not (isinstance(module, str) and isinstance(name, str)):
        return None
    try:
        found: Any = functools.reduce(getattr, name.split("."), sys.modules.get(module))
    except AttributeError:
        return None
    if found is not function:
        return None
    return name if module == "__main__" else f"{module}:{name}"


def load_function(value: Any, where: str, known: Mapping[str, Any], find: Finder) -> Any:
    """Return the function that a file names: a key of `known`, or ``package.module:function``.

    A value that is not text is returned unchanged, for the validators to check.

    Raises
    ------
    InputError
        If there is no such function, or `find` refuses to look for it.
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
    try:
        return find(value)
    except InputError as error:
        rule = f"{error.where} {error.rule}" if error.where else error.rule
        raise type(error)(where, rule, got=error.got, remedy=error.remedy) from None


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


def load_weight(value: Any, find: Finder) -> Any:
    """Return the weight function that a file names."""
    return load_function(value, "weight_fn", {}, find)


def save_weight(weight_fn: Any) -> str:
    """Return the name of a weight function in a file."""
    return function_name(weight_fn, "weight_fn", {})
