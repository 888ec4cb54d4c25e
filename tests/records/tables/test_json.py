"""Tables in JSON, in the shapes in which pandas, trackers and people write them."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pandas as pd
import pytest
from twelve_runs import NAMES, RUNS

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.records.tables import Table, read_table, read_table_folder

FRAME = pd.DataFrame(RUNS)
BY_NAME = {run["run"]: {name: run[name] for name in NAMES[1:]} for run in RUNS}
INDEXED = tuple({"index": name, **row} for name, row in BY_NAME.items())


def read(value: Any, name: str = "runs.json") -> Table:
    return read_table(name, (value if isinstance(value, str) else json.dumps(value)).encode())


@pytest.mark.parametrize("orient", ["records", "split", "index", "columns", "table"])
def test_orients_of_pandas(orient):
    table = read(FRAME.to_json(orient=orient))
    assert not table.rejected
    assert [{name: row[name] for name in NAMES} for row in table.rows] == list(RUNS)


@pytest.mark.parametrize("orient", ["split", "index", "columns", "table"])
def test_names_in_the_index_of_pandas_are_kept(orient):
    table = read(FRAME.set_index("run").rename_axis(None).to_json(orient=orient))
    assert table.rows == INDEXED


def test_levels_of_an_index_are_kept():
    frame = FRAME.set_index(["n_params", "tokens"])
    table = read(frame.to_dict(orient="tight"))
    assert table.columns == ("n_params", "tokens", "run", "val_loss")
    assert [row["tokens"] for row in table.rows] == [run["tokens"] for run in RUNS]


@pytest.mark.parametrize(
    "value",
    [
        list(RUNS),
        {"columns": list(NAMES), "data": [list(run.values()) for run in RUNS]},
        [list(NAMES), *(list(run.values()) for run in RUNS)],
        {name: [run[name] for run in RUNS] for name in NAMES},
        {"runs": list(RUNS)},
        {"data": {"runs": list(RUNS)}},
        {str(number): run for number, run in enumerate(RUNS)},
    ],
)
def test_shapes(value):
    table = read(value)
    assert not table.rejected
    assert [{name: row[name] for name in NAMES} for row in table.rows] == list(RUNS)


@pytest.mark.parametrize(
    "value",
    [BY_NAME, {"runs": BY_NAME}, {"n_params": {"r0": 1, "r1": 2}, "val_loss": {"r0": 2.5, "r1": 2.4}}],
)
def test_runs_by_name_and_columns_of_named_rows_are_told_apart(value):
    table = read(value)
    if len(table.rows) == 12:
        assert table.rows == INDEXED
    else:
        assert table.rows[1] == {"index": "r1", "n_params": 2, "val_loss": 2.4}


def test_parts_of_one_run_are_one_row():
    table = read({"config": {"N": 1000, "D": 20_000, "loss": "ce"}, "summary": {"loss": 2.5, "time": 3}})
    assert table.columns == ("config.N", "config.D", "config.loss", "summary.loss", "summary.time")
    table = read({"config": {"n_params": 1000, "tokens": 20_000}, "summary": {"val_loss": 2.5}})
    assert table.rows == ({"config.n_params": 1000, "config.tokens": 20_000, "summary.val_loss": 2.5},)


def test_nested_runs_by_name():
    table = read({"a": {"config": {"N": 1000}, "loss": 2.5}, "b": {"config": {"N": 2000}, "loss": 2.4}})
    assert table.rows[1] == {"index": "b", "config.N": 2000, "loss": 2.4}
    log = [{"step": 1}, {"step": 2}]
    table = read({"a": {"N": 1000, "loss": 2.5, "log": log}, "b": {"N": 2000, "loss": 2.4, "log": log}})
    assert [row["index"] for row in table.rows] == ["a", "b"]


def test_values_beside_a_list_of_rows_are_the_same_for_all():
    value = {
        "name": "c4",
        "model": {"params": 1000},
        "log": [{"tokens": 10, "loss": 5, "name": "x"}, {"tokens": 20, "loss": 4}],
    }
    assert read(value).rows == (
        {"name": "c4", "model.params": 1000, "tokens": 10, "loss": 5, "log.name": "x"},
        {"name": "c4", "model.params": 1000, "tokens": 20, "loss": 4},
    )


def test_several_tables_are_refused():
    with pytest.raises(InputError, match=r"^'runs.json' holds several tables \(train, val\): keep one"):
        read({"train": [{"loss": 1}], "val": [{"loss": 2}]})


def test_a_row_of_another_length_is_rejected():
    table = read({"columns": ["N", "loss"], "data": [[1000, 2.5], [2000], [3000, 2.3]]})
    assert [row["N"] for row in table.rows] == [1000, 3000]
    assert [row.place for row in table.rejected] == [2]


def test_columns_are_aligned_by_the_labels_of_rows():
    table = read({"N": {"0": 1000, "2": 3000}, "loss": {"0": 2.5, "1": 2.4, "2": 2.3}})
    assert table.rows == ({"N": 1000, "loss": 2.5}, {"N": 3000, "loss": 2.3}, {"loss": 2.4})


def test_lines_of_json_may_be_compressed_and_in_another_encoding():
    text = FRAME.to_json(orient="records", lines=True)
    assert read_table("runs.jsonl.gz", gzip.compress(text.encode())).rows == RUNS
    assert read_table("runs.ndjson", text.encode("utf-16")).rows == RUNS


def test_objects_of_several_lines_may_follow_each_other():
    text = "".join(json.dumps(run, indent=2) + "\n" for run in RUNS)
    table = read(text)
    assert table.rows == RUNS
    assert table.places[:2] == (1, 7)


def test_a_folder_of_files_is_a_table(tmp_path):
    for run in RUNS[:3]:
        (tmp_path / f"{run['run']}.json").write_text(json.dumps({"config": {"N": run["n_params"]}, "loss": 2.5}))
    (tmp_path / "r3.json.gz").write_bytes(gzip.compress(b'[{"loss": 1}, {"loss": 2}, 3]'))
    (tmp_path / "r4.json").write_text("{")
    (tmp_path / ".hidden.json").write_text("{}")
    (tmp_path / "notes.txt").write_text("x")
    table = read_table_folder(tmp_path)
    assert table.columns == ("file", "config.N", "loss")
    assert [row["file"] for row in table.rows] == ["r0", "r1", "r2", "r3", "r3"]
    assert table.places == (1, 2, 3, 4, 5)
    assert [(row.place, row.reason[:24]) for row in table.rejected] == [
        (6, "r3.json.gz: is not an ob"),
        (7, "'r4.json' is not JSON (E"),
    ]


def test_a_folder_without_such_files_is_refused(tmp_path):
    with pytest.raises(InputError, match="holds no JSON file"):
        read_table_folder(tmp_path)


@pytest.mark.parametrize("text", ["[[20000000, 100000000, 5.0], [60000000, 300000000, 4.0]]", "3", "[1, 2]"])
def test_values_without_names_are_refused(text):
    with pytest.raises(InputError, match=r"'runs.json' has no names of columns: write each run as"):
        read_table("runs.json", text.encode())


def test_an_integer_beyond_float64_is_refused_in_a_sentence():
    text = '{"x": {"N": 1e9, "D": 1' + 400 * "0" + ', "loss": 2}, "y": {"N": 1e9, "D": 2e10, "loss": 3}}'
    table = read_table("runs.json", text.encode())
    assert [row["loss"] for row in table.rows] == [2, 3]
