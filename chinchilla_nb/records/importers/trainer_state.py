"""Read the ``trainer_state.json`` of Hugging Face's Trainer: one run for each folder of checkpoints."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.records.importers.json_file import read_json_object
from chinchilla_nb.records.importers.run_values import RunValues, last_and_lowest, run_name, table_of_each
from chinchilla_nb.records.importers.safetensors_size import saved_parameters
from chinchilla_nb.records.tables import Table
from chinchilla_nb.records.tables.nested import flat

__all__ = ["TITLE", "find", "is_trainer_state", "read"]

TITLE = "runs of Hugging Face's Trainer (trainer_state.json)"
_CHECKPOINT = re.compile(r"checkpoint-(\d+)")
_KEPT = ("epoch", "global_step", "max_steps", "train_batch_size", "best_metric", "total_flos", "num_input_tokens_seen")
_COUNTED = ("total_flos", "num_input_tokens_seen")
"""Zero unless the Trainer counted them."""


def find(files: Sequence[Path]) -> tuple[Path, ...]:
    """Return the states among the files of a folder."""
    return tuple(path for path in files if path.name == "trainer_state.json")


def is_trainer_state(value: Mapping[str, Any]) -> bool:
    """Return whether the object of a JSON file is a trainer's state."""
    return isinstance(value.get("log_history"), list) and "global_step" in value


def read(root: Path, files: Sequence[Path]) -> Table:
    """Return a row for each run.

    The columns are those of the state; the last value of each entry of ``log_history``, and the lowest of each loss;
    and ``parameters``, counted in the safetensors of the checkpoint. ``num_input_tokens_seen`` and ``total_flos``
    (6 FLOPs per token and parameter that is not an embedding) are there if the Trainer counted them.
    """
    runs: dict[Path, list[Path]] = {}
    for path in files:
        is_checkpoint = _CHECKPOINT.fullmatch(path.parent.name) and path.parent != root
        runs.setdefault(path.parent.parent if is_checkpoint else path.parent, []).append(path)
    return table_of_each(TITLE, runs.items(), partial(_read_run, root))


def _read_run(root: Path, found: tuple[Path, list[Path]]) -> RunValues:
    """Read the state that got furthest; of those that a crash cut off, say so."""
    folder, paths = found
    states, broken = [], []
    for path in sorted(paths, key=_step_in_name, reverse=True):
        try:
            states.append((path, _state(path)))
        except InputError as error:
            broken.append(error)
        if len(states) == 2:  # the state beside the checkpoints, if there is one, and the last checkpoint
            break
    if not states:
        raise broken[0]
    path, state = max(states, key=lambda one: one[1]["global_step"])
    values = dict(_values(state)) | {"parameters": saved_parameters(path.parent)}
    return RunValues(run_name(folder, root), values, "; ".join(map(str, broken)))


def _step_in_name(path: Path) -> float:
    """Return the step in the name of a checkpoint's folder; the state beside the checkpoints comes before them."""
    match = _CHECKPOINT.fullmatch(path.parent.name)
    return float(match[1]) if match else float("inf")


def _state(path: Path) -> dict[str, Any]:
    state = read_json_object(path)
    if not is_trainer_state(state) or not isinstance(state["global_step"], (int, float)):
        raise InputError(repr(str(path)), "is not a state of Hugging Face's Trainer: it has no log_history")
    return state


def _values(state: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name in _KEPT:
        if state.get(name) is not None and not (name in _COUNTED and not state[name]):
            yield name, state[name]
    logged = last_and_lowest(entry for entry in state["log_history"] if isinstance(entry, dict))
    for name, value in logged.items():
        if name not in (*_KEPT, "step"):
            yield name, value
    trial = state.get("trial_params")
    yield from flat(trial if isinstance(trial, dict) else {}, "trial_params.")
