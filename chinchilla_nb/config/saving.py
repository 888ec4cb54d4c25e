"""Write settings to a configuration file that :meth:`Chinchilla.from_config` reads back."""

from __future__ import annotations

import os
from typing import Any

from chinchilla_nb.checks import as_path
from chinchilla_nb.config.file_text import SUFFIXES, format_values
from chinchilla_nb.config.settings import SETTINGS, Settings
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.whole_file import explain_write_errors, write_whole

__all__ = ["as_config", "write_config"]


def write_config(
    path: str | os.PathLike[str], settings: Settings, project_dir: str | os.PathLike[str] | None = None
) -> None:
    """Write settings to a ``.yaml``, ``.yml`` or ``.json`` file, atomically.

    Parameters
    ----------
    path : str or path
    settings : Settings
    project_dir : str or path, optional
        Folder of the runs. Without it, the file must be read with ``from_config(path, project_dir=...)``.

    Raises
    ------
    InputError
        If the format is not supported, or a setting cannot be saved in a file, such as a lambda.
    OSError
        If the file cannot be written.
    """
    path = as_path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise InputError("a configuration", "must be saved as .yaml, .yml or .json", got=repr(path.name))
    config = as_config(settings, project_dir)
    with explain_write_errors(path):
        write_whole(path, format_values(config, path.suffix.lower()).encode())


def as_config(settings: Settings, project_dir: str | os.PathLike[str] | None = None) -> dict[str, Any]:
    """Return settings as the content of a configuration file; settings with default values are left out.

    Raises
    ------
    InputError
        If a setting cannot be saved in a file.
    """
    config: dict[str, Any] = {} if project_dir is None else {"project_dir": os.fspath(project_dir)}
    default = Settings()
    for name, row in SETTINGS.items():
        value = getattr(settings, row.field)
        if row.save is not None and not row.same(value, getattr(default, row.field)):
            config[name] = row.save(value)
    return config
