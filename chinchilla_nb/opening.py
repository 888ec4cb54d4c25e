"""Turn whatever a person calls their runs into a session."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

from chinchilla_nb import datasets
from chinchilla_nb.database import Database
from chinchilla_nb.engine.losses import log_huber
from chinchilla_nb.session import Session
from chinchilla_nb.settings import Settings
from chinchilla_nb.storage import CsvFile

__all__ = ["open_session"]

CONFIGURATIONS = (".json", ".yaml", ".yml")


def open_session(source: Any) -> Session:
    """Return the session of a project, of a study, or of what lies at a path.

    Parameters
    ----------
    source : Chinchilla, Session, Study, str or path
        A path is a folder of runs, opened with the settings' defaults, a configuration file, or a CSV of runs. Text
        that is no path is the name of a shipped study. What is appended to a study or a CSV is kept in memory only.

    Raises
    ------
    ValueError
        If there is nothing at the path, a file is of another kind, or what it holds is not valid.
    TypeError
        If it is none of these.
    """
    session = getattr(source, "session", source)
    if isinstance(session, Session):
        return session
    if isinstance(source, str | os.PathLike):
        return _open_path(Path(source))
    if isinstance(source, datasets.Study):
        # Repeats of a run differ both ways; the default loss counts over-prediction tenfold, Hoffmann's does not.
        loss_fn = partial(log_huber, delta=1e-3)
        return _in_memory(source.df.copy(), Settings(seed_regime=source.seed_regime, loss_fn=loss_fn))
    raise TypeError(
        f"a workbench opens a Chinchilla, a study, a folder, a configuration or a CSV file, got {type(source).__name__}"
    )


def _open_path(path: Path) -> Session:
    if path.is_dir():
        return Session(Database(path), Settings())
    if path.is_file():
        return _open_file(path)
    if str(path) in datasets.names():
        return open_session(datasets.load(str(path)))
    raise ValueError(
        f"there is nothing at {str(path)!r}, and no study of that name: give a folder, a .yaml, .json or .csv file, "
        f"or {' or '.join(datasets.names())}"
    )


def _open_file(path: Path) -> Session:
    kind = path.suffix.lower()
    if kind == ".csv":
        return _in_memory(CsvFile(path).read(), Settings())
    if kind in CONFIGURATIONS:
        from chinchilla_nb.core import Chinchilla

        return Chinchilla.from_config(path).session
    raise ValueError(
        f"{str(path)!r} is neither a configuration nor a table of runs: give a .yaml, .json or .csv file, or a folder"
    )


def _in_memory(df: Any, settings: Settings) -> Session:
    database = Database()
    database.df = df
    return Session(database, settings)
