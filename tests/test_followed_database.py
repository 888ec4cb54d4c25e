"""Runs in the logs of a tracker are followed as these grow."""

from __future__ import annotations

import pickle
import subprocess
import sys
import threading
from pathlib import Path

import pandas as pd
import pytest
from waiting import wait_until

from chinchilla_nb.config.settings import Settings
from chinchilla_nb.followed_database import FollowedDatabase
from chinchilla_nb.records.importers.sources import recognise
from chinchilla_nb.records.tables import Table
from chinchilla_nb.session import Session

WRITER = Path(__file__).parent / "mlflow_store.py"


def write(store: Path, run: str, N: float, D: float, *losses: float) -> None:
    """Write a run with another process."""
    subprocess.run([sys.executable, WRITER, store, run, *map(str, (N, D, *losses))], check=True)


def runs_in(table: Table) -> pd.DataFrame:
    columns = {"N": "params.n_params", "D": "params.n_tokens", "loss": "metrics.loss"}
    return pd.DataFrame([{name: row[column] for name, column in columns.items()} for row in table.rows])


@pytest.fixture
def store(tmp_path) -> Path:
    write(tmp_path, "first", 1e6, 2e7, 5.0, 4.0)
    return tmp_path


@pytest.fixture
def database(store) -> FollowedDatabase:
    logs = recognise(store)
    assert logs is not None
    return FollowedDatabase(logs, runs_in)


def test_a_run_of_another_process_appears_within_two_seconds(database, store):
    session = Session(database, Settings())
    errors: list[Exception | None] = []
    stop = session.watch_file(errors.append)
    write(store, "second", 2e6, 4e7, 3.5)
    assert wait_until(lambda: len(session.runs) == 2, 2.0)
    assert session.runs.loss.tolist() == [4.0, 3.5]
    stop()
    assert not errors
    assert wait_until(lambda: not [one for one in threading.enumerate() if "file watch" in one.name], 2.0)


def test_a_run_that_goes_on_is_replaced_by_what_it_has_logged_since(database, store):
    with (store / "0" / "first" / "metrics" / "loss").open("a") as file:
        file.write("1700000000009 3.75 9\n")
    assert database.refresh()
    assert database.df.loss.tolist() == [3.75]


def test_logs_that_have_not_changed_are_not_read_again(store):
    read = []
    database = FollowedDatabase(recognise(store), lambda table: read.append(table) or runs_in(table))
    revision = database.revision
    assert not database.refresh()
    assert (len(read), database.revision) == (1, revision)


def test_appended_runs_stay_beside_those_of_the_logs(database, store):
    database.append(N=5e6, D=1e8, loss=3.0, note="by hand")
    write(store, "second", 2e6, 4e7, 3.5)
    assert database.refresh()
    assert sorted(database.df.loss) == [3.0, 3.5, 4.0]
    assert database.df.set_index("loss").note[3.0] == "by hand"


def test_logs_that_have_gone_are_an_error_and_the_runs_stay(database, store):
    store.rename(store.with_name("elsewhere"))
    with pytest.raises(FileNotFoundError):
        database.refresh()
    assert len(database) == 1


def test_a_copy_has_the_runs_and_follows_nothing(database, store):
    copy = pickle.loads(pickle.dumps(database))
    write(store, "second", 2e6, 4e7, 3.5)
    assert not copy.refresh()
    assert copy.df.equals(pd.DataFrame({"C": [1.2e14], "N": [1_000_000], "D": [20_000_000], "loss": [4.0]}))
