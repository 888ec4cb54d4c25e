"""Folders that Weights & Biases leaves offline are read as runs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import wandb
from runs_to_log import RUNS, check_rows

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.records.importers.sources import read_source

COLUMNS = {"loss": "summary.val/loss", "lowest": "lowest.val/loss", "N": "config.model.n_params", "D": "summary.tokens"}
CRASH = """
import os, sys, wandb
run = wandb.init(project="scaling", mode="offline", dir=sys.argv[1], name="crashed", config={"n_params": 1000})
for step in range(3000):
    run.log({"loss": 4.0 - step / 1000, "text": "x" * 1000})
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    monkeypatch.setenv("WANDB_SILENT", "true")


def offline(folder: Path, **options: object) -> wandb.Run:
    return wandb.init(project="scaling", mode="offline", dir=folder, **options)


def rows_of(folder: Path, runs: int = 1) -> list[dict[str, object]]:
    """Return the runs in a folder once all have ended: wandb's own process writes the end of a log after ``finish``."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        rows = [dict(row) for row in read_source(folder).rows]
        if len(rows) == runs and all(row["state"] != "unfinished" for row in rows):
            return rows
        time.sleep(0.1)
    pytest.fail("wandb has not written the end of its logs in a minute")


@pytest.fixture(scope="module")
def logged(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wandb")
    os.environ["WANDB_SILENT"] = "true"
    for logged in RUNS:
        with offline(folder, name=logged.name, config={"model": {"n_params": logged.N}, "betas": [0.9, 0.95]}) as run:
            for loss, tokens in zip(logged.losses, logged.tokens, strict=True):
                run.log({"val/loss": loss, "tokens": tokens})
    rows_of(folder, len(RUNS))
    return folder


def test_offline_runs_are_read_as_they_were_logged(logged):
    check_rows(logged, **COLUMNS)
    check_rows(logged / "wandb", **COLUMNS)
    row = read_source(logged).rows[0]
    assert (row["state"], row["config.betas"], row["summary._step"]) == ("finished", "[0.9, 0.95]", 4)


def test_a_single_run_is_read_by_its_folder_and_by_its_file(logged):
    path = min(logged.glob("wandb/offline-run-*/*.wandb"))
    names = [[row["run"] for row in read_source(source).rows] for source in (path, path.parent)]
    assert names[0] == names[1]
    assert len(names[0]) == 1


def test_a_configuration_that_changed_and_a_summary_that_was_set_are_read_as_they_ended(tmp_path):
    with offline(tmp_path, config={"lr": 1.0, "model": {"layers": 2}}) as run:
        run.log({"loss": 3.0})
        run.config.update({"lr": 0.5, "D": 20_000}, allow_val_change=True)
        run.summary["loss"] = 2.5
        run.summary["final"] = {"bpb": 0.75}
    (row,) = rows_of(tmp_path)
    assert (row["config.lr"], row["config.D"], row["config.model.layers"]) == (0.5, 20_000, 2)
    assert (row["summary.loss"], row["summary.final.bpb"], row["lowest.loss"]) == (2.5, 0.75, 3.0)


def diverge(folder: Path) -> None:
    with offline(folder) as run:
        run.log({"loss": float("nan")})
        raise ValueError("diverged")


def test_a_run_that_failed_says_so(tmp_path):
    with pytest.raises(ValueError, match="diverged"):
        diverge(tmp_path)
    (row,) = rows_of(tmp_path)
    assert row["state"] == "failed"
    assert row["summary.loss"] != row["summary.loss"]


def test_a_run_that_was_killed_gives_what_was_written_and_says_that_it_has_not_ended(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", CRASH, tmp_path], stdin=subprocess.PIPE, start_new_session=True)
    wait_for_bytes(tmp_path, 2_000_000)
    os.killpg(process.pid, 9)
    process.wait(30)
    (row,) = read_source(tmp_path).rows
    assert (row["run"], row["state"], row["config.n_params"]) == ("crashed", "unfinished", 1000)
    assert row["summary.loss"] == pytest.approx(4.0 - row["summary._step"] / 1000)
    assert row["summary._step"] > 500


def wait_for_bytes(folder: Path, count: int) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if sum(path.stat().st_size for path in folder.rglob("*.wandb") if not path.is_symlink()) >= count:
            return
        time.sleep(0.1)
    pytest.fail("wandb has not written in a minute")


def test_a_file_that_was_cut_off_or_damaged_gives_what_comes_before(logged, tmp_path):
    path = min(logged.glob("wandb/offline-run-*/*.wandb"))
    content = path.read_bytes()
    cut = tmp_path / "offline-run-1" / "run-1.wandb"
    cut.parent.mkdir()
    cut.write_bytes(content[:-10])
    table = read_source(tmp_path)
    assert table.rows[0]["run"] in {run.name for run in RUNS}
    assert any("it ends within a record" in note for note in table.notes)
    cut.write_bytes(content[:-20] + b"?" + content[-19:])
    assert any("is damaged" in note for note in read_source(tmp_path).notes)
    cut.write_bytes(content[:7])
    assert "says nothing about its run" in read_source(tmp_path).rejected[0].reason


def test_a_project_at_weights_and_biases_needs_a_login(monkeypatch, tmp_path):
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    with pytest.raises(InputError, match="needs a login at .*: run: wandb login"):
        read_source("https://wandb.ai/somebody/scaling")


def test_an_address_without_a_project_is_refused():
    with pytest.raises(InputError, match="names no project"):
        read_source("https://wandb.ai/somebody")
