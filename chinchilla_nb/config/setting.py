"""A single setting: all that the constructor, files, panels, fits and the documentation know about it."""

from __future__ import annotations

import inspect
import operator
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from typing import Any

from chinchilla_nb.config.callables import Finder

__all__ = ["Setting", "document", "setting", "table_of"]

WIDTH = 112
"""Characters in a line of documentation."""


def _as_it_is(value: Any) -> Any:
    return value


def _as_written(value: Any, _find: Finder) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class Setting:
    """A row of the table of settings.

    Attributes
    ----------
    argument : str
        Its name as an argument and an attribute of Chinchilla, and as a key in a configuration file.
    kind : str
        What a user may write, for the documentation: ``int, optional``.
    about : str
        What it is, for the documentation, in one or two sentences.
    default : object
        The default, as a user would write it.
    read : callable
        ``read(written, known)`` checks what a user wrote and returns the value of the field. `known` maps fields to
        the values of the settings above it in the table. Raises an InputError or a TypeError.
    show : callable
        Converts the field's value back into what a user would write.
    load : callable
        ``load(value, find)`` converts the value in a configuration file into what a user would write; `find` returns
        the functions that it names.
    save : callable or None
        Converts the field's value into the value in a configuration file; None if files do not store it.
    same : callable
        Tells whether two values of the field are the same.
    fit_option : str
        The argument of :class:`~chinchilla_nb.engine.fitting.problem.Problem` that the setting determines, which is
        also the attribute of Settings that holds its value; a fit is stale when it changes. Empty if the setting does
        not affect fits.
    types : tuple of type
        The types of the field's value; empty if something else checks it, as it does functions.
    reads : tuple of str
        Fields that `read` looks up in `known`; the setting is checked again when they change.
    field : str
        The field of Settings that holds the value.
    """

    argument: str
    kind: str
    about: str
    default: Any
    read: Callable[[Any, Mapping[str, Any]], Any]
    show: Callable[[Any], Any] = _as_it_is
    load: Callable[[Any, Finder], Any] = _as_written
    save: Callable[[Any], Any] | None = _as_it_is
    same: Callable[[Any, Any], bool] = operator.eq
    fit_option: str = ""
    types: tuple[type, ...] = ()
    reads: tuple[str, ...] = ()
    field: str = ""


def setting(argument: str, kind: str, about: str, *, read: Callable[..., Any], default: Any = None, **more: Any) -> Any:
    """Make a field of Settings from a row of the table; its default is the row's, converted by `read`."""
    row = Setting(argument, kind, about, default, read, **more)
    return field(default_factory=lambda: row.read(row.default, {}), metadata={"setting": row})


def table_of(settings: Any) -> dict[str, Setting]:
    """Return the rows of a class of settings by argument, in the order in which they are read."""
    rows = [_named(one) for one in fields(settings)]
    return {row.argument: row for row in rows}


def document(cls: type, **sections: Mapping[str, str]) -> None:
    """Fill in the docstring of a class: each name in braces is replaced by its entries and their descriptions."""
    if cls.__doc__ is not None:  # python -OO removes it
        written = {name: "\n".join(_entry(*entry) for entry in entries.items()) for name, entries in sections.items()}
        cls.__doc__ = inspect.cleandoc(cls.__doc__).format(**written)


def _entry(name: str, about: str) -> str:
    return f"{name}\n" + textwrap.indent(textwrap.fill(about, WIDTH, break_on_hyphens=False), "    ")


def _named(one: Field[Any]) -> Setting:
    row: Setting = one.metadata["setting"]
    return replace(row, field=one.name)
