"""Read settings from configuration files, JSON or YAML."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chinchilla_nb.checks import as_folder, as_path, brief
from chinchilla_nb.config.callables import Finder, refuse_import
from chinchilla_nb.config.file_text import LARGEST_FILE, SUFFIXES, parse_values
from chinchilla_nb.config.settings import SETTINGS, Settings, make_settings
from chinchilla_nb.engine.errors import InputError, inputs_from, unknown_key

__all__ = ["Configuration", "read_settings"]

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
    sources : dict
        Where each of these comes from, for errors, unless code has overridden it: ``the configuration 'study.yaml'``.
    """

    arguments: Mapping[str, Any]
    project_dir: str | os.PathLike[str] | None = None
    log_level: int | str = 20
    sources: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def folder(self) -> Path | None:
        """The folder of the runs, checked; a relative path starts in the current folder. None if no folder is named.

        Raises
        ------
        InputError, FileExistsError
            If it does not exist.
        """
        if self.project_dir is None and "project_dir" not in self.sources:
            return None
        with inputs_from(self.sources.get("project_dir", "")):
            if self.project_dir is None:  # a file that names no folder leaves the key out
                rule, remedy = "must be the path of an existing folder", 'in YAML, quote the home folder: "~"'
                raise InputError("project_dir", rule, got="None", remedy=remedy)
            return as_folder(self.project_dir)

    def check(self) -> None:
        """Check the folder and the settings, where the file that they come from is known.

        Raises
        ------
        InputError, TypeError, FileExistsError
            For the first that is wrong.
        """
        _ = self.folder, self.settings

    @property
    def settings(self) -> Settings:
        """The settings, checked; those that the file leaves out have their defaults.

        Raises
        ------
        InputError, TypeError
            For the first setting that is wrong.
        """
        return make_settings(self.arguments, self.sources)


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
        If the format is not supported, the file cannot be read or does not parse, a key or value is not known, or a
        function is not found.
    FileNotFoundError
        If there is no such file.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise InputError("config_path", "must be the path of a file", got=brief(path))
    path = as_path(path)
    written, overrides = _parse(path), dict(overrides or {})
    for where, source in ((_named(path), written), ("from_config", overrides)):
        for key in source:
            if key not in SETTINGS and key not in _PROJECT_KEYS:
                raise unknown_key(where, key, [*_PROJECT_KEYS, *SETTINGS])
    sources = {key: _named(path) for key in written if key not in overrides}
    # Overridden values are not loaded, so their callables need not be importable.
    written |= overrides
    arguments = {}
    for key, row in SETTINGS.items():
        if key in written:
            with inputs_from(sources.get(key, "")):
                arguments[key] = row.load(written[key], find)
    return Configuration(arguments, **{key: written[key] for key in _PROJECT_KEYS if key in written}, sources=sources)


def _parse(path: Path) -> dict[str, Any]:
    """Return the content of a configuration file by key, not interpreted yet."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError("the configuration", "must be a .json, .yaml or .yml file", got=brief(str(path)))
    try:
        config = parse_values(_text(path), suffix)
    except InputError as error:
        raise InputError(_named(path), "does not parse", remedy=error.rule) from None
    if not isinstance(config, dict):
        raise InputError(_named(path), "must map keys to values", got=brief(config))
    return config


def _text(path: Path) -> str:
    """Return the text of a file.

    Raises
    ------
    InputError
        If it is not a text, or too long to be a configuration; its rule says so.
    """
    try:
        if not path.is_file():
            raise FileNotFoundError(f"there is no configuration file {str(path)!r}")
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise InputError("", f"it has {size:,} bytes, and a configuration at most {LARGEST_FILE:,}")
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise
    except OSError as error:
        raise InputError("", f"it cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError("", "it is not UTF-8 text; save it as UTF-8") from None


def _named(path: str | os.PathLike[str]) -> str:
    return f"the configuration {os.fspath(path)!r}"
