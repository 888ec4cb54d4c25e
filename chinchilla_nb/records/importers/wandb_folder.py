"""Read the folders of Weights & Biases on disk: runs that were logged offline, or not deleted since."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.records.importers.extras import import_library
from chinchilla_nb.records.importers.json_file import read_json_object
from chinchilla_nb.records.importers.run_values import RunValues, last_and_lowest, run_name, table_of_each
from chinchilla_nb.records.importers.wandb_log import BrokenLogError, records_in
from chinchilla_nb.records.importers.yaml_file import read_yaml_mapping
from chinchilla_nb.records.lowest_values import LOWEST
from chinchilla_nb.records.tables import Table
from chinchilla_nb.records.tables.nested import flat

__all__ = ["TITLE", "find", "public_entries", "read"]

TITLE = "runs of Weights & Biases on disk"
_SUMMARY, _CONFIG = "wandb-summary.json", "config.yaml"
_INTERNAL = "_wandb"
"""Entry of a configuration and of a summary that describes the library, not the run."""


def find(files: Sequence[Path]) -> tuple[Path, ...]:
    """Return the logs among the files of a folder, and the summaries and configurations."""
    return tuple(path for path in files if path.suffix == ".wandb" or _is_copy(path))


def read(root: Path, files: Sequence[Path]) -> Table:
    """Return a row for each run: ``config.*``, ``summary.*``, the lowest of each loss, and how it ended.

    A run is read from its ``.wandb`` file, which holds all that was logged. Where that is missing, or the library
    ``wandb`` is, the summary and the configuration in its folder ``files`` are read, if wandb has put them there.
    """
    runs: dict[Path, list[Path]] = {}
    for path in files:
        runs.setdefault(path.parent.parent if _is_copy(path) else path.parent, []).append(path)
    return table_of_each(TITLE, runs.items(), partial(_read_run, root))


def _is_copy(path: Path) -> bool:
    is_run = path.parent.parent.name.startswith(("run-", "offline-run-"))
    return is_run and path.parent.name == "files" and path.name in (_SUMMARY, _CONFIG)


def _read_run(root: Path, found: tuple[Path, list[Path]]) -> RunValues:
    folder, paths = found
    logs, copies = [path for path in paths if path.suffix == ".wandb"], [path for path in paths if _is_copy(path)]
    name = run_name(folder, root)
    if not logs:
        return RunValues(name, _copied(copies))
    try:
        return _read_log(logs[0], name)
    except InputError as error:
        if not copies:
            raise
        return RunValues(name, _copied(copies), f"only the copies in its folder 'files' could be read: {error}")


def _read_log(path: Path, name: str) -> RunValues:
    record_type = import_library("wandb.proto.wandb_internal_pb2", "wandb").Record
    log = _Log()
    remark = ""
    try:
        for content in records_in(path.read_bytes()):
            log.take(record_type.FromString(content))
    except BrokenLogError as error:
        remark = f"the log is not complete: {error}"
    if not log.name and not log.config:
        remedy = "the run has just begun, or was killed before wandb wrote anything"
        raise InputError(repr(str(path)), "says nothing about its run", remedy=remark or remedy)
    return RunValues(log.name or name, log.values(), remark)


class _Log:
    """What the records of a log say about its run."""

    def __init__(self) -> None:
        self.name, self.state = "", "unfinished"  # no record of the end: the run goes on or was killed
        self.config: dict[str, Any] = {}
        self.summary: dict[str, Any] = {}
        self.history: list[dict[str, Any]] = []

    def take(self, record: Any) -> None:
        """Take in a record; most kinds say nothing about the run."""
        kind = record.WhichOneof("record_type")
        if kind == "run":
            self.name = record.run.display_name or record.run.run_id
            _update(self.config, record.run.config)
            _update(self.summary, record.run.summary)
        elif kind == "config":
            _update(self.config, record.config)
        elif kind == "summary":
            _update(self.summary, record.summary)
        elif kind == "history":
            self.history.append({".".join(_keys(item)): _value(item) for item in record.history.item})
        elif kind == "exit":
            self.state = "failed" if record.exit.exit_code else "finished"

    def values(self) -> dict[str, Any]:
        """Return the columns of the run."""
        logged = last_and_lowest(self.history)
        lowest = {name: value for name, value in logged.items() if name.startswith(LOWEST)}
        return {
            "state": self.state,
            **dict(flat(public_entries(self.config), "config.")),
            **dict(flat(public_entries(self.summary), "summary.")),
            **lowest,
        }


def public_entries(entries: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entries of a configuration or a summary that describe the run."""
    return {name: value for name, value in entries.items() if name != _INTERNAL}


def _update(entries: dict[str, Any], changes: Any) -> None:
    for item in changes.update:
        *above, last = _keys(item)
        _inside(entries, above)[last] = _value(item)
    for item in changes.remove:
        *above, last = _keys(item)
        _inside(entries, above).pop(last, None)


def _inside(entries: dict[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    """Return the entries below some keys, which are made if they are missing."""
    for key in keys:
        if not isinstance(entries.get(key), dict):
            entries[key] = {}
        entries = entries[key]
    return entries


def _keys(item: Any) -> list[str]:
    return list(item.nested_key) or [item.key]


def _value(item: Any) -> Any:
    try:
        return json.loads(item.value_json)
    except ValueError:
        return None


def _copied(paths: Sequence[Path]) -> dict[str, Any]:
    """Return the columns in the copies of a summary and a configuration."""
    values: dict[str, Any] = {}
    for path in sorted(paths):
        if path.name == _CONFIG:
            # Each entry is {value: ..., desc: ...}.
            entries = {name: entry["value"] for name, entry in read_yaml_mapping(path).items() if _has_value(entry)}
            values |= dict(flat(public_entries(entries), "config."))
        else:
            values |= dict(flat(public_entries(read_json_object(path)), "summary."))
    return values


def _has_value(entry: Any) -> bool:
    return isinstance(entry, dict) and "value" in entry
