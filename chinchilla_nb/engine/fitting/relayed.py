"""Work that reports its progress from inside other work."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, TypeVar

__all__ = ["relayed"]

S = TypeVar("S")
T = TypeVar("T")
R = TypeVar("R")


def relayed(work: Generator[S, Any, R], translate: Callable[[S], T]) -> Generator[T, None, R]:
    """Yield the translated progress of some work, and return its result: ``yield from`` with other words."""
    while True:
        try:
            step = next(work)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        yield translate(step)
