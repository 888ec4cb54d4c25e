"""Read MLflow's tracking store of files, ``mlruns``: a folder for each run, with a file for each of its values.

The library refuses such stores since version 3.7 unless an environment variable allows them. Their layout has not
changed since its first versions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.records.importers.mlflow_run import run_columns
from chinchilla_nb.records.importers.run_values import RunValues, last_and_lowest, table_of_each
from chinchilla_nb.records.importers.yaml_file import read_yaml_mapping
from chinchilla_nb.records.tables import Table

__all__ = ["TITLE", "find", "read"]

TITLE = "runs of an MLflow store of files"
_META = "meta.yaml"
_STATUS = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}
"""Names of the numbers that a description has."""


def find(files: Sequence[Path]) -> tuple[Path, ...]:
    """Return the files of runs among the files of a folder: their descriptions, parameters, metrics and tags."""
    runs = {path.parent for path in files if path.name == _META and _is_run(path.parent)}
    return tuple(path for path in files if not runs.isdisjoint(path.parents))


def read(_root: Path, files: Sequence[Path]) -> Table:
    """Return a row for each run: ``params.*``, ``tags.*``, the last value of each metric, the lowest of each loss."""
    runs = [path.parent for path in files if path.name == _META and _is_run(path.parent)]
    return table_of_each(TITLE, runs, _read_run)


def _is_run(folder: Path) -> bool:
    """Return whether a folder is that of a run; experiments and models have descriptions, too."""
    is_model = folder.parent.name == "models"
    return not is_model and (folder / "params").is_dir() and (folder / "metrics").is_dir()


def _read_run(folder: Path) -> RunValues | None:
    """Read a run, unless it was deleted."""
    meta = read_yaml_mapping(folder / _META)
    if meta.get("lifecycle_stage") == "deleted":
        return None
    tags, params = (dict(_texts(folder / kind)) for kind in ("tags", "params"))
    metrics: dict[str, Any] = {}
    remarks: list[str] = []
    for name, path in _named(folder / "metrics"):
        metrics |= last_and_lowest(({name: value} for value in _history(path, remarks)), "metrics.")
    values = run_columns(
        experiment=_experiment(folder.parent),
        run_id=meta.get("run_id", meta.get("run_uuid")),
        status=_STATUS.get(meta.get("status", 0), meta.get("status")),
        params=params,
        metrics=metrics,
        tags=tags,
    )
    name = meta.get("run_name") or tags.get("mlflow.runName") or folder.name
    return RunValues(str(name), values, "; ".join(remarks))


def _named(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the files of values by name, without links; a name with a slash is a path."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield path.relative_to(folder).as_posix(), path


def _texts(folder: Path) -> Iterator[tuple[str, str]]:
    for name, path in _named(folder):
        yield name, path.read_text("utf-8", "replace")


def _history(path: Path, remarks: list[str]) -> list[float]:
    """Return the values of a metric in the order of their steps; each line is a time, a value and a step."""
    logged = []
    for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1):
        try:
            time, value, *rest = line.split()
            logged.append((int(rest[0]) if rest else 0, int(time), float(value)))
        except ValueError:
            remarks.append(f"line {number} of {path.name} is not read, because it is not complete")
    return [value for _, _, value in sorted(logged, key=lambda one: one[:2])]


def _experiment(folder: Path) -> str:
    """Return the name of an experiment, or that of its folder if it is not described."""
    try:
        return str(read_yaml_mapping(folder / _META).get("name", folder.name))
    except (InputError, OSError):
        return folder.name
