"""A table that refuses to be changed in place: every way that pandas has, on the table and on its columns."""

from __future__ import annotations

import copy
import inspect
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.records.read_only_table import INPLACE, ReadOnlyColumn, ReadOnlyTable

CHANGES = """
df.loc[0, "loss"] = 2
df.loc[3] = [1.0, 2, 3, 4.0, "x"]
df.loc[df.loss > 2, "loss"] = 2
df.loc(axis=0)[0] = 2
df.iloc[0, 3] = 2
df.at[0, "loss"] = 2
df.iat[0, 3] = 2
df["new"] = 1
df["loss"] = 2
df[["C", "loss"]] = 2
df[df.loss > 2] = 2
df["loss"] *= 2
df["loss"] += 1
df.loss = 2
df.loss /= 2
del df["note"]
df.pop("note")
df.insert(0, "new", 1)
df.isetitem(0, [1, 2, 3])
df.update(pd.DataFrame({"loss": [9.0, 9.0, 9.0]}))
df.columns = list("vwxyz")
df.index = [3, 4, 5]
df *= 2
df += df
df.drop(0, inplace=True)
df.drop(columns="note", inplace=True)
df.rename(columns={"note": "n"}, inplace=True)
df.sort_values("loss", inplace=True)
df.sort_values("N", inplace=True)
df.sort_index(ascending=False, inplace=True)
df.reset_index(drop=True, inplace=True)
df.set_index("N", inplace=True)
df.fillna(0, inplace=True)
df.replace(3, 4, inplace=True)
df.dropna(inplace=True)
df.drop_duplicates(inplace=True)
df.query("loss > 1", inplace=True)
df.eval("new = N * 2", inplace=True)
df.where(df.N > 1, 0, inplace=True)
df.mask(df.N > 1, 0, inplace=True)
df["loss"][0] = 9
df["loss"].iloc[0] = 9
df["loss"].loc[0] = 9
df["loss"].at[0] = 9
df.loss[df.loss > 2] = 9
df["loss"].fillna(0, inplace=True)
df["loss"].replace(3, 9, inplace=True)
df["loss"].mask(df.loss > 0, 9, inplace=True)
df.loss.update(pd.Series([9.0, 9.0, 9.0]))
df.loss.pop(0)
""".strip().splitlines()

ARRAYS = """
df["loss"].values[0] = 9
df.loss.values[:] = 9
df.loss.to_numpy()[0] = 9
np.asarray(df.loss)[0] = 9
""".strip().splitlines()


def ordinary() -> pd.DataFrame:
    columns = {"C": [1.0, 2.0, 3.0], "N": [1, 2, 3], "D": [4, 5, 6], "loss": [3.0, 2.0, 1.0], "note": ["a", "b", "c"]}
    return pd.DataFrame(columns)


def read_only() -> ReadOnlyTable:
    return ReadOnlyTable(ordinary(), copy=True)


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_in_place_is_refused(change):
    table = read_only()
    with pytest.raises(InputError, match=r"^database\.df must not be changed in place"):
        exec(change, {"df": table, "pd": pd})
    pd.testing.assert_frame_equal(table.copy(), ordinary())


@pytest.mark.parametrize("change", ARRAYS)
def test_the_array_of_a_column_cannot_be_written_to(change):
    table = read_only()
    with pytest.raises(ValueError, match="read-only"):
        exec(change, {"df": table, "np": np})
    pd.testing.assert_frame_equal(table.copy(), ordinary())


@pytest.mark.parametrize(("kind", "base"), [(ReadOnlyTable, pd.DataFrame), (ReadOnlyColumn, pd.Series)])
def test_every_method_that_can_change_in_place_is_known(kind, base):
    """A later pandas may have more of them."""
    changing = {
        name
        for name, method in inspect.getmembers(base, inspect.isfunction)
        if not name.startswith("_") and "inplace" in inspect.signature(method).parameters
    }
    assert changing <= set(INPLACE)


DERIVED = """
df.copy()
copy.copy(df)
copy.deepcopy(df)
pickle.loads(pickle.dumps(df))
df[df.loss > 1].copy()
df[["C", "loss"]].copy()
df.assign(x=1)
df.rename(columns={"note": "n"})
df.reset_index(drop=True)
df.sort_values("loss")
df.drop(columns="note")
df.fillna(0)
df.replace(3, 4)
df.set_axis(list("vwxyz"), axis=1)
df.astype({"N": float})
pd.concat([df, df])
df.merge(df, on="N")
df.groupby("note").sum(numeric_only=True)
df.describe()
df.query("N > 1").copy()
""".strip().splitlines()


@pytest.mark.parametrize("derive", DERIVED)
def test_what_is_derived_is_an_ordinary_table_with_rows_of_its_own(derive):
    table = read_only()
    derived = eval(derive, {"df": table, "pd": pd, "copy": copy, "pickle": pickle})
    assert type(derived) is pd.DataFrame
    pd.testing.assert_frame_equal(derived, eval(derive, {"df": ordinary(), "pd": pd, "copy": copy, "pickle": pickle}))
    derived.iloc[0, 0] = 9
    derived["new"] = 1
    pd.testing.assert_frame_equal(table.copy(), ordinary())


def test_columns_derived_from_a_column_are_ordinary_too():
    loss = read_only()["loss"]
    assert isinstance(loss, ReadOnlyColumn)
    for derived in (loss * 2, loss.copy(), np.log(loss), pickle.loads(pickle.dumps(loss)), loss.sort_values()):
        assert type(derived) is pd.Series
        derived.iloc[0] = 9
    loss.to_numpy(copy=True)[0] = 9
    assert loss.tolist() == [3.0, 2.0, 1.0]


def test_it_reads_like_any_table():
    table, same = read_only(), ordinary()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert table.loc[0].tolist() == same.loc[0].tolist()
        assert table.loc[:, "N"].tolist() == [1, 2, 3]
        assert table.iloc[-1].to_dict() == same.iloc[-1].to_dict()
        assert (table.at[0, "N"], table.iat[1, 3]) == (1, 2.0)
        assert table.to_csv() == same.to_csv()
        assert repr(table) == repr(same)
        assert [row.loss for row in table.itertuples()] == [3.0, 2.0, 1.0]
        pd.testing.assert_frame_equal(table, same)
