"""The functions that can be named where others than the owner of the kernel may name them: in a panel, in a file."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable
from typing import Any

from chinchilla_nb.checks import as_names, brief
from chinchilla_nb.config.callables import FUNCTION_NAME, ImportNotAllowed, find_callable, name_of_callable
from chinchilla_nb.engine.errors import InputError

__all__ = ["AllowedFunctions"]

_MAIN = "__main__:"


class AllowedFunctions:
    """The functions that the notebook defines, and those that code allows by name.

    Allowed functions are imported here, once: looking one up afterwards imports nothing, whatever name is asked for.
    A name that the notebook has imported, like ``Path`` or ``os.system``, is not a function that it defines: whoever
    can write into a panel would otherwise call it with arguments of their choice.

    Parameters
    ----------
    names : iterable of str
        ``package.module:function``, or the name of a function of the notebook.

    Raises
    ------
    InputError
        If `names` is not a list of names, or one of them has no function.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._allowed = {name.removeprefix(_MAIN): find_callable(name) for name in as_names(names, "allow_functions")}

    def offered(self) -> list[str]:
        """Return the names to offer: the functions that the notebook defines with ``def``, and the allowed ones."""
        defined = {
            name for name, value in _namespace().items() if inspect.isfunction(value) and _is_defined_here(value)
        }
        return sorted({name for name in defined if not name.startswith("_")} | self._allowed.keys())

    def find(self, name: str) -> Callable[..., Any]:
        """Return the function of a name, without importing anything.

        Raises
        ------
        InputError
            If there is no such function; an ImportNotAllowed if it is neither defined by the notebook nor allowed.
        """
        bare = name.removeprefix(_MAIN)
        if bare in self._allowed:
            return self._allowed[bare]
        if bare.isidentifier():
            return _defined_function(bare)
        if not FUNCTION_NAME.fullmatch(name):
            remedy = "write my_function, or package.module:function"
            raise InputError(brief(name), "is not the name of a function", remedy=remedy)
        raise _not_allowed(name, name)


def _namespace() -> dict[str, Any]:
    # A copy, because a cell may define names while a callback on another thread reads them.
    return dict(vars(sys.modules["__main__"]))


def _is_defined_here(value: Any) -> bool:
    return getattr(value, "__module__", None) == "__main__"


def _defined_function(name: str) -> Callable[..., Any]:
    namespace = _namespace()
    if name not in namespace:
        raise InputError(brief(name), "is not defined", remedy="run the cell that defines it")
    found = namespace[name]
    if not callable(found):
        raise InputError(brief(name), "must be a function", got=type(found).__name__)
    if not _is_defined_here(found):
        raise _not_allowed(name, name_of_callable(found) or name)
    function: Callable[..., Any] = found
    return function


def _not_allowed(name: str, full: str) -> ImportNotAllowed:
    rule = "is neither defined in this notebook nor allowed"
    remedy = (
        f"if you trust it, pass allow_functions=[{full!r}] to Workbench or ConfigPanel, "
        f"or --allow-function {full} to chinchilla-nb"
    )
    return ImportNotAllowed(brief(name), rule, remedy=remedy)
