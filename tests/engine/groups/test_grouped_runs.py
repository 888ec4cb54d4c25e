"""Runs divided by a column: which values are groups, in which order, and what is left out or refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from chinchilla_nb import FitError, InputError, Runs
from chinchilla_nb.engine.groups.grouped_runs import dividing_columns, group_runs


def runs_with(**columns):
    n = len(next(iter(columns.values())))
    return Runs(np.full(n, 1e8), np.full(n, 1e9), np.full(n, 3.0), columns=columns)


@pytest.mark.parametrize(
    ("values", "names", "counts"),
    [
        (["b", "a", "b", "a"], ("a", "b"), [2, 2]),
        ([10, 2, 10, 2, 2], ("2", "10"), [3, 2]),
        ([1.0, 0.5, np.nan, 1.0, 0.5], ("0.5", "1"), [2, 2]),
        ([True, False, True, False], ("no", "yes"), [2, 2]),
        (["x", "x", "y", "y", ""], ("x", "y"), [2, 2]),
        ([(1, 2), (1, 2), (3,), (3,)], ("(1, 2)", "(3,)"), [2, 2]),
    ],
)
def test_values_are_groups_in_order(values, names, counts):
    column = np.array([*values, None], dtype=object)[:-1] if isinstance(values[0], tuple) else values
    grouped = group_runs(runs_with(kind=column), "kind")
    assert grouped.names == names
    assert grouped.counts.tolist() == counts
    assert len(grouped.runs) == sum(counts)


@pytest.mark.parametrize("nothing", [None, "", "  ", np.nan, pd.NA, pd.NaT])
def test_runs_without_a_value_are_left_out_and_said(nothing):
    values = np.array(["a", "a", "b", "b", nothing], dtype=object)
    grouped = group_runs(runs_with(kind=values), "kind")
    assert len(grouped.runs) == 4
    assert grouped.notes == ("1 run has no value of 'kind' and is left out",)


def test_a_group_of_one_run_is_left_out_and_said():
    grouped = group_runs(runs_with(kind=["a", "a", "b", "b", "c", "d"]), "kind")
    assert grouped.names == ("a", "b")
    assert grouped.notes == ("'c' and 'd' have one run and are left out",)
    assert grouped.number.tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (["a", "a", "a"], "'kind' has one value, 'a', among the runs that count"),
        (["a"], "'kind' has one value, 'a', among the runs that count"),
        (["a", "a", "b"], "'kind' has 'a' with two runs or more, and 'b' with one, among the runs that count"),
        ([None, None, ""], "'kind' has no value among the runs that count"),
        (["a", "b", "c"], "'kind' has no value with two runs or more, and 'a', 'b' and 'c' with one, among the runs"),
    ],
)
def test_fewer_than_two_groups_are_refused_in_a_sentence(values, said):
    with pytest.raises(FitError, match=": use runs of another value as well, or choose another column$") as caught:
        group_runs(runs_with(kind=np.array(values, dtype=object)), "kind")
    assert str(caught.value).startswith(said)


def test_a_column_of_many_texts_is_refused_or_keeps_those_that_repeat():
    names = [f"run {i}" for i in range(20)]
    with pytest.raises(InputError, match="must have values that repeat to group runs"):
        group_runs(runs_with(name=names), "name")
    grouped = group_runs(runs_with(kind=["a"] * 20 + ["b"] * 20 + names[:9]), "kind")
    assert grouped.names == ("a", "b")
    assert "have one run and are left out" in grouped.notes[-1]
    assert len(grouped.runs) == 40


def test_the_most_frequent_of_many_texts_are_groups_and_the_rest_is_said():
    grouped = group_runs(runs_with(mix=[f"mix {at:02d}" for at in range(15)] * 4), "mix")
    assert grouped.names == tuple(f"mix {at:02d}" for at in range(7))
    assert grouped.notes == ("32 runs have none of the 7 most frequent values of 'mix' and are left out",)


def test_many_numbers_are_ranges_in_order():
    grouped = group_runs(runs_with(rate=np.arange(100) / 10), "rate")
    assert len(grouped.names) == 5
    assert np.ptp(grouped.counts) <= 2
    starts = [grouped.runs.columns["rate"][grouped.number == at].min() for at in range(5)]
    assert starts == sorted(starts)


def test_other_columns_are_refused():
    runs = runs_with(architecture=["a", "b"])
    with pytest.raises(InputError, match="did you mean 'architecture'"):
        group_runs(runs, "architectures")
    with pytest.raises(InputError, match="which the law describes"):
        group_runs(runs, "N")
    with pytest.raises(InputError, match="by must be of type str"):
        group_runs(runs, 3)


def test_the_columns_that_divide_runs_texts_first():
    n = 30
    runs = runs_with(
        rate=np.linspace(0, 1, n),
        seed=np.resize([0, 1], n),
        name=[f"run {i}" for i in range(n)],
        kind=np.resize(["a", "b"], n),
        same=["x"] * n,
        lone=["x"] * (n - 1) + ["y"],
    )
    assert dividing_columns(runs) == ("kind", "rate", "seed")
