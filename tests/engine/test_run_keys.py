"""Keys of runs: a key identifies the same run after other runs change."""

from __future__ import annotations

import numpy as np
import pytest

from chinchilla_nb.engine.run_keys import is_among, keys_at, run_keys, without
from chinchilla_nb.engine.runs import Runs

RUNS = Runs([1e8, 2e8, 1e8, 1e8], [1e10, 1e10, 1e10, 1e10], [3.0, 2.9, 3.0, 3.1])


def test_keys_are_distinct_even_for_equal_runs():
    assert len(set(run_keys(RUNS))) == 4


def test_a_key_survives_appending_and_sorting():
    excluded = frozenset([run_keys(RUNS)[3]])
    more = Runs([5e8, *RUNS.N[::-1]], [1e10] * 5, [2.0, *RUNS.loss[::-1]])
    left = without(more, excluded)
    assert sorted(left.loss) == [2.0, 2.9, 3.0, 3.0]


def test_only_as_many_equal_runs_are_left_out_as_were_chosen():
    assert without(RUNS, frozenset([run_keys(RUNS)[2]])).loss.tolist() == [3.0, 2.9, 3.1]


@pytest.mark.parametrize("rows", [[], [3], [2, 0], [0, 1, 2, 3], [1, 1]])
def test_the_keys_of_some_rows_are_those_among_all_runs(rows):
    keys = run_keys(RUNS)
    assert keys_at(RUNS, rows) == [keys[row] for row in rows]


def test_without_exclusions_the_same_object_is_returned():
    assert without(RUNS, frozenset()) is RUNS
    assert without(RUNS, frozenset([(1.0, 1.0, 1.0, 6.0, 0)])) is RUNS


def test_columns_stay_with_their_runs():
    runs = Runs(RUNS.N, RUNS.D, RUNS.loss, columns={"name": np.array(list("abcd"))})
    assert without(runs, frozenset([run_keys(runs)[1]])).columns["name"].tolist() == ["a", "c", "d"]


@pytest.mark.parametrize("seed", range(5))
def test_runs_are_among_keys_if_theirs_is(seed):
    rng = np.random.default_rng(seed)
    N, D, loss = (rng.integers(1, 5, 200).astype(float) for _ in range(3))
    runs = Runs(N, D, loss)
    keys = run_keys(runs)
    odd = {("a", "b", "c", 1), (10**400, 1, 1, 0), (float("nan"), 1.0, 1.0, 0), (2, 1, 1, 0)}
    chosen = frozenset(keys[at] for at in rng.choice(200, 20)) | odd
    assert is_among(runs, chosen).tolist() == [key in chosen for key in keys]


def test_the_keys_of_few_runs_are_looked_for_among_those_of_their_size():
    runs = Runs(np.arange(1.0, 1001.0), np.full(1000, 1e10), np.full(1000, 3.0))
    looked_at = []
    frozen = type("Keys", (frozenset,), {"__contains__": lambda self, key: looked_at.append(key) or True})
    assert np.flatnonzero(is_among(runs, frozen({(7.0, 1e10, 3.0, 0)}))).tolist() == [6]
    assert looked_at == [(7.0, 1e10, 3.0, 0)]
