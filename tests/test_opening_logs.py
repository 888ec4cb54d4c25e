"""Logs of trackers and training frameworks are opened like tables, and the run log follows them."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from mlflow_store import write_run
from waiting import wait_until

from chinchilla_nb import Database, RunLogPanel
from chinchilla_nb.opening import RowsLeftOutWarning, open_session
from chinchilla_nb.records.columns.questions import UnclearColumns

WRITER = Path(__file__).parent / "mlflow_store.py"
SIZES = (1e7, 3e7, 1e8, 3e8)


@pytest.fixture
def store(tmp_path) -> Path:
    folder = tmp_path / "mlruns"
    for N in SIZES:
        loss = 1.7 + 400 / N**0.34
        write_run(folder, f"{N:.0f}", {"n_params": int(N), "n_tokens": int(20 * N)}, {"val_loss": [2 * loss, loss]})
    return folder


def test_a_folder_of_logs_is_opened_and_what_was_taken_is_said(store):
    session = open_session(store)
    assert sorted(session.runs.N) == list(SIZES)
    said = " ".join(session.remarks)
    assert "Read as runs of an MLflow store of files." in said
    assert "'metrics.val_loss'" in said


def test_parameters_named_by_letters_are_recognised_behind_the_prefix_of_the_tracker(tmp_path):
    for N in SIZES:
        write_run(tmp_path, f"{N:.0f}", {"N": int(N), "D": int(20 * N)}, {"loss": [1.7 + 400 / N**0.34]})
    runs = open_session(tmp_path).runs
    assert sorted(zip(runs.N, runs.D, strict=True)) == [(N, 20 * N) for N in SIZES]


def test_the_last_loss_is_taken_unless_the_lowest_is_asked_for(store):
    write_run(store, "rises", {"n_params": 10**9, "n_tokens": 2 * 10**10}, {"val_loss": [3.0, 2.0, 2.5]})
    last, lowest = open_session(store), open_session(store, loss="lowest.val_loss")
    assert [session.runs.loss[session.runs.N == 1e9].tolist() for session in (last, lowest)] == [[2.5], [2.0]]
    assert "columns lowest.NAME have the lowest of each loss" in " ".join(last.remarks)


def test_runs_that_are_left_out_are_named_and_warned_of_once(store):
    write_run(store, "killed", {"n_params": 1000000, "n_tokens": 20000000}, {"val_loss": [9.0]}, status=5)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        session = open_session(store)
    assert len(session.runs) == len(SIZES)
    assert [one.category for one in warned] == [RowsLeftOutWarning]
    assert "1 of 5 rows left out: run 5" in session.left_out_remark


def test_a_project_stays_a_project_whatever_else_lies_in_its_folder(store):
    Database(store.parent).append(N=1e6, D=2e7, loss=4.0)
    assert open_session(store.parent).runs.loss.tolist() == [4.0]


def test_a_trainer_state_is_not_taken_for_a_configuration(tmp_path):
    state = {"global_step": 10, "log_history": [{"step": 10, "eval_loss": 3.5}], "num_input_tokens_seen": 2e9}
    path = tmp_path / "trainer_state.json"
    path.write_text(json.dumps(state | {"total_flos": 1.2e18}))
    session = open_session(path, N="100M", C="6ND")
    assert (session.runs.N[0], session.runs.D[0], session.runs.loss[0]) == (1e8, 2e9, 3.5)
    with pytest.raises(UnclearColumns, match="trainer_state.json"):
        open_session(path, C="6ND")


def test_the_run_log_shows_a_run_of_another_process_within_two_seconds(store):
    for path in store.glob("0/*/metrics/val_loss"):
        path.rename(path.with_name("loss"))
    panel = RunLogPanel(open_session(store))
    subprocess.run([sys.executable, WRITER, store, "new", "50000000", "1000000000", "3.25"], check=True)
    assert wait_until(lambda: "3.25" in panel.table.body.value, 2.0)
    panel.close()


def test_what_is_read_first_decides_which_columns_later_runs_are_read_from(store):
    session = open_session(store)
    write_run(store, "more", {"n_params": 10**9, "n_tokens": 20 * 10**9}, {"val_loss": [2.5], "eval_loss": [9.0]})
    assert session.database.refresh()
    assert session.runs.loss[session.runs.N == 1e9].tolist() == [2.5]
