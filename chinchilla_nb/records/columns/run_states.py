"""Runs that did not end as they should: a tracker's state says so, or their loss has diverged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chinchilla_nb.records.columns.names import ColumnName
from chinchilla_nb.records.columns.word_lists import words_of

__all__ = ["DIVERGED", "FAILED", "UNFINISHED", "state_column", "unfinished_state"]

UNFINISHED, DIVERGED = "did not finish", "has diverged"
FAILED = frozenset({UNFINISHED, DIVERGED})
"""Kinds of rejected rows that can be taken nevertheless."""
_STATE_NAMES = words_of("state status runstate runstatus jobstate jobstatus trialstate")
_BEGINNINGS = tuple(
    words_of(
        "crash fail kill error abort cancel preempt timeout timedout oom outofmemory nan diverge running pending "
        "queued pruned interrupt stopped unfinished incomplete waiting scheduled"
    )
)
"""Beginnings of the words for it in Weights & Biases, MLflow, Optuna, Slurm and people's notes."""


def state_column(names: Mapping[str, ColumnName]) -> str | None:
    """Return the column with the state of a run, None if there is none."""
    return next((column for column, name in names.items() if "".join(name.words) in _STATE_NAMES), None)


def unfinished_state(value: Any) -> bool:
    """Return whether the state of a run says that it did not finish."""
    if not isinstance(value, str):
        return False
    word = value.rpartition(".")[2].lower().replace(" ", "").replace("_", "").replace("-", "")
    return word.startswith(_BEGINNINGS)
