"""A session shows what a new process reads from its file, whatever values a column holds."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chinchilla_nb import Database, InputError

VALUES: list[Any] = [
    "word", "",
    " ", "007", "1e3", "nan", "-nan", "NA", "True", "inf", "1_000", "0x10", "a, b", 'a "b"', np.str_("numpy"),
    1.5, -0.0, 5e-324, 0.1 + 0.2, math.nan, math.inf, -math.inf, np.float32(0.1), np.longdouble("1.1"),
    0, 7, -5, 2**53 + 1, 2**63, 2**70, -(2**70), np.int8(3), True, False, np.bool_(True), None,
]  # fmt: skip


def values(database: Database) -> dict[str, list[tuple[str, str]]]:
    """Return the values of every column, each with its type, so that 1, 1.0, True, "1" and NaN differ."""
    df = database.df
    return {name: [(type(value).__name__, repr(value)) for value in df[name].tolist()] for name in df.columns}


@pytest.mark.parametrize("value", VALUES, ids=repr)
@pytest.mark.parametrize(
    "before", [[], [None], [""], ["word"], ["007"], [1], [1.5], [True], [2**70], [True, None], [1.5, "word"]], ids=repr
)
def test_each_kind_after_each_other(tmp_path: Path, before: list[Any], value: Any) -> None:
    database = Database(tmp_path)
    for note in [*before, value]:
        database.append(N=1_000, D=20_000, loss=2.5, note=note)
    assert values(database) == values(Database(tmp_path))


@pytest.mark.parametrize("seed", range(40))
def test_random_values_in_several_columns(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    database = Database(tmp_path)
    for _ in range(12):
        rows: list[dict[str, Any]] = [
            {"N": 1_000, "D": 20_000, "loss": 2.5}
            | {name: VALUES[rng.integers(len(VALUES))] for name in ("a", "b", "c") if rng.random() < 0.7}
            for _ in range(rng.integers(1, 4))
        ]
        database.extend(rows)
        if rng.random() < 0.5:
            assert values(database) == values(Database(tmp_path))
    assert values(database) == values(Database(tmp_path))


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("in_file", [True, False])
def test_runs_that_grow_have_the_values_of_all_rows(tmp_path: Path, seed: int, in_file: bool) -> None:
    rng = np.random.default_rng(seed)
    database = Database(tmp_path if in_file else None)
    few = [VALUES[at] for at in rng.choice(len(VALUES), 3)]  # so that the types of most columns stay as they are
    for _ in range(12):
        rows: list[dict[str, Any]] = [
            {"N": 1_000, "D": 20_000, "loss": rng.uniform(2, 3)}
            | {name: few[rng.integers(len(few))] for name in ("a", "b") if rng.random() < 0.8}
            for _ in range(rng.integers(1, 4))
        ]
        database.extend(rows)
        columns, df = database.runs.columns, database.df
        for name in columns:
            found, expected = columns[name].tolist(), df[name].tolist()
            assert [(type(value), repr(value)) for value in found] == [(type(value), repr(value)) for value in expected]
        assert database.runs.loss.tolist() == df.loss.tolist()


@pytest.mark.parametrize("value", ["word", "", 1, 1.5, True, 2**70], ids=repr)
@pytest.mark.parametrize("before", [None, "word", 1, True, 2**70], ids=repr)
def test_each_kind_that_another_process_appends(tmp_path: Path, before: Any, value: Any) -> None:
    database = Database(tmp_path)
    database.append(N=1_000, D=20_000, loss=2.5, note=before)
    Database(tmp_path).append(N=1_000, D=20_000, loss=2.25, note=value)
    database.refresh()
    assert values(database) == values(Database(tmp_path))
    Database(tmp_path).append(N=1_000, D=20_000, loss=2.25, note=value)
    database.append(N=1_000, D=20_000, loss=2.25, note=before)
    assert values(database) == values(Database(tmp_path))
    assert database.lost == ""


def test_a_number_that_someone_spelled_otherwise_becomes_its_text(tmp_path: Path) -> None:
    (tmp_path / "df.csv").write_text("N,D,loss,note\n1000,20000,2.5,1e3\n")
    database = Database(tmp_path)
    database.append(N=1_000, D=20_000, loss=2.5, note="word")
    assert database.df["note"].tolist() == ["1e3", "word"]
    database.df = database.df.head(1)  # nothing has been added that has not been shown
    assert len(Database(tmp_path)) == 1


def test_a_table_can_be_assigned_after_a_column_has_become_text(tmp_path: Path) -> None:
    database = Database(tmp_path)
    database.append(N=1_000, D=20_000, loss=2.5, note=1.5)
    table = database.df
    database.append(N=1_000, D=20_000, loss=2.5, note=2.5)
    database = Database(tmp_path)
    database.append(N=1_000, D=20_000, loss=2.5, note="word")
    database.df = table
    assert len(Database(tmp_path)) == 1
    assert database.lost == ""


@pytest.mark.parametrize("word", ["NaN", "nan"])
@pytest.mark.parametrize("text", ['"007"', "007", '"inf"', '"NaN"', '"true"', "word"])
def test_a_missing_value_stays_one_in_a_column_of_text(tmp_path: Path, text: str, word: str) -> None:
    """What pandas and others write for no value; between quotes it is the word."""
    path = tmp_path / "df.csv"
    path.write_text(f"N,D,loss,note\n1000,20000,2.5,{text}\n")
    database = Database(tmp_path)
    with path.open("a") as file:
        file.write(f'1000,20000,2.5,{word}\n1000,20000,2.5,"{word}"\n')
    assert database.refresh()
    expected = [text.strip('"'), None, word]
    for note in (database.df["note"], Database(tmp_path).df["note"], database.runs.columns["note"]):
        assert [None if value != value else value for value in note.tolist()] == expected


@pytest.mark.parametrize("rows", [["nan", 2**63, "N/A"], ["", -(2**70), 2**63], ["nan", 2**70, "NA"], ["nan", 2**63]])
def test_values_beside_large_integers_that_another_process_appends(tmp_path: Path, rows: list[Any]) -> None:
    path = tmp_path / "df.csv"
    path.write_text("C,N,D,loss,note\n")
    database = Database(tmp_path)
    for row in rows:
        with path.open("a") as file:
            file.write(f"120000000,1000,20000,2.5,{row}\n")
        database.refresh()
        assert values(database) == values(Database(tmp_path))
    is_text = any(isinstance(row, str) and row.startswith("N") for row in rows)
    expected = [None if row in ("", "nan") else str(row) if is_text else row for row in rows]
    assert [None if note != note else note for note in database.df["note"].tolist()] == expected


@pytest.mark.parametrize("looked_at", [False, True])
@pytest.mark.parametrize("integers", [[1, 2**63], [2**63 + 1, -1], [2**63 + 1, 2**53 + 1]])
def test_large_integers_in_memory_keep_all_digits(integers: list[int], looked_at: bool) -> None:
    database = Database()
    for integer in integers:
        database.append(N=1_000, D=20_000, loss=2.5, note=integer)
        if looked_at:
            assert len(database.df) == len(database.runs.columns["note"])
    for notes in (database.df["note"], database.runs.columns["note"]):
        assert notes.tolist() == integers


def test_an_integer_that_no_table_can_hold_is_refused(tmp_path: Path) -> None:
    for database in (Database(), Database(tmp_path)):
        with pytest.raises(ValueError, match=r"note must have at most 308 digits, got .*: nothing was appended"):
            database.append(N=1_000, D=20_000, loss=2.5, note=10**308)
        database.append(N=1_000, D=20_000, loss=2.5, note=1 - 10**308)
        assert database.df["note"].tolist() == [1 - 10**308]
    assert Database(tmp_path).df["note"].tolist() == [1 - 10**308]


@pytest.mark.parametrize(("column", "read"), [("note", [3.0, np.inf]), ("N", None)])
def test_a_written_integer_beyond_float64_is_infinite(tmp_path: Path, column: str, read: list[float] | None) -> None:
    row = {"C": "1.2e8", "N": "1000", "D": "20000", "loss": "2.5", "note": "3.0"}
    lines = [",".join(one.values()) for one in (row, {**row, column: "9" * 400})]
    (tmp_path / "df.csv").write_text("\n".join([",".join(row), *lines, ""]))
    if read is not None:
        assert Database(tmp_path).df[column].tolist() == read
    else:
        with pytest.raises(InputError, match=r"df\.csv, line 3, column N must be a positive number, got '999"):
            Database(tmp_path)
