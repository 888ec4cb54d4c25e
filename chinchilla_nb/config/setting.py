"""One setting: all that the constructor, files, panels, fits and the documentation know of it."""

from __future__ import annotations

import inspect
import operator
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from typing import Any

__all__ = ["Setting", "document", "setting", "table_of"]

WIDTH = 112
"""Characters in a line of documentation."""


def _as_it_is(value: Any) -> Any:
    return value


def _as_written(value: Any, _allow_imports: bool) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class Setting:
    """A row of the table of settings.

    Attributes
    ----------
    argument : str
        Its name as an argument and attribute of Chinchilla and as a key of a configuration file.
    kind : str
        What a user may write, for the documentation: ``int, optional``.
    about : str
        What it is, for the documentation, in one sentence or two.
    default : object
        What a user would write to get what holds where nothing is written.
    read : callable
        ``read(written, known)`` checks what a user wrote and returns the value of the field. `known` maps fields to
        the values of the settings above it in the table. Raises an InputError or a TypeError.
    show : callable
        From the field's value back to what a user would write.
    load : callable
        ``load(value, allow_imports)`` turns the value of a configuration file into what a user would write.
    save : callable or None
        From the field's value to the value of a configuration file; None if a file does not keep it.
    same : callable
        Whether two values of the field are the same.
    fit_option : str
        What of a :class:`~chinchilla_nb.engine.fitting.problem.Problem` the setting decides, an attribute of Settings
        of the same name; a fit is stale when it changes. Empty if the setting changes no fit.
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
    load: Callable[[Any, bool], Any] = _as_written
    save: Callable[[Any], Any] | None = _as_it_is
    same: Callable[[Any, Any], bool] = operator.eq
    fit_option: str = ""
    reads: tuple[str, ...] = ()
    field: str = ""


def setting(argument: str, kind: str, about: str, *, read: Callable[..., Any], default: Any = None, **more: Any) -> Any:
    """Make a field of Settings from a row of the table; its default is what `read` makes of the row's."""
    row = Setting(argument, kind, about, default, read, **more)
    return field(default_factory=lambda: row.read(row.default, {}), metadata={"setting": row})


def table_of(settings: Any) -> dict[str, Setting]:
    """Return the rows of a class of settings by argument, in the order in which they are read."""
    rows = [_named(one) for one in fields(settings)]
    return {row.argument: row for row in rows}


def document(cls: type, **sections: Mapping[str, str]) -> None:
    """Fill in the docstring of a class: what stands there in braces becomes entries, each with its description."""
    if cls.__doc__ is not None:  # python -OO leaves it out
        written = {name: "\n".join(_entry(*entry) for entry in entries.items()) for name, entries in sections.items()}
        cls.__doc__ = inspect.cleandoc(cls.__doc__).format(**written)


def _entry(name: str, about: str) -> str:
    return f"{name}\n" + textwrap.indent(textwrap.fill(about, WIDTH, break_on_hyphens=False), "    ")


def _named(one: Field[Any]) -> Setting:
    row: Setting = one.metadata["setting"]
    return replace(row, field=one.name)
