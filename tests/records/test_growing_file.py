"""A file that grows while it is watched: what a check reads and does depends on the new rows, not on all rows."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from runs import LAW

from chinchilla_nb.config.settings import Settings
from chinchilla_nb.database import Database
from chinchilla_nb.engine.fitting.losses import log_huber
from chinchilla_nb.records import held_rows, seen
from chinchilla_nb.session import Session
from chinchilla_nb.widgets.workbench import Workbench

ROW = "120000000000000000000,1000000000,20000000000,2.5,{}\n"


def table_of(count: int) -> pd.DataFrame:
    """Return runs with a name."""
    rng = np.random.default_rng(count)
    N, D = np.round(10 ** rng.uniform(7, 10, count)), np.round(10 ** rng.uniform(9, 12, count))
    loss = LAW.loss(N, D) * np.exp(0.01 * rng.normal(size=count))
    return pd.DataFrame({"N": N, "D": D, "loss": loss, "name": [f"run-{number}" for number in range(count)]})


def project(folder: Path, count: int) -> Database:
    """Return a database on a project of so many runs, whose file was read as a whole."""
    folder.mkdir(exist_ok=True)
    Database(folder).df = table_of(count)
    return Database(folder)


def add(folder: Path, *names: str) -> None:
    """Append rows as another process does."""
    with (folder / "df.csv").open("a") as file:
        file.write("".join(ROW.format(name) for name in names))


def bytes_read() -> int:
    """Return how many bytes this process has read so far."""
    counts = Path("/proc/self/io")
    if not counts.exists():
        pytest.skip("this system does not count what a process reads")
    return int(counts.read_text().split()[1])


def calls_of(act) -> int:
    """Return how many functions some code calls, those of C among them."""
    count = 0

    def profile(_frame, event, _arg):
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(profile)
    try:
        act()
    finally:
        sys.setprofile(None)
    return count


def test_a_check_reads_the_new_rows_and_not_the_file(tmp_path):
    database = project(tmp_path, 20_000)
    assert (tmp_path / "df.csv").stat().st_size > 1_000_000
    add(tmp_path, "new", "newer")
    before = bytes_read()
    assert database.follow()
    assert bytes_read() - before < 5_000
    assert database.runs.columns["name"][-2:].tolist() == ["new", "newer"]


def test_a_check_does_as_much_for_a_long_file_as_for_a_short_one(tmp_path):
    calls = []
    for count in (100, 20_000):
        folder = tmp_path / str(count)
        database = project(folder, count)
        database.runs  # noqa: B018  of which the next ones are made
        for name in ("first", "second"):
            add(folder, name)
            calls.append(calls_of(lambda database=database: (database.follow(), database.runs)))
    assert calls[3] <= 1.02 * calls[1]


def test_an_open_workbench_does_as_much_for_a_new_row_of_many_as_of_few(tmp_path):
    calls = []
    for count in (2_000, 20_000):
        folder = tmp_path / str(count)
        session = Session(project(folder, count), Settings(loss_fn=log_huber))
        session.run_fit()
        bench = Workbench(session)
        bench.toggles["Runs"].value = True
        for name in ("first", "second"):
            add(folder, name)
            calls.append(calls_of(session.database.follow))
        bench.close()
    assert calls[3] <= 1.1 * calls[1]


def test_what_was_read_in_parts_is_what_is_read_as_a_whole(tmp_path):
    database = project(tmp_path, 40)
    for names in (("a", "7"), ("",), ("b", "c d")):
        add(tmp_path, *names)
        assert database.follow()
        database.append(N=1e9, D=1e10, loss=3.0, name=f"own {names[0]}")
    whole = Database(tmp_path)
    pd.testing.assert_frame_equal(pd.DataFrame(database.df), pd.DataFrame(whole.df))
    for name, values in whole.runs.columns.items():
        assert list(map(str, database.runs.columns[name])) == list(map(str, values))
    for name in ("N", "D", "loss", "C"):
        assert np.array_equal(getattr(database.runs, name), getattr(whole.runs, name))


def test_numbers_become_text_when_a_text_follows(tmp_path):
    Database(tmp_path).append(N=1e9, D=1e10, loss=3.0, name=5)
    database = Database(tmp_path)
    assert database.runs.columns["name"].tolist() == [5]
    add(tmp_path, "six")
    assert database.follow()
    assert database.runs.columns["name"].tolist() == ["5", "six"]


def test_a_row_that_changes_while_the_file_grows_is_found(tmp_path, monkeypatch):
    database = project(tmp_path, 100)
    path = tmp_path / "df.csv"

    def change_a_row(new: str) -> None:
        lines = path.read_text().splitlines(keepends=True)
        fields = lines[50].rstrip("\n").split(",")
        fields[3] = new
        with path.open("r+") as file:  # the same file, as an editor of few bytes writes it
            file.write("".join([*lines[:50], ",".join(fields) + "\n", *lines[51:], ROW.format("new")]))

    change_a_row("9.25")
    assert database.refresh()
    assert database.runs.loss[49] == 9.25
    change_a_row("8.75")
    monkeypatch.setattr(seen, "COMPARED_FOR", 0.0)
    assert database.follow()
    assert database.runs.loss[49] == 8.75


def test_rows_that_are_written_anew_at_the_end_are_found_at_once(tmp_path):
    database = project(tmp_path, 100)
    path = tmp_path / "df.csv"
    lines = path.read_text().splitlines(keepends=True)
    with path.open("r+") as file:
        file.write("".join([*lines[:-1], ROW.format("other"), ROW.format("more"), ROW.format("end")]))
    assert database.follow()
    assert database.runs.columns["name"][-3:].tolist() == ["other", "more", "end"]
    assert len(database) == 102


def test_many_appends_are_kept_once(tmp_path, monkeypatch):
    monkeypatch.setattr(held_rows, "MOST_BATCHES", 10)
    database = project(tmp_path, 3)
    for number in range(35):
        if number % 2:
            database.append(N=1e9 + number, D=1e10, loss=3.0, name=f"own {number}")
        else:
            add(tmp_path, f"other {number}")
            database.follow()
    pd.testing.assert_frame_equal(pd.DataFrame(database.df), pd.DataFrame(Database(tmp_path).df))
    assert len(database._held._state.batches) <= 10


@pytest.mark.parametrize("rows", ["", "120000000,1000,20000,2.5,1\n"])
@pytest.mark.parametrize("header", ["C,N,D,loss,mu\n", "C,N,D,loss,momentum\n"])
def test_other_names_of_columns_alone_are_read(tmp_path, header, rows):
    path = tmp_path / "df.csv"
    path.write_text("C,N,D,loss,lr\n" + rows)
    database = Database(tmp_path)
    path.write_text(header + rows)
    assert database.follow()
    assert list(database.df.columns) == header.strip().split(",")
    assert list(database.runs.columns) == header.strip().split(",")[4:]
    assert not database.follow()
