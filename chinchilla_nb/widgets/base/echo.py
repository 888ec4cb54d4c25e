"""Distinguish what the user typed into a field from what the panel wrote there: the field reports both alike."""

from __future__ import annotations

__all__ = ["Writing"]


class Writing:
    """A flag that is true inside its ``with`` block, in which a panel writes to its own fields.

    >>> writing = Writing()
    >>> with writing:
    ...     bool(writing)
    True
    >>> bool(writing)
    False
    """

    def __init__(self) -> None:
        self._depth = 0

    def __enter__(self) -> None:
        self._depth += 1

    def __exit__(self, *_: object) -> None:
        self._depth -= 1

    def __bool__(self) -> bool:
        return self._depth > 0
