"""Results of work that a map from the user spreads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.errors import InputTypeError

__all__ = ["mapped"]


def mapped(map: Callable[..., Iterable[Any]], work: Callable[[Any], Any], tasks: Iterable[Any]) -> Iterator[Any]:
    """Return the results of the tasks.

    Raises
    ------
    InputTypeError
        If the map does not take a function and a list, or returns nothing to iterate over.
    """
    refusal = InputTypeError("map", "must map a function over a list, as the built-in map does", got=brief(map))
    made = map if isinstance(map, type) else Iterator
    if not issubclass(made, Iterator):
        raise refusal
    try:
        return iter(map(work, tasks))
    except TypeError as error:
        raise refusal from error
