"""Read the ``metrics.csv`` of Lightning's CSVLogger, and the ``hparams.yaml`` beside it."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.records.importers.run_values import RunValues, last_and_lowest, run_name, table_of_each
from chinchilla_nb.records.importers.yaml_file import read_yaml_mapping
from chinchilla_nb.records.tables import Table, read_table
from chinchilla_nb.records.tables.nested import flat

__all__ = ["TITLE", "find", "named", "read"]

TITLE = "runs of Lightning's CSVLogger (metrics.csv)"
_METRICS, _HPARAMS = "metrics.csv", "hparams.yaml"


def named(files: Sequence[Path]) -> tuple[Path, ...]:
    """Return the files of a folder that have the name of metrics or of hyperparameters."""
    return tuple(path for path in files if path.name in (_METRICS, _HPARAMS))


def find(files: Sequence[Path]) -> tuple[Path, ...]:
    """Return the metrics among the files of a folder."""
    return tuple(path for path in files if path.name == _METRICS and _has_steps(path))


def read(root: Path, files: Sequence[Path]) -> Table:
    """Return a row for each run: ``hparams.*``, the last value of each metric, and the lowest of each loss."""
    return table_of_each(TITLE, files, partial(_read_run, root))


def _has_steps(path: Path) -> bool:
    """Return whether a file has the column that the logger always writes; others call tables of runs metrics.csv."""
    try:
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            return "step" in next(csv.reader(file), ())
    except (OSError, csv.Error):
        return False


def _read_run(root: Path, path: Path) -> RunValues:
    table = read_table(path.name, path.read_bytes())
    remarks = [f"line {row.place} of {path.name} is not read: {row.reason}" for row in table.rejected]
    values: dict[str, Any] = {}
    hparams = path.parent / _HPARAMS
    if hparams.is_file() and not hparams.is_symlink():
        try:
            values |= dict(flat(read_yaml_mapping(hparams), "hparams."))
        except InputError as error:
            remarks.append(str(error))
    return RunValues(run_name(path.parent, root), values | last_and_lowest(table.rows), "; ".join(remarks))
