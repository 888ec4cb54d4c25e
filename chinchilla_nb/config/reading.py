"""Read settings from configuration files, JSON or YAML."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from chinchilla_nb.checks import brief
from chinchilla_nb.config.callables import Finder, refuse_import
from chinchilla_nb.config.settings import SETTINGS, Settings, make_settings
from chinchilla_nb.engine.errors import InputError, unknown_key

__all__ = ["SUFFIXES", "Configuration", "read_settings"]

SUFFIXES = (".yaml", ".yml", ".json")
_PROJECT_KEYS = ("project_dir", "log_level")
"""Keys that a file may set besides the settings."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """The content of a configuration file.

    Attributes
    ----------
    arguments : dict
        Settings by argument, as code would pass them.
    project_dir : str, path or None
        Folder of the runs; None if the file does not name one.
    log_level : int or str
    """

    arguments: Mapping[str, Any]
    project_dir: str | os.PathLike[str] | None = None
    log_level: int | str = 20

    @property
    def settings(self) -> Settings:
        """The settings, checked; those that the file leaves out have their defaults.

        Raises
        ------
        InputError, TypeError
            For the first setting that is wrong.
        """
        return make_settings(self.arguments)


def read_settings(
    path: str | os.PathLike[str], overrides: Mapping[str, Any] | None = None, *, find: Finder = refuse_import
) -> Configuration:
    """Read a configuration file.

    Parameters
    ----------
    path : str or path
        A ``.json``, ``.yaml`` or ``.yml`` file.
    overrides : mapping, optional
        Arguments that replace the file's, written as in a file or as in code.
    find : callable
        Returns the function of a name written ``package.module:function``; by default no function is found, because
        importing one runs its module's code.

    Raises
    ------
    InputError
        If the format is not supported, the file does not parse, a key or value is not known, or a function is not
        found.
    FileNotFoundError
        If there is no such file.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise InputError("config_path", "must be the path of a file", got=brief(path))
    written, overrides = _parse(Path(path)), dict(overrides or {})
    for where, source in ((_named(path), written), ("from_config", overrides)):
        for key in source:
            if key not in SETTINGS and key not in _PROJECT_KEYS:
                raise unknown_key(where, key, [*_PROJECT_KEYS, *SETTINGS])
    # Overridden values are not loaded, so their callables need not be importable.
    written |= overrides
    arguments = {key: row.load(written[key], find) for key, row in SETTINGS.items() if key in written}
    return Configuration(arguments, **{key: written[key] for key in _PROJECT_KEYS if key in written})


class _Loader(yaml.SafeLoader):
    """A safe loader that reads ``1e18`` as a number, as JSON and Python do, and rejects a repeated key."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, str) and key in seen:
                problem = f"the key {key!r} is given twice"
                raise yaml.constructor.ConstructorError(None, None, problem, key_node.start_mark)
            seen.add(str(key))
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?(\d[\d_]*)(\.[\d_]*)?[eE][-+]?\d+$"), list("-+0123456789")
)


def _parse(path: Path) -> dict[str, Any]:
    """Return the content of a configuration file by key, not interpreted yet."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError("the configuration", "must be a .json, .yaml or .yml file", got=repr(str(path)))
    if not path.is_file():
        raise FileNotFoundError(f"there is no configuration file {str(path)!r}")
    try:
        text = path.read_text(encoding="utf-8-sig")
        config = json.loads(text) if suffix == ".json" else yaml.load(text, Loader=_Loader)  # noqa: S506  a SafeLoader
    except (yaml.YAMLError, json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(_named(path), "does not parse", remedy=_reason(error)) from None
    if not isinstance(config, dict):
        raise InputError(_named(path), "must map keys to values", got=brief(config))
    return config


def _reason(error: Exception) -> str:
    """Return why a file does not parse, with line and column if they are known."""
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8 text; save it as UTF-8"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno}, column {error.colno}: {error.msg}"
    if isinstance(error, yaml.reader.ReaderError):
        return f"character {error.position + 1}: {error.reason}"
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None) or "it is not valid YAML"
    return problem if mark is None else f"line {mark.line + 1}, column {mark.column + 1}: {problem}"


def _named(path: str | os.PathLike[str]) -> str:
    return f"the configuration {os.fspath(path)!r}"
