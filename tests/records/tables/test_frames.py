"""Data frames become tables; what their index holds is kept."""

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from chinchilla_nb.records.tables import table_from_frame


def test_named_levels_of_an_index_become_columns():
    index = pd.MultiIndex.from_tuples([(20_000_000, 10**8), (60_000_000, 3 * 10**8)], names=["n_params", "tokens"])
    table = table_from_frame(pd.DataFrame({"val_loss": [5.0086, 4.0025]}, index=index))
    assert table.columns == ("n_params", "tokens", "val_loss")
    assert table.rows == (
        {"n_params": 20_000_000, "tokens": 10**8, "val_loss": 5.0086},
        {"n_params": 60_000_000, "tokens": 3 * 10**8, "val_loss": 4.0025},
    )
    assert table.places == (1, 2)


def test_an_index_without_a_name_only_numbers_the_rows():
    table = table_from_frame(pd.DataFrame({"loss": [2.5, 2.0]}, index=[7, 3]))
    assert table.rows == ({"loss": 2.5}, {"loss": 2.0})


def test_an_index_without_a_name_is_kept_if_it_is_more_than_numbers():
    by_run = pd.DataFrame.from_dict({"a": {"loss": 2.5}, "b": {"loss": 2.0}}, orient="index")
    assert table_from_frame(by_run).rows == ({"index": "a", "loss": 2.5}, {"index": "b", "loss": 2.0})
    frame = pd.DataFrame({"loss": [2.5]}, index=pd.MultiIndex.from_tuples([(1, 2)]))
    assert table_from_frame(frame).rows == ({"level_0": 1, "level_1": 2, "loss": 2.5},)


def test_names_stay_distinct():
    frame = pd.DataFrame([[1, 2, 3]], columns=["N", "N", ""])
    assert table_from_frame(frame.rename_axis("N")).columns == ("N", "N (2)", "N (3)", "column 4")
    assert table_from_frame(frame.set_axis([("loss", "val"), ("loss", ""), 3], axis=1)).columns == (
        "loss.val",
        "loss",
        "3",
    )


def test_values_become_plain():
    frame = pd.DataFrame(
        {
            "whole": pd.array([2**60 + 1, None], dtype="Int64"),
            "float": [0.1, np.nan],
            "text": pd.Categorical(["a", None]),
            "time": pd.to_datetime(["2024-01-02", None]),
            "list": [[1, 2], None],
            "decimal": [Decimal("0.1"), None],
        }
    )
    first, second = table_from_frame(frame).rows
    assert first == {
        "whole": 2**60 + 1,
        "float": 0.1,
        "text": "a",
        "time": "2024-01-02 00:00:00",
        "list": "[1, 2]",
        "decimal": 0.1,
    }
    assert type(first["whole"]) is int
    assert math.isnan(second.pop("float"))
    assert [value is None or value != value for value in second.values()] == [True] * 5


def test_anything_else_is_refused():
    with pytest.raises(ValueError, match=r"^frame must be"):
        table_from_frame({"N": [1]})
