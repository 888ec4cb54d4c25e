"""The forecasts that lie in the folder of a project."""

from __future__ import annotations

import os
from pathlib import Path

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.records.forecast import Forecast
from chinchilla_nb.records.forecast_json import FORMAT
from chinchilla_nb.whole_file import open_regular

__all__ = ["SUFFIX", "saved_forecasts"]

SUFFIX = ".json"
"""Files in a folder with another suffix are not taken for forecasts."""
HEAD = 200
"""Bytes at the beginning of a file that show whether it is a forecast, so that no other file is read."""
MOST = 100
"""Most forecasts that are read: more are not the record of a project, and reading them would take seconds."""


def saved_forecasts(folder: Path) -> tuple[tuple[Forecast, ...], tuple[str, ...]]:
    """Read the forecasts in a folder, ordered by the names of their files; subfolders are not searched.

    Returns
    -------
    forecasts : tuple of Forecast
    problems : tuple of str
        Why others cannot be read, a sentence without a full stop for each.
    """
    try:
        paths = [path for path in sorted(folder.glob(f"*{SUFFIX}")) if _is_forecast(path)]
    except OSError:  # without permission to list the folder, its other files cannot be read either
        return (), ()
    found: list[Forecast] = []
    problems: list[str] = []
    for path in paths[:MOST]:
        try:
            found.append(Forecast.load(path))
        except (ValueError, OSError) as error:
            problems.append(str(error))
    if len(paths) > MOST:
        where = brief(os.fspath(folder), 300)
        problems.append(f"only {MOST} of {len(paths):,} forecasts in {where} are scored: move the others away")
    return tuple(found), tuple(problems)


def _is_forecast(path: Path) -> bool:
    """Return whether a file that is neither hidden nor a link to elsewhere begins as a forecast does."""
    try:
        if path.name.startswith(".") or path.resolve().parent != path.parent.resolve():
            return False
        with os.fdopen(open_regular(path, os.O_RDONLY), "rb") as file:
            return FORMAT.encode() in file.read(HEAD)
    except (OSError, RuntimeError):  # a RuntimeError comes from a loop of links
        return False
