"""Stores that MLflow writes, on disk and behind a server, are read as runs."""

from __future__ import annotations

import math
import os

import mlflow
import pytest
from mlflow_server import serving
from runs_to_log import RUNS, check_rows

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.records.importers.sources import read_source

COLUMNS = {"loss": "metrics.val/loss", "N": "params.n_params", "D": "metrics.tokens"}


@pytest.fixture(autouse=True)
def _allow_stores_of_files(monkeypatch):
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")


def log(address: str) -> None:
    mlflow.set_tracking_uri(address)
    mlflow.set_experiment("scaling")
    for run in RUNS:
        with mlflow.start_run(run_name=run.name):
            mlflow.log_params({"n_params": run.N, "optimizer/lr": 3e-4, "note": "two\nlines"})
            for step, (loss, tokens) in enumerate(zip(run.losses, run.tokens, strict=True)):
                mlflow.log_metrics({"val/loss": loss, "tokens": tokens}, step=step)
            mlflow.set_tag("cluster", "a")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files") / "mlruns"
    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
    log(folder.as_uri())
    return folder


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    path = tmp_path_factory.mktemp("database") / "mlflow.db"
    log(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="module")
def server(database):
    with serving(f"sqlite:///{database}") as address:
        yield address


def test_a_store_of_files_is_read_as_it_was_logged(files):
    check_rows(files, lowest="lowest.val/loss", **COLUMNS)
    row = read_source(files).rows[0]
    assert (row["experiment"], row["status"], row["params.optimizer/lr"]) == ("scaling", "FINISHED", 3e-4)
    assert (row["params.note"], row["tags.cluster"]) == ("two lines", "a")


def test_a_database_is_read_as_it_was_logged_and_not_changed(database):
    before = database.read_bytes()
    check_rows(database, lowest="lowest.val/loss", **COLUMNS)
    check_rows(database.parent, lowest="lowest.val/loss", **COLUMNS)
    assert database.read_bytes() == before


def test_a_server_is_read_as_it_was_logged(server):
    check_rows(server, lowest=None, **COLUMNS)


def test_all_three_give_the_same_values(files, database, server):
    per_store = [
        {
            row["run"]: {key: value for key, value in row.items() if not key.startswith(("run_id", "lowest."))}
            for row in read_source(source).rows
        }
        for source in (files, database, server)
    ]
    assert per_store[0] == per_store[1] == per_store[2]


def diverge() -> None:
    with mlflow.start_run(run_name="failed"):
        mlflow.log_metric("loss", math.inf, step=0)
        mlflow.log_metric("loss", math.nan, step=1)
        raise ValueError("diverged")


@pytest.mark.parametrize("kind", ["files", "database"])
def test_how_runs_ended_and_values_that_are_not_finite_are_kept_and_deleted_runs_are_not_read(tmp_path, kind):
    mlflow.set_tracking_uri((tmp_path / "mlruns").as_uri() if kind == "files" else f"sqlite:///{tmp_path}/mlflow.db")
    mlflow.set_experiment("ended")
    with pytest.raises(ValueError, match="diverged"):
        diverge()
    with mlflow.start_run(run_name="killed"):
        mlflow.log_metrics({"loss": 3.0, "scale": math.inf})
        mlflow.end_run("KILLED")
    with mlflow.start_run(run_name="deleted") as deleted:
        mlflow.log_metric("loss", 1.0)
    mlflow.delete_run(deleted.info.run_id)
    rows = {row["run"]: row for row in read_source(tmp_path).rows}
    assert {name: row["status"] for name, row in rows.items()} == {"failed": "FAILED", "killed": "KILLED"}
    assert math.isnan(rows["failed"]["metrics.loss"])
    assert rows["killed"]["metrics.scale"] == math.inf


def test_a_metric_that_a_crash_cut_off_gives_what_is_whole_and_says_so(tmp_path):
    mlflow.set_tracking_uri((tmp_path / "mlruns").as_uri())
    mlflow.set_experiment("cut")
    with mlflow.start_run(run_name="cut"):
        for step in range(3):
            mlflow.log_metric("loss", 3.0 - step, step=step)
    (path,) = tmp_path.glob("mlruns/*/*/metrics/loss")
    path.write_text(path.read_text()[: -len(" 1.0 2\n")])
    table = read_source(tmp_path)
    assert table.rows[0]["metrics.loss"] == 2.0
    assert any("line 3 of loss is not read" in note for note in table.notes)


def test_an_address_where_nothing_answers_is_one_sentence():
    with pytest.raises(InputError, match="'http://127.0.0.1:9' does not answer"):
        read_source("http://127.0.0.1:9")
