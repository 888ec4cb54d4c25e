"""The command chinchilla-nb report as a real process: the file it writes, what it prints, and how it refuses."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from command import ROOT
from runs import make_runs, table_of

from chinchilla_nb import Chinchilla

SEED = r"seed \d+"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def report(*arguments, cwd) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "chinchilla_nb", "report", *arguments]
    return subprocess.run(command, cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, timeout=120, check=False)


def refusal(*arguments, cwd, code: int) -> str:
    """Return the last line of what the command says instead of writing a report."""
    ended = report(*arguments, cwd=cwd)
    assert ended.returncode == code
    assert "Traceback" not in ended.stderr
    assert not list(cwd.glob("*.html"))
    return ended.stderr.splitlines()[-1]


@pytest.fixture
def project(tmp_path):
    project = Chinchilla(tmp_path, log_level=50)
    project.database.extend(table_of(make_runs(24, noise=0.01)))
    return project


def test_it_writes_the_file_that_a_cell_saves_and_prints_the_fit(project, tmp_path):
    ended = report(".", "--out", "by command.html", cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    fit = project.fit()
    assert ended.stdout.startswith(f"{fit.law}\n")
    assert "asymmetric_mae" in ended.stdout
    assert ended.stdout.endswith("saved by command.html\n")
    project.save_report(tmp_path / "by cell.html")
    by_cell, by_command = ((tmp_path / f"by {name}.html").read_text("utf-8") for name in ("cell", "command"))
    # Without a configuration, each session has a generator of random numbers of its own, and its seed is printed.
    assert by_command == re.sub(SEED, re.search(SEED, by_command)[0], by_cell)


def test_without_a_name_the_file_is_report_html_and_a_table_is_explained(tmp_path):
    table_of(make_runs(12)).rename(columns={"N": "params"}).to_csv(tmp_path / "runs.csv", index=False)
    ended = report("runs.csv", cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "report.html").read_text("utf-8").startswith("<!doctype html>")
    assert "'runs.csv':\n  N is column 'params'" in ended.stderr  # a line for each remark
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html", "runs.csv"]


def test_it_refuses_in_a_sentence(tmp_path):
    assert "there is nothing at 'nowhere.csv'" in refusal("nowhere.csv", cwd=tmp_path, code=1)
    assert "the following arguments are required: RUNS" in refusal(cwd=tmp_path, code=2)
    assert "unrecognized arguments: --port=1" in refusal("runs.csv", "--port=1", cwd=tmp_path, code=2)
    table_of(make_runs(2)).to_csv(tmp_path / "two.csv", index=False)
    assert refusal("two.csv", cwd=tmp_path, code=1).startswith("chinchilla-nb: ")
    assert "--out must be the path of a file, got '.'" in refusal("two.csv", "--out=.", cwd=tmp_path, code=1)
    assert "got 'no/r.html'" in refusal("two.csv", "--out=no/r.html", cwd=tmp_path, code=1)


def test_a_table_that_leaves_a_question_ends_with_the_question(tmp_path):
    (tmp_path / "odd.csv").write_text("a,b,c\n1,2,3\n4,5,6\n7,8,9\n", encoding="utf-8")
    ended = report("odd.csv", cwd=tmp_path)
    assert ended.returncode == 1
    assert "--loss" in ended.stderr


def test_the_help_names_the_options(tmp_path):
    said = " ".join(report("--help", cwd=tmp_path).stdout.split())
    for word in ("RUNS", "--out FILE", "report.html by default", "--checkpoints", "./report"):
        assert word in said
