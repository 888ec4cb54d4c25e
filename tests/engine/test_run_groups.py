"""Groups of runs by a column."""

from __future__ import annotations

import numpy as np
import pytest

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.run_groups import BINS, MOST_GROUPS, NO_VALUE, OTHERS, group_values


def objects(*values):
    return np.array(values, dtype=object)


def test_equal_values_are_a_group_in_ascending_order():
    groups = group_values("optimizer", objects("lion", "adam", "lion", "sgd"))
    assert groups.names == ("adam", "lion", "sgd")
    assert groups.of.tolist() == [1, 0, 1, 2]
    assert groups.counts == (1, 2, 1)
    assert groups.among(frozenset({"lion", "gone"})).tolist() == [True, False, True, False]


def test_few_numbers_are_groups_and_keep_their_order():
    assert group_values("lr", np.array([1e-3, 3e-4, 1e-3])).names == ("0.0003", "0.001")
    assert group_values("width", np.array([512, 2048, 65536])).names == ("512", "2,048", "65,536")
    assert group_values("tied", np.array([True, False])).names == ("no", "yes")


def test_numbers_that_round_alike_stay_apart():
    assert group_values("N", np.array([1_234_567.0, 1_234_568.0])).names == ("1.234567M", "1.234568M")


def test_missing_values_are_a_group_of_their_own():
    groups = group_values("lr", np.array([1.0, np.nan, 2.0]))
    assert groups.names == ("1", "2", NO_VALUE)
    assert groups.of.tolist() == [0, 2, 1]
    assert group_values("tag", objects("a", None, "")).of.tolist() == [0, 1, 1]
    assert group_values("tag", objects(None, None)).names == (NO_VALUE,)


def test_many_numbers_become_ranges_with_as_many_runs_each():
    values = np.random.default_rng(0).permutation(np.arange(100.0))
    groups = group_values("x", values)
    assert len(groups.names) == BINS
    assert groups.counts == (20,) * BINS
    assert groups.names[0].startswith("0 to ")
    assert groups.names[-1].endswith(" to 99")
    # Ranges do not overlap: the group follows from the value.
    assert (np.diff(groups.of[np.argsort(values)]) >= 0).all()


def test_a_value_that_most_runs_share_is_in_one_range():
    values = np.concatenate([np.full(60, 7.0), np.arange(40.0)])
    groups = group_values("x", values)
    assert len({int(group) for group in groups.of[values == 7]}) == 1
    assert all(groups.counts)


def test_rare_kinds_of_text_are_together():
    common = [f"kind {at}" for at in range(MOST_GROUPS)] * 3
    groups = group_values("kind", objects(*common, "rare", "rarer"))
    assert groups.names == (*sorted(set(common)), OTHERS)
    assert groups.of[-2:].tolist() == [MOST_GROUPS] * 2


def test_many_kinds_that_repeat_are_the_first_of_the_most_frequent_and_the_others():
    kinds = [f"mix {at:02d}" for at in range(15)]
    groups = group_values("mix", objects(*kinds[::-1] * 4))
    assert groups.names == (*kinds[-MOST_GROUPS:], OTHERS)
    assert groups.counts == (*(4,) * MOST_GROUPS, 32)


def test_kinds_of_two_runs_each_are_groups_even_where_others_are_not_repeated():
    pairs, single = [f"pair {at}" for at in range(20)] * 2, [f"run {at}" for at in range(40)]
    assert group_values("kind", objects(*pairs, *single)).counts == (*(2,) * MOST_GROUPS, 66)
    with pytest.raises(InputError, match="and 41 of 81 runs have one of their own"):
        group_values("kind", objects(*pairs, *single, "one more"))


def test_names_of_runs_do_not_group_them():
    said = "'run' must have values that repeat to group runs, and 40 of 42 runs have one of their own"
    with pytest.raises(InputError, match=f"^{said}"):
        group_values("run", objects(*(f"run {at}" for at in range(40)), "", "again", "again"))


def test_no_runs_have_no_groups():
    assert group_values("x", np.empty(0)).names == ()
