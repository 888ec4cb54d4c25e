"""Runs that did not end as they should: a tracker's state says so, or their loss has diverged."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from chinchilla_nb.checks import brief
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.records.columns.names import ColumnName
from chinchilla_nb.records.columns.word_lists import words_of

__all__ = ["DIVERGED", "FAILED", "UNFINISHED", "RunStates"]

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


_FLAGS = {
    "diverged": (DIVERGED, True),
    "nan": (DIVERGED, True),
    **dict.fromkeys(["crashed", "failed", "killed", "aborted", "oom", "interrupted"], (UNFINISHED, True)),
    **dict.fromkeys(["finished", "completed", "succeeded", "success"], (UNFINISHED, False)),
}
"""Columns that are true or false, the refusal that they cause, and the value that causes it."""
_TRUTH = {"true": True, "yes": True, "y": True, "1": True, "false": False, "no": False, "n": False, "0": False}


class RunStates:
    """What the columns of a table say about the end of each run.

    Parameters
    ----------
    names : mapping of str to ColumnName
    """

    def __init__(self, names: Mapping[str, ColumnName]) -> None:
        joined = {column: "".join(name.words).removeprefix("is").removeprefix("has") for column, name in names.items()}
        self._state = next((column for column, name in joined.items() if name in _STATE_NAMES), None)
        self._flags = {column: _FLAGS[name] for column, name in joined.items() if name in _FLAGS}

    def check(self, row: Mapping[str, Any]) -> None:
        """Raise an InputError if the tracker, or a flag, says that the run of a row did not finish or diverged."""
        if self._state is not None and isinstance(row.get(self._state), str) and _says_unfinished(row[self._state]):
            raise InputError("", UNFINISHED, place=f"({self._state}: {brief(row[self._state])})")
        for column, (refusal, failed) in self._flags.items():
            if _TRUTH.get(str(row.get(column)).strip().lower()) is failed:
                raise InputError("", refusal, place=f"({column}: {brief(row[column])})")


@lru_cache(maxsize=1_000)
def _says_unfinished(value: str) -> bool:
    """Return whether the text for the state of a run says that it did not finish; many runs have the same."""
    word = value.rpartition(".")[2].lower().replace(" ", "").replace("_", "").replace("-", "")
    return word.startswith(_BEGINNINGS)
