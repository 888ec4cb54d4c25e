"""Recognise what a folder, a file or an address holds, and read the runs in it as a table."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from chinchilla_nb.checks import brief
from chinchilla_nb.engine.errors import InputError, InputTypeError
from chinchilla_nb.records.importers import (
    lightning_metrics,
    lm_eval_results,
    mlflow_database,
    mlflow_files,
    mlflow_server,
    tensorboard_events,
    trainer_state,
    wandb_folder,
    wandb_server,
)
from chinchilla_nb.records.importers.json_file import read_json_object
from chinchilla_nb.records.importers.log_tree import MOST_FILES, files_below
from chinchilla_nb.records.tables import Table, read_table

__all__ = ["RunLogs", "at_address", "is_address", "read_source", "recognise"]


@dataclass(frozen=True, slots=True)
class RunLogs:
    """Logs of runs that were recognised.

    Attributes
    ----------
    title : str
        What they were recognised as.
    read : callable
        Reads them as a table with one row for each run.
    stamp : callable
        Returns a value that differs after the logs have changed; one that always differs if only reading them tells.
    """

    title: str
    read: Callable[[], Table]
    stamp: Callable[[], object]


@dataclass(frozen=True, slots=True)
class _Importer:
    """How the logs of one library are read.

    Attributes
    ----------
    title : str
        What such logs are called.
    find : callable
        Returns which of some files it reads.
    read : callable
        Reads those files, given the folder that names of runs start at.
    named : callable
        Returns which of some files to look at for changes, without reading any; `find` if that reads none either.
    is_one : callable
        Whether the object in a JSON file is one of them, whatever the name of the file.
    """

    title: str
    find: Callable[[Sequence[Path]], Sequence[Path]]
    read: Callable[[Path, Sequence[Path]], Table]
    named: Callable[[Sequence[Path]], Sequence[Path]]
    is_one: Callable[[Mapping[str, Any]], bool] = lambda _value: False


_IMPORTERS = (
    _Importer(wandb_folder.TITLE, wandb_folder.find, wandb_folder.read, wandb_folder.find),
    _Importer(mlflow_files.TITLE, mlflow_files.find, mlflow_files.read, mlflow_files.find),
    _Importer(mlflow_database.TITLE, mlflow_database.find, mlflow_database.read, mlflow_database.named),
    _Importer(
        trainer_state.TITLE, trainer_state.find, trainer_state.read, trainer_state.find, trainer_state.is_trainer_state
    ),
    _Importer(lightning_metrics.TITLE, lightning_metrics.find, lightning_metrics.read, lightning_metrics.named),
    _Importer(tensorboard_events.TITLE, tensorboard_events.find, tensorboard_events.read, tensorboard_events.find),
    _Importer(
        lm_eval_results.TITLE,
        lm_eval_results.find,
        lm_eval_results.read,
        lm_eval_results.named,
        lm_eval_results.is_results,
    ),
)
"""In this order a folder is recognised: the output of a Trainer also holds event files of TensorBoard."""


def read_source(source: str | os.PathLike[str]) -> Table:
    """Read the runs in a folder of logs, in a file or at an address.

    Parameters
    ----------
    source : str or path
        What `recognise` knows, or a table that `read_table` reads.

    Returns
    -------
    Table
        A row for each run; its first note says what the source was recognised as.

    Raises
    ------
    ValueError
        If nothing is there, it is not recognised, it cannot be read, or the library that reads it is not installed.
    TypeError
        If `source` is neither text nor a path.
    OSError
        If it cannot be opened.
    """
    logs = recognise(source)
    if logs is not None:
        return logs.read()
    path = Path(source)
    if path.is_file():
        return read_table(path.name, path.read_bytes())
    if path.is_dir():
        titles = ", ".join(importer.title for importer in _IMPORTERS)
        raise InputError(repr(str(path)), "holds no logs of runs", remedy=f"give a folder of {titles}")
    raise InputError("", f"there is nothing at {brief(str(path))}", remedy="correct the path")


def recognise(source: str | os.PathLike[str]) -> RunLogs | None:
    """Return the logs at a path or address, or None if there are none: nothing, an ordinary table, or other files.

    An address begins with ``http://`` or ``https://``.
    """
    if not (isinstance(source, (str, os.PathLike)) and os.fspath(source)):
        raise InputTypeError("source", "must be the path of a folder or of a file", got=brief(source))
    if is_address(source):
        return at_address(str(source))
    path = Path(os.fsdecode(source))
    try:
        if path.is_dir():
            return _in_folder(path)
        return _in_file(path) if path.is_file() else None
    except OSError as error:  # a name too long, a folder that must not be read
        raise InputError(repr(str(path)), f"cannot be opened: {error.strerror}") from None


def is_address(source: str | os.PathLike[str]) -> bool:
    """Return whether a source is the address of a server."""
    return isinstance(source, str) and source.lower().startswith(("http://", "https://"))


def at_address(address: str) -> RunLogs:
    """Return the logs of a project at Weights & Biases, or of an MLflow server; nothing is asked of it yet."""
    server = wandb_server if wandb_server.is_address(address) else mlflow_server
    return RunLogs(server.TITLE, partial(server.read, address), object)  # only reading tells whether it has changed


def _in_folder(folder: Path) -> RunLogs | None:
    files = files_below(folder).files
    found = [importer for importer in _IMPORTERS if importer.find(files)]
    if not found:
        return None
    others = tuple(importer.title for importer in found[1:])
    return RunLogs(found[0].title, partial(_read_folder, found[0], folder, others), partial(_stamp, found[0], folder))


def _read_folder(importer: _Importer, folder: Path, others: Sequence[str]) -> Table:
    tree = files_below(folder)
    table = importer.read(folder, importer.find(tree.files))
    notes = [f"the folder also holds {title}, which are not read" for title in others]
    if not tree.complete:
        notes.append(f"only the first {MOST_FILES:,} files of the folder were looked at")
    return replace(table, notes=(*table.notes, *notes))


def _stamp(importer: _Importer, folder: Path) -> object:
    return tuple(map(_state_of, importer.named(files_below(folder).files)))


def _in_file(path: Path) -> RunLogs | None:
    importer = next((one for one in _IMPORTERS if one.find((path,))), None) or _by_content(path)
    if importer is None:
        return None
    return RunLogs(importer.title, partial(importer.read, path.parent, (path,)), partial(_state_of, path))


def _by_content(path: Path) -> _Importer | None:
    """Return the importer for a JSON file that has another name than its library gives it."""
    if path.suffix.lower() != ".json":
        return None
    try:
        value = read_json_object(path)
    except InputError:
        return None
    return next((importer for importer in _IMPORTERS if importer.is_one(value)), None)


def _state_of(path: Path) -> tuple[Path, int, int]:
    """Return the size and the time of a file; zeros if it has gone."""
    try:
        state = path.stat()
    except OSError:
        return path, 0, 0
    return path, state.st_size, state.st_mtime_ns
