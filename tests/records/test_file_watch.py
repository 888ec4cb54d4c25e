"""Rows that another process writes appear by themselves, and the thread that looks ends."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest
from waiting import wait_until

from chinchilla_nb.config.settings import Settings
from chinchilla_nb.database import Database
from chinchilla_nb.engine.run_keys import run_keys
from chinchilla_nb.session import Session

APPEND = "import sys; from chinchilla_nb import Database; Database(sys.argv[1]).append(N=9e9, D=9e10, loss=2.25)"


def watchers() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "chinchilla_nb file watch"]


@pytest.fixture
def session(tmp_path) -> Session:
    database = Database(tmp_path)
    database.append(N=1e9, D=1e10, loss=3.0)
    return Session(database, Settings())


def test_rows_of_another_process_appear_within_two_seconds(session, tmp_path):
    stop = session.watch_file(lambda error: None)
    revisions = []
    session.observe(lambda change: revisions.append(change["new"]), "revision")
    subprocess.run([sys.executable, "-c", APPEND, str(tmp_path)], check=True)
    assert wait_until(lambda: bool(revisions), 2.0)
    assert session.runs.loss.tolist() == [3.0, 2.25]
    stop()
    assert wait_until(lambda: not watchers(), 2.0)


def test_one_thread_serves_all_watchers(session):
    first, second = (session.watch_file(lambda error: None) for _ in range(2))
    assert len(watchers()) == 1
    first()
    assert len(watchers()) == 1
    second()
    assert wait_until(lambda: not watchers(), 2.0)


def test_without_a_file_there_is_no_thread():
    stop = Session(Database(), Settings()).watch_file(lambda error: None)
    assert not watchers()
    stop()


def test_an_unreadable_file_is_reported_once_and_its_recovery_too(session, tmp_path):
    told: list[Exception | None] = []
    stop = session.watch_file(told.append)
    good = (tmp_path / "df.csv").read_text()
    (tmp_path / "df.csv").write_text(good + "1,2\n")
    assert wait_until(lambda: len(told) == 1, 2.0)
    assert "line 3 has 2 values for 4 columns" in str(told[0])
    time.sleep(1.2)
    assert len(told) == 1
    (tmp_path / "df.csv").write_text(good + "5.4e19,3e9,3e9,2.5\n")
    assert wait_until(lambda: len(told) == 2, 2.0)
    assert told[1] is None
    assert session.runs.loss.tolist() == [3.0, 2.5]
    stop()


def test_excluded_runs_are_not_used_until_they_are_included_again(session):
    session.database.extend([{"N": N, "D": 20 * N, "loss": 1e9 / N} for N in (1e8, 2e8, 4e8)])
    everything, before = session.runs, session.revision
    session.exclude([run_keys(everything)[0]])
    assert len(session.runs) == 3
    assert len(session.all_runs) == 4
    assert session.revision > before
    assert session.run_fit().runs is session.runs
    assert not session.stale
    excluded = session.excluded
    session.excluded = frozenset()
    assert session.runs is everything
    assert session.stale
    session.excluded = excluded
    assert not session.stale
    session.include(excluded)
    assert session.runs is everything


def test_exclusions_stay_when_rows_are_added(session):
    session.exclude([run_keys(session.runs)[0]])
    session.database.append(N=2e9, D=1e10, loss=2.5)
    assert session.runs.loss.tolist() == [2.5]
    assert len(Database(session.database.project_dir).runs) == 2
