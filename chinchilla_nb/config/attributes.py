"""Arguments, attributes and documentation of a class, derived from the table of settings."""

from __future__ import annotations

import inspect
from typing import Any, TypeVar

from chinchilla_nb.config.setting import Setting, document
from chinchilla_nb.config.settings import SETTINGS, change_settings

__all__ = ["configured"]

T = TypeVar("T", bound=type)


def configured(cls: T) -> T:
    """Give a class an attribute for each setting, and name all of them in its signature and documentation.

    In the documentation, ``{settings}`` stands for the settings that the signature of ``__init__`` spells out, and
    ``{more_settings}`` for those that it accepts as further keywords.
    """
    for row in SETTINGS.values():
        setattr(cls, row.argument, _Attribute(row))
    signature = inspect.signature(cls.__init__)  # type: ignore[misc]
    *spelt, _ = signature.parameters.values()
    more = {name: row for name, row in SETTINGS.items() if name not in signature.parameters}
    keywords = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=more[name].default) for name in more]
    cls.__init__.__signature__ = signature.replace(parameters=[*spelt, *keywords])  # type: ignore[misc]
    spelt_out, further = (
        {f"{row.argument} : {row.kind}": row.about for name, row in SETTINGS.items() if (name in more) is is_further}
        for is_further in (False, True)
    )
    document(cls, settings=spelt_out, more_settings=further)
    return cls


class _Attribute:
    """An attribute that reads and changes ``session.settings``, which holds its only copy."""

    def __init__(self, row: Setting) -> None:
        self.row = row
        self.__doc__ = row.about

    def __get__(self, cc: Any, owner: type | None = None) -> Any:
        return self if cc is None else self.row.show(getattr(cc.session.settings, self.row.field))

    def __set__(self, cc: Any, value: Any) -> None:
        cc.session.settings = change_settings(cc.session.settings, **{self.row.argument: value})
