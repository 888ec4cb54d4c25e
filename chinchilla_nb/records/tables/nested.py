"""The values of nested objects, as JSON and configurations hold them, under one name each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["flat"]


def flat(value: Mapping[Any, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the leaves of nested mappings under dotted names that begin with a prefix."""
    for name, inner in value.items():
        if isinstance(inner, Mapping):
            yield from flat(inner, f"{before}{name}.")
        else:
            yield f"{before}{name}", inner
