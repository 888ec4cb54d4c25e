"""Runs that are kept but not used, and how to undo each change of the selection."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from traitlets import HasTraits, Instance, Int, observe

from chinchilla_nb.engine.conversion import check_type
from chinchilla_nb.engine.run_keys import RunKey, as_run_keys, is_among, without
from chinchilla_nb.engine.runs import Runs

__all__ = ["Exclusions"]


class Exclusions(HasTraits):
    """The excluded runs, with a history of changes that can be undone.

    Attributes
    ----------
    excluded : frozenset of RunKey
        Runs that are kept but not used.
    exclusion_changes : int
        Number of changes of `excluded` and of the reasons so far, including undos.
    """

    excluded = Instance(frozenset, ())
    exclusion_changes = Int(0)

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self._history: list[frozenset[RunKey]] = [self.excluded]
        self._reasons: dict[RunKey, str] = {}  # kept of runs that are included again, for an undo
        self._counted = lru_cache(maxsize=16)(without)  # so that an undo returns the same object as before

    def exclude(self, keys: Iterable[RunKey], *, reason: str = "") -> None:
        """Exclude runs without deleting them.

        Parameters
        ----------
        keys : iterable of RunKey
            `engine.run_keys.run_keys` returns them.
        reason : str
            Why, for reports.
        """
        given = as_run_keys(keys)
        check_type(reason, "reason", str)
        told = {key for key in given if reason and self._reasons.get(key) != reason}
        self._reasons |= dict.fromkeys(given if reason else given - self.excluded, reason)
        if not given <= self.excluded:
            self.excluded = self.excluded | given
        elif told:  # runs that were excluded before have another reason now
            self.exclusion_changes += 1

    def include(self, keys: Iterable[RunKey]) -> None:
        """Use excluded runs again."""
        self.excluded = self.excluded - as_run_keys(keys)

    @property
    def exclusion_reasons(self) -> Mapping[RunKey, str]:
        """Why runs are excluded, by the keys of those for which that was said."""
        return {key: reason for key, reason in self._reasons.items() if reason and key in self.excluded}

    @property
    def can_undo_exclusion(self) -> bool:
        """Whether there is a change of `excluded` to undo."""
        return len(self._history) > 1

    def undo_exclusion(self) -> None:
        """Undo the last change of `excluded`, whatever made it; do nothing if there is none."""
        if self.can_undo_exclusion:
            self._history.pop()
            self.excluded = self._history[-1]

    def select_included(self, runs: Runs) -> Runs:
        """Return the runs that are not excluded: the same object for the same runs and the same exclusions."""
        check_type(runs, "runs", Runs)
        return self._counted(runs, self.excluded)

    def select_excluded(self, runs: Runs) -> Runs:
        """Return the runs that are excluded."""
        check_type(runs, "runs", Runs)
        return runs.take(is_among(runs, self.excluded)) if self.excluded else runs.after(runs)

    @observe("excluded")
    def _on_exclusion(self, change: Any) -> None:
        if change["new"] != self._history[-1]:  # an undo has already updated the history
            self._history.append(change["new"])
        self.exclusion_changes += 1
