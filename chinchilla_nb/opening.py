"""Turn whatever a person calls their runs into a session."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from chinchilla_nb.database import Database
from chinchilla_nb.datasets import Study
from chinchilla_nb.session import Session
from chinchilla_nb.settings import Settings

__all__ = ["open_session"]


def open_session(source: Any) -> Session:
    """Return the session of a project, of a study, or of what lies at a path.

    Parameters
    ----------
    source : Chinchilla, Session, Study, str or path
        A path is a folder of runs, opened with the settings' defaults, or a configuration file. A study is copied into
        memory: what is appended to it is not kept.

    Raises
    ------
    ValueError
        If there is nothing at the path, or the configuration is not valid.
    TypeError
        If it is none of these.
    """
    session = getattr(source, "session", source)
    if isinstance(session, Session):
        return session
    if isinstance(source, str | os.PathLike):
        return _open_path(Path(source))
    if isinstance(source, Study):
        database = Database()
        database.df = source.df.copy()
        return Session(database, Settings(seed_regime=source.seed_regime))
    raise TypeError(
        f"a workbench opens a Chinchilla, a study, a folder or a configuration file, got {type(source).__name__}"
    )


def _open_path(path: Path) -> Session:
    if path.is_dir():
        return Session(Database(path), Settings())
    if path.is_file():
        from chinchilla_nb.core import Chinchilla

        return Chinchilla.from_config(path).session
    raise ValueError(f"there is no folder and no configuration file at {str(path)!r}: check the path")
