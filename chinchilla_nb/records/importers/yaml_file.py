"""Read a YAML file that a training framework or a tracker wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from chinchilla_nb.engine.errors import InputError

__all__ = ["read_yaml_mapping"]


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads plain values; of objects of Python, such as Lightning's ``!!python/tuple``, it makes lists and text."""


def _plain(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    return node.value or suffix.partition(":")[2]


_Loader.add_multi_constructor("tag:yaml.org,2002:python/", _plain)


def read_yaml_mapping(path: Path) -> dict[str, Any]:
    """Return the mapping in a YAML file, empty if the file is.

    Raises
    ------
    InputError
        If the file is not YAML, or holds something else.
    OSError
        If it cannot be read.
    """
    try:
        value = yaml.load(path.read_bytes(), _Loader)  # noqa: S506  a safe loader
    except (yaml.YAMLError, ValueError, RecursionError, TypeError) as error:
        where = getattr(error, "problem_mark", None)
        place = f"in line {where.line + 1}" if where else ""
        remedy = "it may have been cut off by a crash: restore or delete it"
        raise InputError(repr(str(path)), "is not YAML", place=place, remedy=remedy) from None
    if not isinstance(value or {}, dict):
        raise InputError(repr(str(path)), "does not hold a YAML mapping")
    return value or {}
