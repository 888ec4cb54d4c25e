"""Queries select runs, or the error explains what is wrong with them."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.records.run_query import match_runs

COLUMNS = {
    "N": np.array([7e7, 7e8, 7e9, 7e10]),
    "D/N": np.array([20.0, 2.0, 20.0, 200.0]),
    "loss": np.array([3.5, 3.0, 2.5, 2.0]),
    "smooth loss": np.array([3.4, 2.9, 2.2, 1.9]),
    "done": np.array([True, False, True, False]),
    "run": np.array(["Adam small", "adam", "<b>lion</b>", np.nan], dtype=object),
}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [0, 1, 2, 3]),
        ("loss < 3", [2, 3]),
        ("loss<=3", [1, 2, 3]),
        ("LOSS<=3 n>=7B", [2, 3]),
        ("N=700M", [1]),
        ("N != 700M", [0, 2, 3]),
        ("D/N >= 20 loss > 2", [0, 2]),
        ("adam", [0, 1]),
        ('"adam small"', [0]),
        ("run = ADAM", [1]),
        ('run = "adam small"', [0]),
        ("run != adam", [0, 2, 3]),
        ("loss > -1 lion", [2]),
        ('"</b>"', [2]),
        ("N≥7B", [2, 3]),
        ("loss ≤ 3 N ≠ 7B", [1, 3]),
        ("(loss < 3)", [2, 3]),
        ("loss < 3 and n >= 70B", [3]),
        ("loss < 2.3 or loss > 3.2", [0, 3]),
        ("loss < 3 or N <= 70M and adam", [0, 2, 3]),
        ("(loss < 3 or N <= 70M) and run ~ small", [0]),
        ("loss < 3 | N <= 70M", [0, 2, 3]),
        ("loss < 3 & N <= 7B", [2]),
        ("not loss < 3", [0, 1]),
        ("not not loss < 3", [2, 3]),
        ("not (adam or lion)", [3]),
        ("NOT adam AND loss > 2", [2]),
        ("N > 100 M", [1, 2, 3]),
        ("N > 100 M adam", [1]),
        ("N > 1 000 000 000", [2, 3]),
        ("run ~ ADAM", [0, 1]),
        ("run !~ adam", [2, 3]),
        ("run ~ b", [2]),
        ('"smooth loss" < 2.3', [2, 3]),
        ("`smooth loss`<2.3", [2, 3]),
        ("'smooth loss' < 2.3 or adam", [0, 1, 2, 3]),
        ("done = true", [0, 2]),
        ("done != 1", [1, 3]),
    ],
)
def test_queries(query, expected):
    assert np.flatnonzero(match_runs(query, COLUMNS)).tolist() == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("C > 1e20 FLOPs", [1, 2]),
        ("c > 1e20FLOPs", [1, 2]),
        ("C = 864 exaFLOPs lion", [1]),
        ("C = 10 PF-days", [1]),  # 8.64e20, by the definition of a petaFLOP/s-day
        ("C > 8 x 10^20 FLOPs", [1, 2]),
        ("C < 1e21 FLOPs lion", [1]),
        ("C < 1e21 lion", [1]),
        ("N >= 1 billion parameters and C < 1e22", [1]),
        ("D = 20B tokens", [0, 1]),
        ("C > 1e20 FLOPs or adam", [0, 1, 2]),
    ],
)
def test_numbers_of_quantities_have_their_units(query, expected):
    columns = {
        "C": np.array([1e20, 8.64e20, 1e22]),
        "N": np.array([1e8, 1e9, 1e10]),
        "D": np.array([2e10, 2e10, 1e11]),
        "run": np.array(["adam", "lion", "mamba"], dtype=object),
    }
    assert np.flatnonzero(match_runs(query, columns)).tolist() == expected


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("C > 5 tokens", "no text column contains 'tokens'"),
        ("C > 5days", "the value is '5days', not a number of FLOPs: write the number alone"),
        ("N > low", "'low', not a number"),
    ],
)
def test_other_units_are_refused(query, message):
    columns = {"C": np.array([1e20]), "N": np.array([1e8]), "run": np.array(["adam"], dtype=object)}
    with pytest.raises(ValueError, match=message):
        match_runs(query, columns)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("g = a", [1]),
        ("g = A", [0, 3]),
        ("g != a", [0, 2, 3]),
        ('g = "a"', [1]),
        ("g = B", [2]),  # no run has it in this case
        ("g ~ a", [0, 1, 3]),
    ],
)
def test_equal_text_is_that_of_the_same_case_if_a_run_has_it(query, expected):
    assert np.flatnonzero(match_runs(query, {"g": np.array(["A", "a", "b", "A"], dtype=object)})).tolist() == expected


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("lr < 3", "no column 'lr': choose from N, D/N, loss, smooth loss, done, run"),
        ("loss <", "finish the condition: loss < needs a value"),
        ("loss < low", "'low', not a number"),
        ("loss < ３", "'３', not a number"),
        ("loss < 1__0", "'1__0', not a number"),
        ("run < 3", "run is text: compare it with =, != or ~"),
        ("N ≈ 7B", "≈ is no operator: write <, <=, >, >=, = or !=, or ~ or !~ for a part of a text"),
        ("N≃7B", "≃ is no operator"),
        ("run in (adam)", r"'in' is no operator: write run = adam or run = \.\.\.$"),
        ("run in (adam, lion)", "'in' is no operator: write run = adam or run = lion$"),
        ("run IN ('adam small' lion adam)", r"write run = \"adam small\" or run = lion or run = \.\.\.$"),
        ("`smooth loss` not in (2, 3)", '"smooth loss" != 2 and "smooth loss" != 3$'),
        ("loss ~ 3", "loss holds numbers: compare it with <"),
        ("nowhere", "no text column contains 'nowhere'"),
        ("smooth loss < 2.3", "no text column contains 'smooth': did you mean 'smooth loss'"),
        ("loss 3", "no text column contains 'loss': compare that column with a value, as in loss < 3"),
        ("DONE", "no text column contains 'DONE': compare that"),
        ("loss < 3 adn adam", "no text column contains 'adn'"),
        ("loss < 3 nto adam", "no text column contains 'nto': did you mean 'not'"),
        ("lss < 3", "no column 'lss': did you mean 'loss'"),
        ("run = adan", "no run has run = 'adan': did you mean 'adam'"),
        ("run != adan", "no run has run = 'adan'"),
        ("run ~ lino", "no run contains 'lino'"),
        ("1 < loss < 3", "< needs a column before it: write it as loss < 3"),
        ("loss < 5,009", "5,009', which may be 5009 or 5.009"),
        ("< 3", "< needs a column before it"),
        ("loss < 3 or", "finish the query: 'or' needs a condition behind it"),
        ("or loss < 3", "finish the query: 'or' needs a condition before it"),
        ("and loss < 3", "finish the query: 'and' needs a condition before it"),
        ("loss < 3 and", "finish the query: 'and' needs a condition behind it"),
        ("loss < 3 and or adam", "finish the query: 'and' needs a condition behind it"),
        ("not", "finish the query: 'not' needs a condition behind it"),
        ("()", r"finish the query: '\(' needs a condition behind it"),
        ("(loss < 3", "a bracket is not closed"),
        ("loss < 3)", "a bracket is closed that was not opened"),
        ("(" * 10_000, "more than 50 brackets"),
        ('"adam', "a quote is not closed"),
    ],
)
def test_mistakes_are_explained(query, message):
    with pytest.raises(ValueError, match=message):
        match_runs(query, COLUMNS)


def test_words_need_a_text_column():
    with pytest.raises(ValueError, match="no text column"):
        match_runs("adam", {"N": COLUMNS["N"]})


CONDITIONS = ["loss < 3", "N >= 7B", "run ~ adam", "lion", "`smooth loss` > 2"]


@settings(max_examples=200, deadline=None)
@given(
    parts=st.recursive(
        st.sampled_from(CONDITIONS).map(lambda one: (one, one)),
        lambda inner: st.one_of(
            inner.map(lambda one: (f"not ({one[0]})", ("not", one[1]))),
            st.tuples(inner, st.sampled_from([" and ", " or ", " "]), inner).map(
                lambda three: (f"({three[0][0]}){three[1]}({three[2][0]})", (three[1], three[0][1], three[2][1]))
            ),
        ),
        max_leaves=6,
    )
)
def test_conditions_are_joined_as_sets_are(parts):
    def expected(tree):
        if isinstance(tree, str):
            return set(np.flatnonzero(match_runs(tree, COLUMNS)).tolist())
        if tree[0] == "not":
            return {0, 1, 2, 3} - expected(tree[1])
        left, right = expected(tree[1]), expected(tree[2])
        return left | right if tree[0] == " or " else left & right

    query, tree = parts
    assert set(np.flatnonzero(match_runs(query, COLUMNS)).tolist()) == expected(tree)


@settings(max_examples=300, deadline=None)
@given(st.text() | st.lists(st.sampled_from([*"()<>=~!&|\"'`", "and", "or", "not", "loss", "3", "adam"])).map(" ".join))
def test_any_text_is_a_query_or_refused_in_one_sentence(text):
    with contextlib.suppress(InputError):
        assert match_runs(text, COLUMNS).shape == (4,)
