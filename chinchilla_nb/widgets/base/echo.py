"""Tell what a person typed from what a panel itself wrote into a field, which the field reports just the same."""

from __future__ import annotations

__all__ = ["Writing"]


class Writing:
    """True inside its ``with`` block, in which a panel writes its own fields.

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
