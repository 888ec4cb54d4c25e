"""What a tracker logged for its runs, as a table: parameters, and the last and the lowest value of each metric."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.records.importers.extras import MissingLibraryError
from chinchilla_nb.records.lowest_values import LOWEST
from chinchilla_nb.records.tables import Rejected, Table
from chinchilla_nb.records.tables.table import distinct_names, one_line

__all__ = ["RunValues", "last_and_lowest", "number_or_text", "run_name", "run_table", "table_of_each"]

_LOSS = re.compile(r"loss|nll|entropy|perplexity|\bppl\b|\bce\b|\bbp[bc]\b|bits", re.IGNORECASE)
"""Names of metrics whose lowest value means something; that of a learning rate or of an accuracy does not."""
_INTEGER = re.compile(r"[-+]?[0-9]{1,300}")
_FLOAT = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?")


@dataclass(frozen=True, slots=True)
class RunValues:
    """What was read of one run.

    Attributes
    ----------
    name : str
        Name of the run.
    values : mapping of str to value
        By column.
    remark : str
        What could not be read of it, or empty.
    """

    name: str
    values: Mapping[str, Any]
    remark: str = ""


def run_table(title: str, runs: Iterable[tuple[int, RunValues]], rejected: Sequence[Rejected] = ()) -> Table:
    """Make a table with one row for each run, whose first column is its name.

    Parameters
    ----------
    title : str
        What the source was recognised as; the notes of the table say this, and what could not be read.
    runs : iterable of (int, RunValues)
        The place of each run, and what was read of it.
    rejected : sequence of Rejected
    """
    found = list(runs)
    notes = [f"read as {title}", *(f"run {run.name}: {run.remark}" for _, run in found if run.remark)]
    # Several runs may have the same name, but none of them is a checkpoint of another.
    names = distinct_names([run.name for _, run in found])
    rows = [
        {"run": name} | {one_line(column): _plain(value) for column, value in run.values.items()}
        for name, (_, run) in zip(names, found, strict=True)
    ]
    columns = tuple(dict.fromkeys(name for row in rows for name in row))
    if any(name.startswith(LOWEST) for name in columns):
        notes.insert(1, f"metrics are the last of each run; columns {LOWEST}NAME have the lowest of each loss")
    places = tuple(place for place, _ in found)
    return Table(columns, tuple(rows), places, tuple(rejected), tuple(notes))


def table_of_each(title: str, sources: Iterable[Any], read: Callable[[Any], RunValues | None]) -> Table:
    """Read one run from each source, or None if it holds no run, and reject those that cannot be read.

    Raises
    ------
    MissingLibraryError
        If the library that reads them is not installed.
    """
    runs, rejected = [], []
    for place, source in enumerate(sources, 1):
        try:
            run = read(source)
            if run is not None:
                runs.append((place, run))
        except MissingLibraryError:
            raise
        except InputError as error:
            rejected.append(Rejected.of(place, error))
        except RecursionError:
            rejected.append(Rejected.of(place, InputError("", "its values are nested too deeply")))
        except OSError as error:
            unreadable = InputError(error.filename or "", f"cannot be read: {error.strerror}")
            rejected.append(Rejected.of(place, unreadable))
    return run_table(title, runs, rejected)


def last_and_lowest(history: Iterable[Mapping[str, Any]], before: str = "") -> dict[str, Any]:
    """Return the last value of each metric as ``NAME`` after a prefix, and the lowest of each loss as ``lowest.NAME``.

    Parameters
    ----------
    history : iterable of mapping of str to value
        What was logged together, in order; None means that a metric was not logged.
    before : str
        The prefix.
    """
    last: dict[str, Any] = {}
    lowest: dict[str, float] = {}
    for entry in history:
        for name, value in entry.items():
            if value is None:
                continue
            last[name] = value
            is_number = isinstance(value, (int, float)) and not isinstance(value, bool) and value == value
            if is_number and _LOSS.search(name):
                lowest[name] = min(value, lowest.get(name, math.inf))
    latest = {f"{before}{name}": value for name, value in last.items()}
    return latest | {f"{LOWEST}{name}": value for name, value in lowest.items()}


def number_or_text(text: str) -> int | float | str:
    """Return the number that a tracker stored as text; other text unchanged."""
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def run_name(folder: Path, root: Path) -> str:
    """Return the path of a run's folder below the log folder, or the name of the folder if it is that one."""
    inside = folder.relative_to(root).as_posix() if folder.is_relative_to(root) else folder.name
    return inside if inside != "." else folder.absolute().name


def _plain(value: Any) -> Any:
    """Return a number, a truth value or text unchanged, None for nothing, and anything else as JSON or text."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return one_line(value)
    return json.dumps(value, default=str)
