"""Read TensorBoard's event files: one run for each folder that holds some."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.records.importers.extras import import_library
from chinchilla_nb.records.importers.run_values import RunValues, last_and_lowest, run_name, table_of_each
from chinchilla_nb.records.tables import Table

__all__ = ["TITLE", "find", "read"]

TITLE = "runs of TensorBoard (event files)"
_NAME = ".tfevents."
_PARTS = frozenset({"train", "training", "val", "valid", "validation", "eval", "test"})
"""Folders of one run, as Keras makes them: their scalars get the name of the folder as a prefix."""
_AROUND = 8 + 4 + 4
"""Bytes of a record besides its data: its length, little-endian, and a checksum of each [1]_.

References
----------
.. [1] https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
"""


@dataclass(slots=True)
class _Events:
    """What the event files of a folder hold.

    Attributes
    ----------
    history : list of dict
        Scalars that were logged together, with their step.
    hparams : dict
        Hyperparameters, and how the run ended.
    plugins : dict
        The plugin of TensorBoard that each tag is for.
    remarks : list of str
        What could not be read.
    """

    history: list[dict[str, Any]] = field(default_factory=list)
    hparams: dict[str, Any] = field(default_factory=dict)
    plugins: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


def find(files: Sequence[Path]) -> tuple[Path, ...]:
    """Return the event files among the files of a folder."""
    return tuple(path for path in files if _NAME in path.name)


def read(root: Path, files: Sequence[Path]) -> Table:
    """Return a row for each run: ``hparams.*``, ``step``, the last value of each scalar, the lowest of each loss."""
    folders: dict[Path, _Events] = {}
    for path in files:
        _read_file(path, folders.setdefault(path.parent, _Events()))
    return table_of_each(TITLE, _joined(folders, root).items(), partial(_run, root))


def _read_file(path: Path, events: _Events) -> None:
    """Add what an event file holds to the events of its folder."""
    loader = import_library("tensorboard.backend.event_processing.event_file_loader", "tensorboard")
    count = 0
    for event in loader.EventFileLoader(str(path)).Load():
        count += 1
        scalars: dict[str, Any] = {}
        for value in event.summary.value:
            # Only the first value of a tag need say what it is.
            plugin = events.plugins.setdefault(value.tag, value.metadata.plugin_data.plugin_name)
            if plugin == "scalars":
                scalars[value.tag] = _number(value.tensor)
            elif plugin == "hparams":
                events.hparams |= _hparams(value)
        if scalars:
            events.history.append({"step": event.step} | scalars)
    if count < _records(path):
        events.remarks.append(f"{path.name} is damaged or cut off after {count:,} events, and the rest is not read")


def _records(path: Path) -> int:
    """Return how many records a file holds by the lengths that they begin with; the last may be cut off."""
    count, at, size = 0, 0, path.stat().st_size
    with path.open("rb") as file:
        while at < size:
            file.seek(at)
            at += int.from_bytes(file.read(8), "little") + _AROUND
            count += 1
    return count


def _number(tensor: Any) -> float:
    util = import_library("tensorboard.util.tensor_util", "tensorboard")
    return float(util.make_ndarray(tensor).item())


def _hparams(value: Any) -> dict[str, Any]:
    """Return the columns in a value of the plugin for hyperparameters: those of the run, or how it ended."""
    plugin = import_library("tensorboard.plugins.hparams.plugin_data_pb2", "tensorboard")
    data = plugin.HParamsPluginData.FromString(value.metadata.plugin_data.content)
    if data.HasField("session_start_info"):
        entries = sorted(data.session_start_info.hparams.items())
        return {f"hparams.{name}": getattr(entry, entry.WhichOneof("kind") or "", None) for name, entry in entries}
    if data.HasField("session_end_info"):
        status = type(data.session_end_info).DESCRIPTOR.fields_by_name["status"].enum_type
        return {"status": status.values_by_number[data.session_end_info.status].name.removeprefix("STATUS_")}
    return {}


def _joined(folders: Mapping[Path, _Events], root: Path) -> dict[Path, _Events]:
    """Return the events of each run, which may lie in several folders.

    Keras writes those of training and of validation into folders of these names. The writer of PyTorch puts
    hyperparameters into a folder below that of the scalars: it is the same run if there is one such folder.
    """
    runs: dict[Path, _Events] = {}
    for folder, events in sorted(folders.items()):
        is_part = folder.name in _PARTS and folder != root
        _merge(runs.setdefault(folder.parent if is_part else folder, _Events()), events, folder.name if is_part else "")
    for folder in [folder for folder, events in runs.items() if events.history and not events.hparams]:
        below = [other for other in runs if other.parent == folder and runs[other].hparams]
        if len(below) == 1:
            _merge(runs[folder], runs.pop(below[0]))
    return runs


def _merge(run: _Events, events: _Events, part: str = "") -> None:
    before = f"{part}/" if part else ""
    run.history += [
        {name if name == "step" else f"{before}{name}": one[name] for name in one} for one in events.history
    ]
    run.hparams |= events.hparams
    run.remarks += events.remarks


def _run(root: Path, found: tuple[Path, _Events]) -> RunValues | None:
    folder, events = found
    remark = "; ".join(events.remarks)
    if not (events.history or events.hparams):
        if remark:
            raise InputError(repr(str(folder)), "holds no scalars", remedy=remark)
        return None
    values = last_and_lowest(events.history)
    if events.history:
        values["step"] = max(one["step"] for one in events.history)
    return RunValues(run_name(folder, root), {**events.hparams, **values}, remark)
