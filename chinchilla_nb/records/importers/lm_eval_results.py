"""Read the results of the LM Evaluation Harness (lm-eval): one row for each evaluated model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.records.importers.json_file import read_json_object
from chinchilla_nb.records.importers.run_values import RunValues, run_name, table_of_each
from chinchilla_nb.records.tables import Table
from chinchilla_nb.records.tables.nested import flat

__all__ = ["TITLE", "find", "is_results", "named", "read"]

TITLE = "results of lm-eval"
_FILE = re.compile(r"results.*\.json")
_DEFAULT_FILTER = ",none"
"""What follows the names of metrics whose answers were not filtered."""


def named(files: Sequence[Path]) -> tuple[Path, ...]:
    """Return the files of a folder that have the names of results, which others use, too."""
    return tuple(path for path in files if _FILE.fullmatch(path.name))


def find(files: Sequence[Path]) -> tuple[Path, ...]:
    """Return the results among the files of a folder."""
    return tuple(path for path in named(files) if _holds_results(path))


def is_results(value: Mapping[str, Any]) -> bool:
    """Return whether the object of a JSON file holds results of lm-eval."""
    results = value.get("results")
    return isinstance(results, dict) and "versions" in value and all(isinstance(one, dict) for one in results.values())


def read(root: Path, files: Sequence[Path]) -> Table:
    """Return a row for each file: ``results.TASK.METRIC``, and ``config.*``, which has the model and its parameters."""
    return table_of_each(TITLE, files, partial(_read_results, root))


def _holds_results(path: Path) -> bool:
    try:
        return is_results(read_json_object(path))
    except (InputError, OSError):
        return False


def _read_results(root: Path, path: Path) -> RunValues:
    content = read_json_object(path)
    name = content.get("model_name") or run_name(path.parent, root)
    return RunValues(str(name), dict(_values(content)))


def _values(content: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    if "date" in content:
        yield "date", content["date"]
    config = content.get("config")
    yield from flat(config if isinstance(config, dict) else {}, "config.")
    for task, metrics in content["results"].items():
        for metric, value in metrics.items():
            if metric != "alias":
                yield f"results.{task}.{metric.removesuffix(_DEFAULT_FILTER)}", value
