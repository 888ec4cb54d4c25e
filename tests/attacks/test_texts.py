"""What append accepts, open reads, as it was; and what open reads, append accepts."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chinchilla_nb.database import Database
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.records.columns.sources import Source
from chinchilla_nb.records.importing import preview_import
from chinchilla_nb.records.tables import read_table

ROW = {"N": 1000, "D": 20_000, "loss": 3.25}
LONG = [
    "a," * 70_000,
    "a" * 140_000,
    '"' * 140_000,
    "é" * 140_000,
]
LIKE_NUMBERS = ["1e5", "007", " 12 ", "-0", "+1", ".5", "True", "false", "nan", "NaN", "inf", "-Infinity", "1."]
OTHER_NUMBERS = ["１２", "٣", "1\N{NO-BREAK SPACE}000", "True", "½"]
"""What Python or pandas would read as numbers, or what looks like one."""


@pytest.mark.parametrize("text", LONG, ids=len)
def test_a_long_text(tmp_path: Path, text: str) -> None:
    limit = csv.field_size_limit()
    Database(tmp_path).append(**ROW, log=text)
    database = Database(tmp_path)
    assert database.df["log"].tolist() == [text]
    database.append(**ROW, log=text)
    database.append(**ROW, lr=0.1)  # a new column
    database.append(**ROW, log="short", **{"n" * 140_000: 1})  # and one of a long name
    database = Database(tmp_path)
    assert database.df["log"].tolist()[:2] == [text, text]
    assert database.df["n" * 140_000].tolist()[3] == 1
    for run in database.df.to_dict("records"):  # what open reads, append accepts
        database.append(**run)
    assert Database(tmp_path).df["log"].tolist()[4:6] == [text, text]
    table = read_table("df.csv", (tmp_path / "df.csv").read_bytes())
    assert table.rows[0]["log"] == text
    assert csv.field_size_limit() == limit


@pytest.mark.parametrize("text", LIKE_NUMBERS)
def test_a_text_like_a_number_stays_text(tmp_path: Path, text: str) -> None:
    database = Database(tmp_path)
    database.append(**ROW, note=text)
    for _ in range(2):
        assert Database(tmp_path).df["note"].tolist() == [text]
        database.df = Database(tmp_path).df
    database.append(**ROW, note=text, lr=0.1)
    assert Database(tmp_path).df["note"].tolist() == database.df["note"].tolist() == [text, text]
    assert Database(tmp_path).df["lr"].tolist()[1] == 0.1


def test_numbers_that_others_quote_are_numbers(tmp_path: Path) -> None:
    (tmp_path / "df.csv").write_text('"C","N","D","loss","lr"\n"6","1","1","2.5","0.1"\n')
    assert Database(tmp_path).df["lr"].tolist() == [0.1]


@settings(max_examples=150, deadline=None)
@given(values=st.lists(st.text(min_size=1) | st.floats() | st.integers(-(10**18), 10**18) | st.booleans(), max_size=4))
def test_any_values(tmp_path_factory: pytest.TempPathFactory, values: list[Any]) -> None:
    folder = tmp_path_factory.mktemp("values")
    database = Database(folder, log_level=50)
    accepted = []
    for value in values:
        try:
            database.append(**ROW, note=value)
        except InputError:
            continue
        has_lines = isinstance(value, str) and {*"\n\v\f\r\x1c\x1d\x1e"} & {*value}
        accepted.append(" ".join(value.split()) if has_lines else value)
    if not accepted:
        return
    found = Database(folder).df["note"].tolist()
    if all(isinstance(value, str) for value in accepted):
        assert ["" if text != text else text for text in found] == accepted
    else:  # a column with text, or with numbers and truth values, holds text; an empty place stands for NaN
        texts = any(isinstance(value, str) for value in accepted) or len({type(value) for value in accepted}) > 1
        for value, read in zip(accepted, found, strict=True):
            if value != value:
                assert read != read or read == ""
            elif texts:
                assert str(read) == str(value) or float(read) == float(value)
            else:
                np.testing.assert_equal(float(read), float(value))


class TestNumbers:
    @pytest.mark.parametrize("text", [*OTHER_NUMBERS, "1_0", "1\N{NO-BREAK SPACE}", "TRUE", "1,5", "0x10", "1e"])
    @pytest.mark.parametrize("name", ["N", "loss"])
    def test_of_a_project(self, tmp_path: Path, text: str, name: str) -> None:
        run = {"C": "6", "N": "1", "D": "1", "loss": "2.5", name: f'"{text}"' if "," in text else text}
        (tmp_path / "df.csv").write_text(f"{','.join(run)}\n{','.join(run.values())}\n", encoding="utf-8")
        with pytest.raises(InputError, match=f"line 2, column {name} must be a positive number, got"):
            Database(tmp_path)

    @pytest.mark.parametrize("text", OTHER_NUMBERS)
    def test_of_a_table(self, text: str) -> None:
        table = read_table("runs.csv", f"N,D,loss,lr\n{text},10,2.5,{text}\n".encode())
        assert table.rows[0]["lr"] == text  # not a number
        preview = preview_import(table, {name: Source(name) for name in ("N", "D", "loss")})
        assert [row["N"] for row in preview.rows] in ([], [12], [3], [1000])  # refused, or read right

    def test_ones_are_numbers(self, tmp_path: Path) -> None:
        (tmp_path / "df.csv").write_text("C,N,D,loss\n6,1,1,1\n6,1.0,1,1\n")
        assert Database(tmp_path).df["N"].tolist() == [1, 1]


@pytest.mark.parametrize("name", ["runs.json", "runs.jsonl"])
@pytest.mark.parametrize(
    "run",
    [
        '{"N": 1, "D": 1, "loss": 2.5, "loss": 9.5}',
        '{"N": 1, "D": 1, "loss": 2.5, "a": {"b": 1, "b": 2}}',
        '{"N": 1, "D": 1, "loss": 2.5, "a": {"b": 1}, "a.b": 2}',
        '{"N": 1, "D": 1, "loss": 2.5, "a b": 1, "a  b": 2}',
    ],
)
def test_a_doubled_key_is_refused(name: str, run: str) -> None:
    try:
        reasons = [
            row.reason
            for row in read_table(name, f"[{run}]".encode() if name == "runs.json" else run.encode()).rejected
        ]
    except InputError as error:
        reasons = [str(error)]
    assert len(reasons) == 1
    assert "has two values named " in reasons[0]


def test_json_that_is_nested_too_deeply() -> None:
    deep = '{"a":' * 20_000 + "1" + "}" * 20_000
    assert "nested too deeply" in read_table("runs.jsonl", f'{{"N": 1}}\n{deep}\n'.encode()).rejected[0].reason


def test_one_row_with_a_misplaced_quote_is_rejected_alone() -> None:
    table = read_table("runs.csv", b'N,D,loss,note\n1,1,2,"a"b\n1,1,3,"a, b"\n')
    assert [row["loss"] for row in table.rows] == [3]
    assert [(row.place, row.reason) for row in table.rejected] == [(2, "has 'b' behind a closing quote")]


def test_columns_are_bounded_alike_when_read_and_written(tmp_path: Path) -> None:
    names = [f"x{name}" for name in range(9_996)]
    database = Database(tmp_path)
    database.append(**ROW, **dict.fromkeys(names, 1))
    assert len(Database(tmp_path).df.columns) == 10_000
    before = (tmp_path / "df.csv").read_bytes()
    for append in (lambda: database.append(**ROW, one_more=1), lambda: setattr(database, "df", wider(database.df))):
        with pytest.raises(InputError, match="has 10,001 columns: keep at most 10,000"):
            append()
    assert (tmp_path / "df.csv").read_bytes() == before


def wider(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([frame, frame[["N"]].rename(columns={"N": "one more"})], axis=1)


def test_json_columns(tmp_path: Path) -> None:
    text = json.dumps({"N": {"0": 1, "1": 2}, "D": [3, 4], "loss": [5.5, 6.5, 7.5]})
    assert list(read_table("runs.json", text.encode()).rows) == [
        {"N": 1, "D": 3, "loss": 5.5},
        {"N": 2, "D": 4, "loss": 6.5},
        {"loss": 7.5},
    ]
