"""Columns whose names differ only in case are one, unless a table has several of them itself."""

from __future__ import annotations

import pandas as pd
import pytest

from chinchilla_nb.database import Database
from chinchilla_nb.records.column_case import existing_columns
from chinchilla_nb.records.columns.reading import read_columns
from chinchilla_nb.records.importing import preview_reading
from chinchilla_nb.records.tables import read_table

RUN = {"N": 1e9, "D": 1e10, "loss": 2.5}
FIRST = {"C": 6e19, **RUN, "Name": "a", "State": "finished"}


@pytest.fixture(params=["a file", "the memory"])
def database(request, tmp_path):
    return Database(tmp_path if request.param == "a file" else None, log_level=20)


def others(database) -> list[str]:
    """Return the columns besides C, N, D and loss, which are the same for whoever reads the file."""
    names = database.df.columns.tolist()
    if database.project_dir is not None:
        assert Database(database.project_dir).df.columns.tolist() == names
    return names[4:]


@pytest.mark.parametrize(
    ("given", "known", "into"),
    [
        (["name", "state"], ["Name", "State"], {"name": "Name", "state": "State"}),
        (["STRASSE"], ["straße"], {"STRASSE": "straße"}),
        (["name"], ["name", "Name"], {}),
        (["NAME"], ["name", "Name"], {}),
        (["name", "Name"], ["Name"], {}),
        (["name", "Name"], ["NAME"], {}),
        (["n", "c", "d", "Loss", "LOSS"], ["N", "C", "D", "loss"], {}),
        (["N", "loss"], ["n", "Loss", "C"], {}),
        (["n", "Loss"], ["nn", "LOSS"], {}),
    ],
)
def test_one_other_spelling_is_the_same_column(given, known, into):
    assert existing_columns(given, known) == into


def test_appended_values_go_into_the_column_that_is_there_and_this_is_said(database, capfd):
    database.append(**FIRST)
    database.append(**RUN, name="b")
    database.extend(pd.DataFrame([{**RUN, "name": "c", "state": "crashed"}]))
    assert others(database) == ["Name", "State"]
    assert database.df["Name"].tolist() == ["a", "b", "c"]
    assert database.df["State"].tolist()[::2] == ["finished", "crashed"]
    said = " ".join(capfd.readouterr().err.split())
    assert "values went into columns whose names differ only in case: name into Name" in said
    assert "case: name into Name, state into State" in said


def test_a_column_of_a_new_table_is_there_before_its_first_value(tmp_path):
    for folder in (tmp_path, None):
        database = Database(folder, columns=["C", "N", "D", "loss", "LR"])
        database.append(**RUN, lr=0.5)
        assert database.df["LR"].tolist() == [0.5]
        assert others(database) == ["LR"]


def test_a_table_with_both_spellings_keeps_both(database):
    database.append(**FIRST)
    database.extend(pd.DataFrame([{**RUN, "name": "b", "Name": "c"}, {**RUN, "name": "d", "Name": None}]))
    assert others(database) == ["Name", "State", "name"]
    assert database.df["name"].tolist()[1:] == ["b", "d"]
    database.append(**RUN, NAME="e")  # neither of the two is meant more than the other
    assert others(database) == ["Name", "State", "name", "NAME"]


def test_a_file_with_both_spellings_is_read_as_it_is(tmp_path):
    (tmp_path / "df.csv").write_text("N,D,loss,name,Name\n1000,20000,3.5,a,b\n")
    database = Database(tmp_path)
    database.append(**RUN, name="c")
    database.append(**RUN, Name="d")
    assert others(database) == ["name", "Name"]
    assert database.df["name"].tolist()[:2] == ["a", "c"]
    assert database.df["Name"].tolist()[::2] == ["b", "d"]


def test_a_column_that_another_process_has_added_meanwhile_is_there(tmp_path):
    one, other = Database(tmp_path), Database(tmp_path)
    one.append(**RUN)
    other.append(**RUN, Name="b")
    one.append(**RUN, name="c")
    assert others(one) == ["Name"]
    assert one.df["Name"].tolist()[1:] == ["b", "c"]


def test_names_of_quantities_in_other_spellings_are_columns_of_their_own(database):
    database.append(**RUN, n=3, Loss=7.0)
    database.append(**RUN, n=4, Loss=8.0)
    assert others(database) == ["n", "Loss"]
    assert database.df["N"].tolist() == [10**9] * 2
    assert database.df["n"].tolist() == [3, 4]


def test_an_import_says_into_which_columns_values_go():
    database = Database()
    database.append(**FIRST)
    table = read_table("more.csv", b"name,N,D,loss,seed\nb,2e9,1e10,2.4,3\n")
    reading = read_columns(table)
    assert preview_reading(reading, database.runs).into == {"name": "Name"}
    assert preview_reading(reading).into == {}
