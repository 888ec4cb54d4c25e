"""MLflow's stores on disk: names with slashes, how runs ended, and what a crash or another process leaves."""

from __future__ import annotations

import math
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from mlflow_store import write_run

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.records.importers.sources import read_source, recognise

SCHEMA = """
create table experiments (experiment_id integer, name text, lifecycle_stage text);
create table runs (
    run_uuid text, name text, status text, lifecycle_stage text, start_time integer, experiment_id integer
);
create table params (key text, value text, run_uuid text);
create table tags (key text, value text, run_uuid text);
create table metrics (key text, value real, timestamp integer, run_uuid text, step integer, is_nan integer);
create table latest_metrics (key text, value real, timestamp integer, step integer, is_nan integer, run_uuid text);
insert into experiments values (1, 'scaling', 'active');
insert into runs values ('a', 'small', 'FINISHED', 'active', 2, 1), ('b', null, 'KILLED', 'active', 1, 1);
insert into runs values ('c', 'deleted', 'FINISHED', 'deleted', 3, 1);
insert into params values ('n_params', '1000', 'a'), ('opt/lr', '3e-4', 'a'), ('name', 'gpt', 'a');
insert into tags values ('mlflow.runName', 'large', 'b'), ('cluster', 'west', 'b');
insert into metrics values ('loss', 3.0, 30, 'a', 2, 0), ('loss', 2.5, 20, 'a', 1, 0), ('loss', 4.0, 10, 'a', 0, 0);
insert into metrics values ('loss', 5.0, 10, 'b', 0, 0), ('loss', 0.0, 20, 'b', 1, 1);
insert into metrics values ('scale', 1.7976931348623157e308, 20, 'b', 1, 0);
"""
"""The tables of MLflow's store in SQLite, with the columns that all its versions since 1.4 have, and three runs."""


@pytest.fixture
def database(tmp_path) -> Path:
    path = tmp_path / "mlflow.db"
    with closing(sqlite3.connect(path)) as store:
        store.executescript(SCHEMA)
        store.commit()
    return path


def test_a_run_of_files_is_read_by_the_steps_of_its_metrics(tmp_path):
    run = write_run(tmp_path, "small", {"n_params": 1000, "opt/lr": 3e-4}, {"val/loss": [4.0, 2.5, 3.0]})
    path = run / "metrics" / "val" / "loss"
    path.write_text("".join(reversed(path.read_text().splitlines(keepends=True))))
    (row,) = read_source(tmp_path).rows
    assert row == {
        "run": "small",
        "experiment": "Default",
        "run_id": "small",
        "status": "FINISHED",
        "params.n_params": 1000,
        "params.opt/lr": 3e-4,
        "metrics.val/loss": 3.0,
        "lowest.val/loss": 2.5,
    }


def test_the_folders_of_a_store_an_experiment_and_a_run_are_all_read(tmp_path):
    write_run(tmp_path / "mlruns", "small", {}, {"loss": [3.0]})
    for folder in (tmp_path, tmp_path / "mlruns", tmp_path / "mlruns" / "0", tmp_path / "mlruns" / "0" / "small"):
        assert [row["run"] for row in read_source(folder).rows] == ["small"]


def test_deleted_runs_and_models_are_not_runs(tmp_path):
    write_run(tmp_path, "kept", {}, {"loss": [3.0]}, status=4)
    write_run(tmp_path, "deleted", {}, {"loss": [2.0]}, stage="deleted")
    shutil.copytree(tmp_path / "0" / "kept", tmp_path / "0" / "models" / "m-1")
    assert [(row["run"], row["status"]) for row in read_source(tmp_path).rows] == [("kept", "FAILED")]


def test_a_description_that_a_crash_cut_off_rejects_its_run_only(tmp_path):
    write_run(tmp_path, "good", {}, {"loss": [3.0]})
    (write_run(tmp_path, "bad", {}, {"loss": [3.0]}) / "meta.yaml").write_text("run_id: [")
    table = read_source(tmp_path)
    assert [row["run"] for row in table.rows] == ["good"]
    assert "meta.yaml' is not YAML" in table.rejected[0].reason


def test_a_database_is_read_in_the_order_of_its_runs_without_deleted_ones(database):
    large, small = read_source(database).rows
    assert small == {
        "run": "small",
        "experiment": "scaling",
        "run_id": "a",
        "status": "FINISHED",
        "params.n_params": 1000,
        "params.name": "gpt",
        "params.opt/lr": 3e-4,
        "metrics.loss": 3.0,
        "lowest.loss": 2.5,
    }
    assert (large["run"], large["status"], large["tags.cluster"]) == ("large", "KILLED", "west")
    assert math.isnan(large["metrics.loss"])
    assert (large["lowest.loss"], large["metrics.scale"]) == (5.0, math.inf)


def test_other_databases_are_not_recognised(tmp_path):
    with closing(sqlite3.connect(tmp_path / "other.db")) as store:
        store.execute("create table runs (run_uuid text)")
        store.commit()
    (tmp_path / "text.db").write_text("no database")
    assert recognise(tmp_path) is None


def test_a_database_without_its_end_is_one_sentence(database):
    content = database.read_bytes()
    database.write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match="mlflow.db' cannot be read: database disk image is malformed"):
        read_source(database)


def test_a_database_that_is_being_written_is_not_taken_for_an_empty_one(database):
    with closing(sqlite3.connect(database, isolation_level=None)) as store:
        store.execute("begin exclusive")
        with pytest.raises(InputError, match="mlflow.db' cannot be read: database is locked"):
            read_source(database)
        store.execute("commit")
    assert len(read_source(database).rows) == 2
