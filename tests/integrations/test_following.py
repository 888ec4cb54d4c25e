"""A session follows the logs of real trackers, which another process writes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from mlflow_server import serving

from chinchilla_nb.config.settings import Settings
from chinchilla_nb.followed_database import FollowedDatabase
from chinchilla_nb.records.importers.sources import read_source, recognise
from chinchilla_nb.records.tables import Table
from chinchilla_nb.session import Session

MLFLOW = """
import sys, mlflow
mlflow.set_tracking_uri(sys.argv[1])
mlflow.set_experiment("followed")
with mlflow.start_run(run_name=sys.argv[2]):
    mlflow.log_params({"N": int(sys.argv[3]), "D": 20 * int(sys.argv[3])})
    mlflow.log_metric("loss", float(sys.argv[4]))
"""
WANDB = """
import sys, wandb
N = int(sys.argv[3])
options = {"mode": "offline", "dir": sys.argv[1], "name": sys.argv[2], "config": {"N": N, "D": 20 * N}}
with wandb.init(project="followed", **options) as run:
    run.log({"loss": float(sys.argv[4])})
"""
TENSORBOARD = """
import sys
from torch.utils.tensorboard import SummaryWriter
with SummaryWriter(f"{sys.argv[1]}/{sys.argv[2]}") as writer:
    for name, value in (("N", float(sys.argv[3])), ("D", 20 * float(sys.argv[3])), ("loss", float(sys.argv[4]))):
        writer.add_scalar(name, value, 0)
"""
PREFIXES = ("params.", "config.", "metrics.", "summary.", "")


def runs_in(table: Table) -> pd.DataFrame:
    def value(row, name):
        return next(row[prefix + name] for prefix in PREFIXES if prefix + name in row)

    return pd.DataFrame([{name: value(row, name) for name in ("N", "D", "loss")} for row in table.rows])


def log(script: str, target: str, name: str, N: int, loss: float) -> None:
    environment = os.environ | {"MLFLOW_ALLOW_FILE_STORE": "true", "WANDB_SILENT": "true"}
    subprocess.run([sys.executable, "-c", script, target, name, str(N), str(loss)], check=True, env=environment)


def wait_until(true: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.02)
    return true()


def check_that_it_is_followed(script: str, target: str, source: str | Path) -> None:
    log(script, target, "first", 1_000_000, 4.0)
    assert wait_until(lambda: len(read_source(source).rows) == 1, 60.0)
    logs = recognise(source)
    assert logs is not None
    session = Session(FollowedDatabase(logs, runs_in), Settings())
    errors: list[Exception | None] = []
    stop = session.watch_file(errors.append)
    log(script, target, "second", 2_000_000, 3.5)
    assert wait_until(lambda: len(session.runs) == 2, 2.0), errors
    assert sorted(session.runs.loss) == pytest.approx([3.5, 4.0])
    stop()


def test_a_store_of_files(tmp_path):
    store = tmp_path / "mlruns"
    check_that_it_is_followed(MLFLOW, store.as_uri(), store)


def test_a_database(tmp_path):
    check_that_it_is_followed(MLFLOW, f"sqlite:///{tmp_path}/mlflow.db", tmp_path)


def test_a_server(tmp_path):
    with serving(f"sqlite:///{tmp_path}/mlflow.db") as address:
        check_that_it_is_followed(MLFLOW, address, address)


def test_offline_runs_of_wandb(tmp_path):
    check_that_it_is_followed(WANDB, str(tmp_path), tmp_path)


def test_event_files(tmp_path):
    check_that_it_is_followed(TENSORBOARD, str(tmp_path), tmp_path)
