"""Runs that are kept but count for nothing, and the way back from each change of which they are."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from traitlets import HasTraits, Instance, Int, observe

from chinchilla_nb.engine.run_keys import RunKey, is_among, without
from chinchilla_nb.engine.runs import Runs

__all__ = ["Exclusions"]


class Exclusions(HasTraits):
    """Which runs are excluded, whoever changed that, and how to undo it.

    Attributes
    ----------
    excluded : frozenset of RunKey
        Runs that are kept but count for nothing.
    exclusion_changes : int
        Counts the changes of `excluded`, undone ones too.
    """

    excluded = Instance(frozenset, ())
    exclusion_changes = Int(0)

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self._history: list[frozenset[RunKey]] = [self.excluded]
        self._counted = lru_cache(maxsize=16)(without)  # so that undoing an exclusion gives the very runs of before

    def exclude(self, keys: Iterable[RunKey]) -> None:
        """Leave runs out, without deleting them; `engine.run_keys.run_keys` names them."""
        self.excluded = self.excluded | frozenset(keys)

    def include(self, keys: Iterable[RunKey]) -> None:
        """Let excluded runs count again."""
        self.excluded = self.excluded - frozenset(keys)

    @property
    def can_undo_exclusion(self) -> bool:
        """Whether `excluded` has changed, and that was not undone."""
        return len(self._history) > 1

    def undo_exclusion(self) -> None:
        """Take back the last change of `excluded`, wherever it came from; without one, nothing happens."""
        if self.can_undo_exclusion:
            self._history.pop()
            self.excluded = self._history[-1]

    def those_that_count(self, runs: Runs) -> Runs:
        """Return the runs that are not excluded: the same object for the same runs and the same exclusions."""
        return self._counted(runs, self.excluded)

    def those_excluded(self, runs: Runs) -> Runs:
        """Return the runs that are excluded."""
        return runs.take(is_among(runs, self.excluded))

    @observe("excluded")
    def _on_exclusion(self, change: Any) -> None:
        if change["new"] != self._history[-1]:  # an undo has put the history right already
            self._history.append(change["new"])
        self.exclusion_changes += 1
