"""A public name and how `wrong_kinds` calls it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["Door", "bounded"]


@dataclass(frozen=True)
class Door:
    """A public name and how to call it.

    Attributes
    ----------
    name : str
        As a user writes it, without the package.
    call : callable
    usual : mapping of str to object
        Arguments with which the call succeeds; a wrong value is tried in place of each.
    words : mapping of str to str
        What a sentence calls an argument, where it does not use its name.
    nan : bool
        Whether an answer may be NaN, as the documentation says.
    dear : bool
        Whether a call takes so long that only some values are tried.
    """

    name: str
    call: Callable[..., Any]
    usual: Mapping[str, Any]
    words: Mapping[str, str] = field(default_factory=dict)
    nan: bool = False
    dear: bool = False


def bounded(call: Callable[..., Any], *counts: str, most: int = 10**7) -> Callable[..., Any]:
    """Return a call that leaves out numbers of steps or draws which would compute for years."""

    def try_it(**given: Any) -> Any:
        for name in counts:
            count = given[name]
            if isinstance(count, (int, float, np.number)) and not isinstance(count, bool) and 3 < count < most:
                return None
        return call(**given)

    return try_it
