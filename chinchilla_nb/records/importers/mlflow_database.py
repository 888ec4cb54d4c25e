"""Read MLflow's tracking store in SQLite, ``mlflow.db``, without changing it.

The library would first bring the tables of an older store up to date. The columns that are read here have been the same
since version 1.4.
"""

from __future__ import annotations

import math
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.records.importers.mlflow_run import run_columns
from chinchilla_nb.records.importers.run_values import RunValues, last_and_lowest, run_table
from chinchilla_nb.records.tables import Table

__all__ = ["TITLE", "find", "named", "read"]

TITLE = "runs of an MLflow store in SQLite"
_SUFFIXES = (".db", ".sqlite", ".sqlite3")
_START = b"SQLite format 3\0"
_TABLES = frozenset({"experiments", "latest_metrics", "metrics", "params", "runs", "tags"})
_LARGEST = 1.7976931348623157e308
"""The store writes this number for infinity."""
_WAIT = 1.0
"""Seconds to wait for another process that writes."""

_RUNS = """
select runs.run_uuid, runs.name, runs.status, experiments.name
from runs join experiments on runs.experiment_id = experiments.experiment_id
where runs.lifecycle_stage = 'active' order by runs.start_time, runs.run_uuid
"""
_METRICS = "select run_uuid, key, value, is_nan from metrics order by run_uuid, key, step, timestamp"


def named(files: Sequence[Path]) -> tuple[Path, ...]:
    """Return the files of a folder that have the names of databases."""
    return tuple(path for path in files if path.suffix.lower() in _SUFFIXES)


def find(files: Sequence[Path]) -> tuple[Path, ...]:
    """Return the stores among the files of a folder."""
    return tuple(path for path in named(files) if _is_store(path))


def read(_root: Path, files: Sequence[Path]) -> Table:
    """Return a row for each run: ``params.*``, ``tags.*``, the last value of each metric, the lowest of each loss.

    Raises
    ------
    InputError
        If a store is damaged, or another process writes to it for seconds.
    """
    runs: list[RunValues] = []
    for path in files:
        try:
            with closing(_open(path)) as store:
                runs += _runs(store)
        except sqlite3.Error as error:
            raise InputError(repr(str(path)), f"cannot be read: {error}") from None
    return run_table(TITLE, enumerate(runs, 1))


def _is_store(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            if file.read(len(_START)) != _START:
                return False
    except OSError:
        return False
    try:
        with closing(_open(path)) as store:
            names = {name for (name,) in store.execute("select name from sqlite_master where type = 'table'")}
    except sqlite3.Error:
        return True  # reading it says what is wrong
    return names >= _TABLES


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=_WAIT)


def _runs(store: sqlite3.Connection) -> Iterator[RunValues]:
    params, tags = (_texts(store, table) for table in ("params", "tags"))
    metrics = _metrics(store)
    for run_id, name, status, experiment in store.execute(_RUNS).fetchall():
        values = run_columns(
            experiment=experiment,
            run_id=run_id,
            status=status,
            params=params[run_id],
            metrics=metrics[run_id],
            tags=tags[run_id],
        )
        yield RunValues(name or tags[run_id].get("mlflow.runName") or run_id, values)


def _texts(store: sqlite3.Connection, table: str) -> defaultdict[str, dict[str, str]]:
    """Return the texts in a table by run and name."""
    texts: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for run_id, key, value in store.execute(f"select run_uuid, key, value from {table} order by key"):  # noqa: S608
        texts[run_id][key] = value or ""
    return texts


def _metrics(store: sqlite3.Connection) -> defaultdict[str, dict[str, Any]]:
    """Return the last value of each metric and the lowest of each loss, by run and name."""
    histories: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for run_id, key, value, is_nan in store.execute(_METRICS):
        histories[run_id, key].append(math.nan if is_nan or value is None else _with_infinity(value))
    metrics: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for (run_id, key), history in histories.items():
        metrics[run_id] |= last_and_lowest(({key: value} for value in history), "metrics.")
    return metrics


def _with_infinity(value: float) -> float:
    """Return a stored value, infinite where the store holds its largest number instead."""
    return math.copysign(math.inf, value) if abs(value) >= _LARGEST else value
