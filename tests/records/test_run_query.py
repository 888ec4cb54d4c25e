"""Queries select runs, or the error explains what is wrong with them."""

from __future__ import annotations

import numpy as np
import pytest

from chinchilla_nb.records.run_query import match_runs

COLUMNS = {
    "N": np.array([7e7, 7e8, 7e9, 7e10]),
    "D/N": np.array([20.0, 2.0, 20.0, 200.0]),
    "loss": np.array([3.5, 3.0, 2.5, 2.0]),
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
        ("</b>", [2]),
        ("nowhere", []),
    ],
)
def test_queries(query, expected):
    assert np.flatnonzero(match_runs(query, COLUMNS)).tolist() == expected


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("lr < 3", "no column 'lr': choose from N, D/N, loss, run"),
        ("loss <", "finish the condition: loss < needs a value"),
        ("loss < low", "'low', not a number"),
        ("loss < ３", "'３', not a number"),
        ("loss < 1__0", "'1__0', not a number"),
        ("run < 3", "run is text"),
    ],
)
def test_mistakes_are_explained(query, message):
    with pytest.raises(ValueError, match=message):
        match_runs(query, COLUMNS)


def test_words_need_a_text_column():
    with pytest.raises(ValueError, match="no text column"):
        match_runs("adam", {"N": COLUMNS["N"]})
