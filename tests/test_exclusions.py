"""Excluding runs and undoing it, without a session, a file or a fit."""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from chinchilla_nb.engine.run_keys import run_keys
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.exclusions import Exclusions

RUNS = Runs([1e8, 2e8, 3e8, 4e8], [1e10] * 4, [3.0, 2.9, 2.8, 2.7])
KEYS = run_keys(RUNS)


def counted(exclusions: Exclusions) -> list[float]:
    return exclusions.select_included(RUNS).loss.tolist()


def test_every_change_can_be_undone_one_by_one():
    exclusions = Exclusions()
    exclusions.exclude(KEYS[:2])
    exclusions.include(KEYS[:1])
    exclusions.excluded = frozenset(KEYS[3:])
    assert counted(exclusions) == [3.0, 2.9, 2.8]
    seen = []
    while exclusions.can_undo_exclusion:
        exclusions.undo_exclusion()
        seen.append(counted(exclusions))
    assert seen == [[3.0, 2.8, 2.7], [2.8, 2.7], [3.0, 2.9, 2.8, 2.7]]
    exclusions.undo_exclusion()
    assert exclusions.exclusion_changes == 6


def test_a_change_back_is_a_change_like_others():
    """After excluding and including a run, one undo excludes it again: it is not taken for an undo itself."""
    exclusions = Exclusions()
    exclusions.exclude(KEYS[:1])
    exclusions.include(KEYS[:1])
    exclusions.undo_exclusion()
    assert exclusions.excluded == {KEYS[0]}
    exclusions.undo_exclusion()
    assert exclusions.excluded == frozenset()


def test_there_is_nothing_to_undo_where_nothing_changed():
    exclusions = Exclusions()
    exclusions.include(KEYS[:1])
    exclusions.exclude([])
    assert not exclusions.can_undo_exclusion
    assert exclusions.exclusion_changes == 0


def test_an_undo_returns_the_same_runs_as_before():
    exclusions = Exclusions()
    exclusions.exclude(KEYS[:1])
    before = exclusions.select_included(RUNS)
    exclusions.exclude(KEYS[1:2])
    exclusions.undo_exclusion()
    assert exclusions.select_included(RUNS) is before
    exclusions.undo_exclusion()
    assert exclusions.select_included(RUNS) is RUNS


def test_included_and_excluded_runs_are_all_runs():
    exclusions = Exclusions()
    exclusions.exclude(KEYS[1:3])
    both = [*exclusions.select_excluded(RUNS).loss, *counted(exclusions)]
    np.testing.assert_array_equal(sorted(both), np.sort(RUNS.loss))


def test_an_observer_that_fails_leaves_the_history_right():
    exclusions = Exclusions()

    def fail(_):
        raise OSError("not here")

    exclusions.observe(fail, "excluded")
    for change in (lambda: exclusions.exclude(KEYS[:1]), exclusions.undo_exclusion):
        with suppress(OSError):
            change()
    assert not exclusions.can_undo_exclusion
    assert exclusions.excluded == frozenset()
