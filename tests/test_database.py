"""The table of runs: documented behaviour, exact numbers, many writers."""

from __future__ import annotations

import copy
import logging
import pickle
import subprocess
import sys
import threading
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from chinchilla_nb.database import Database
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.opening import open_session
from chinchilla_nb.records.csv_file import CsvFile

ROW = {"N": 1000, "D": 20_000, "loss": 3.25}


class TestDocumented:
    def test_in_memory(self) -> None:
        database = Database()
        assert list(database.df.columns) == ["C", "N", "D", "loss"]
        assert len(database.df) == 0
        database.append(**ROW)
        assert database.df.to_dict("records") == [{"C": 120_000_000.0, **ROW}]
        assert [str(kind) for kind in database.df.dtypes] == ["float64", "int64", "int64", "float64"]

    def test_persisted(self, tmp_path: Path) -> None:
        Database(tmp_path).append(**ROW)
        Database(str(tmp_path), log_level=20).append(**ROW, lr=1e-3, note="second")
        frame = Database(tmp_path).df
        assert list(frame.columns) == ["C", "N", "D", "loss", "lr", "note"]
        assert frame["lr"].isna().tolist() == [True, False]
        assert frame["note"].iloc[1] == "second"
        pd.testing.assert_frame_equal(frame, CsvFile(tmp_path / "df.csv").read())

    def test_whole_numbers_are_rounded_and_the_loss_is_not(self) -> None:
        database = Database()
        database.append(N=10.6, D=20.4, loss=1 / 3, C=1000.4)
        assert database.df.iloc[0].tolist() == [1000, 11, 20, 1 / 3]

    def test_nothing_is_written_before_the_first_run(self, tmp_path: Path) -> None:
        assert len(Database(tmp_path)) == 0
        assert list(tmp_path.iterdir()) == []

    def test_columns_of_a_new_table(self, tmp_path: Path) -> None:
        database = Database(tmp_path, columns=["N", "D", "loss", "lr"])
        database.append(**ROW)
        assert (tmp_path / "df.csv").read_text().splitlines()[0] == "C,N,D,loss,lr"
        assert list(database.df.columns) == list(Database(tmp_path).df.columns) == ["C", "N", "D", "loss", "lr"]

    def test_what_is_in_memory_is_what_a_new_process_reads(self, tmp_path: Path) -> None:
        database = Database(tmp_path)
        for row in (ROW, {**ROW, "N": 10**18 + 1}, {**ROW, "flag": True}, {**ROW, "note": "x"}, {**ROW, "lr": 0.1}):
            database.append(**row)
        assert database.df["N"].tolist() == Database(tmp_path).df["N"].tolist()
        np.testing.assert_array_equal(database.runs.C, Database(tmp_path).runs.C)
        np.testing.assert_array_equal(database.runs.loss, Database(tmp_path).runs.loss)


class TestBadInput:
    @pytest.mark.parametrize("name", ["N", "D", "loss", "C"])
    @pytest.mark.parametrize(
        "value",
        [
            0,
            -1,
            np.nan,
            np.inf,
            -np.inf,
            "text",
            "7",
            b"7",
            True,
            [1, 2],
            np.array([1, 2]),
            1j,
            10**400,
            pd.NA,
            object(),
        ],
    )
    def test_append_names_what_is_wrong_and_writes_nothing(self, tmp_path: Path, name: str, value: Any) -> None:
        database = Database(tmp_path)
        database.append(**ROW)
        before = (tmp_path / "df.csv").read_bytes()
        with pytest.raises(ValueError, match=rf"^{name} must") as caught:
            database.append(**{**ROW, name: value})
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 200
        assert (tmp_path / "df.csv").read_bytes() == before
        assert (len(database), database.revision) == (1, 1)

    @pytest.mark.parametrize("name", ["N", "D", "loss"])
    def test_missing(self, name: str) -> None:
        with pytest.raises(ValueError, match=f"^{name} is missing"):
            Database().append(**{key: value for key, value in ROW.items() if key != name})

    def test_a_size_that_rounds_to_nothing(self) -> None:
        with pytest.raises(ValueError, match="N must round to 1 or more, got 0.3"):
            Database().append(**{**ROW, "N": 0.3})

    def test_compute_beyond_every_float(self) -> None:
        with pytest.raises(ValueError, match="^C must"):
            Database().append(N=1e200, D=1e200, loss=1)

    @pytest.mark.parametrize("name", ["", " ", "two\nlines", " x", "x\t", "a\0b", "\ud800", "\ufeff\u2028"])
    def test_a_name_that_no_header_gives_back_is_refused_and_the_file_stays_readable(
        self, tmp_path: Path, name: str
    ) -> None:
        database = Database(tmp_path)
        database.append(**ROW)
        with pytest.raises(ValueError, match="a column name must be a single line of text"):
            database.append(**ROW, **{name: 1})
        with pytest.raises(ValueError, match="a column name must be a single line of text"):
            Database(columns=["N", name])
        assert len(Database(tmp_path)) == 1

    @pytest.mark.parametrize("name", ["a,b", 'say "x"', "D/N", "größe", "self", "x y", "\ufeffx"])
    def test_other_names_come_back(self, tmp_path: Path, name: str) -> None:
        Database(tmp_path).append(**ROW, **{name: 1})
        assert list(Database(tmp_path).df.columns) == ["C", "N", "D", "loss", name]

    @pytest.mark.parametrize("columns", ["CND", None, 3, [1]])
    def test_columns_must_be_names(self, columns: Any) -> None:
        with pytest.raises(ValueError, match="^columns must be a list of names|^a column name must be"):
            Database(columns=columns)

    def test_a_run_that_is_not_a_mapping(self) -> None:
        with pytest.raises(ValueError, match="a run must map names to values, got 'N'"):
            Database().extend(ROW)

    @pytest.mark.parametrize("value", [[1], {"a": 1}, "two\nlines\0", "a\0b", "\ud800"])
    def test_columns_hold_numbers_and_lines_of_text(self, value: Any) -> None:
        with pytest.raises(ValueError, match="^extra must"):
            Database().append(**ROW, extra=value)

    def test_folder(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match=r"missing' does not exist: create it with os\.makedirs"):
            Database(tmp_path / "missing")
        (tmp_path / "file").write_text("")
        with pytest.raises(FileExistsError, match="is a file"):
            Database(tmp_path / "file")

    @pytest.mark.parametrize("project_dir", ["", 3, b"runs"])
    def test_project_dir_that_is_not_a_path(self, project_dir: Any) -> None:
        with pytest.raises(ValueError, match="project_dir must be the path of an existing folder, got"):
            Database(project_dir)

    def test_a_folder_in_the_place_of_the_file(self, tmp_path: Path) -> None:
        (tmp_path / "df.csv").mkdir()
        with pytest.raises(ValueError, match=r"df\.csv is a folder, not a file of runs"):
            Database(tmp_path)

    def test_bad_file(self, tmp_path: Path) -> None:
        (tmp_path / "df.csv").write_text("C,N,D,loss\n6,1,1,oops\n")
        with pytest.raises(ValueError, match=r"df\.csv, line 2, column loss must be a positive number, got 'oops'"):
            Database(tmp_path)


@pytest.mark.parametrize(
    "kind", [np.int32, np.int64, np.uint8, np.float32, np.float64, np.longdouble, np.array, Fraction, float]
)
def test_numbers_of_every_kind(kind: Any) -> None:
    database = Database()
    database.append(N=kind(100), D=kind(200), loss=kind(2), C=kind(250), extra=kind(3))
    assert database.df.iloc[0].tolist() == [250, 100, 200, 2, 3]


def test_products_beyond_int64() -> None:
    database = Database()
    database.append(N=np.int64(2**40), D=np.int64(2**41), loss=np.float32(2.5))
    assert database.df["C"].tolist() == [6 * 2.0**81]
    assert database.runs.C.tolist() == [6 * 2.0**81]


def test_compute_is_right_where_integers_would_wrap(tmp_path: Path) -> None:
    # 6ND = 1.2e20, of which int64 would keep -9.1e18.
    database = Database(tmp_path)
    database.append(N=1_000_000_000, D=20_000_000_000, loss=2.5)
    database.df = pd.DataFrame({"N": [10**9, 4 * 10**15], "D": [2 * 10**10, 9 * 10**15], "loss": [2.5, 2.0]})
    for df in (database.df, Database(tmp_path).df):
        assert (df.N.dtype, df.D.dtype, df.C.dtype) == (np.int64, np.int64, np.float64)
        assert df.C.tolist() == [1.2e20, 2.16e32]
        assert (6.0 * df.N * df.D).tolist() == df.C.tolist()


def test_sizes_beyond_int64(tmp_path: Path) -> None:
    Database(tmp_path).append(N=7e25, D=10**26, loss=1.5)
    assert Database(tmp_path).df[["N", "D"]].iloc[0].tolist() == [7e25, 1e26]
    assert Database(tmp_path).runs.C.tolist() == [4.2e52]


class TestAssigned:
    def test_the_file_is_replaced_and_observers_are_notified(self, tmp_path: Path) -> None:
        database = Database(tmp_path)
        database.append(**ROW)
        runs, seen = database.runs, []
        database.observe(seen.append, "revision")
        table = {"loss": [2.0, 1 / 3], "N": [1e3, 2e3], "D": [5, 6], "note": ["a", None]}
        database.df = pd.DataFrame(table, index=[7, 7])
        assert database.df["C"].tolist() == [6 * 1000 * 5, 6 * 2000 * 6]
        assert Database(tmp_path).runs.loss.tolist() == [2.0, 1 / 3]
        assert len(seen) == 1
        assert database.runs is not runs
        database.append(**ROW)
        assert Database(tmp_path).df["loss"].tolist() == [2.0, 1 / 3, 3.25]

    def test_filtering(self) -> None:
        database = Database()
        for loss in (1.0, 2.0, 3.0):
            database.append(**{**ROW, "loss": loss})
        database.df = database.df[database.df["loss"] > 1.5]
        assert database.runs.loss.tolist() == [2.0, 3.0]

    @pytest.mark.parametrize(
        ("frame", "said"),
        [
            (pd.DataFrame({"N": [1], "D": [1]}), "no column loss"),
            (
                pd.DataFrame({"N": [1, 1], "D": [1, -2], "loss": [1.0, 1.0]}),
                "row 1, column D must be a positive number, got -2",
            ),
            (
                pd.DataFrame({"N": [1], "D": [1], "loss": ["low"]}),
                "row 0, column loss must be a positive number, got 'low'",
            ),
            (
                pd.DataFrame({"N": [1], "D": [1], "loss": [None]}),
                "row 0, column loss must be a positive number, got None",
            ),
            (pd.DataFrame([[1, 1, 1, 1]], columns=["N", "D", "loss", "N"]), "two columns named 'N'"),
            (pd.DataFrame({"N": [1], "D": [1], "loss": [1], "x": [[1]]}), "df, row 0: x must be"),
            (pd.DataFrame({"N": ["1"], "D": [1], "loss": [1]}), "row 0, column N must be a positive number, got '1'"),
            (pd.DataFrame({"N": [True], "D": [1], "loss": [1]}), "row 0, column N must be a positive number, got True"),
            (
                pd.DataFrame({"N": [1], "D": [1 + 1j], "loss": [1]}),
                r"row 0, column D must be a positive number, got \(1\+1j\)",
            ),
            (pd.DataFrame({"N": [1e200], "D": [1e200], "loss": [1]}), r"6ND exceeds the largest float for N = 1e\+200"),
            (pd.DataFrame({"N": [1], "D": [1], "loss": [1], "two\nlines": [1]}), r"name must be .* got 'two\\nlines'"),
            (
                pd.DataFrame({"N": [1], "D": [1], "loss": [1], " x": [1]}),
                "without leading or trailing spaces, got ' x'",
            ),
            (pd.DataFrame({"N": [1], "D": [1], "loss": [1], "": [1]}), "no name for column 4"),
        ],
    )
    def test_mistakes_change_nothing(self, tmp_path: Path, frame: pd.DataFrame, said: str) -> None:
        database = Database(tmp_path)
        database.append(**ROW)
        runs = database.runs
        with pytest.raises(ValueError, match=said):
            database.df = frame
        assert database.runs is runs
        assert len(CsvFile(tmp_path / "df.csv").read()) == 1

    def test_not_a_table(self) -> None:
        with pytest.raises(TypeError, match="got list"):
            Database().df = [1]  # type: ignore[assignment]

    def test_a_table_is_changed_as_a_copy_and_assigned(self, tmp_path: Path) -> None:
        database = Database(tmp_path)
        database.append(**ROW)
        table = database.df.copy()
        table.loc[0, "loss"] = 1.0
        assert database.df["loss"].tolist() == [3.25]
        database.df = table
        assert Database(tmp_path).df["loss"].tolist() == [1.0]

    def test_a_change_in_place_is_refused_and_not_lost(self) -> None:
        database = Database()
        database.append(**ROW)
        with pytest.raises(InputError, match=r"^database.df must not be changed in place, because it is a copy .*: "):
            database.df.loc[0, "loss"] = 1.0
        assert database.runs.loss.tolist() == [3.25]


class TestShown:
    def test_as_text(self, tmp_path: Path) -> None:
        database = Database(tmp_path)
        database.append(**ROW)
        assert repr(database) == f"Database(1 run, {tmp_path / 'df.csv'})"
        assert repr(Database()) == "Database(0 runs, in memory)"

    def test_as_html_in_a_notebook_with_long_tables_cut(self) -> None:
        database = Database()
        database.extend({**ROW, "D": D, "note": "<script>"} for D in range(1000, 2000))
        html = database._repr_html_()
        assert "1,000 runs" in html
        assert html.count("<tr>") < 20
        assert "<script>" not in html


class TestDocumentedAttributes:
    def test_logger(self) -> None:
        assert isinstance(Database(log_level=30).logger, logging.Logger)
        assert Database(log_level="ERROR").logger.level == logging.ERROR


class TestRuns:
    def test_same_object_until_they_change(self) -> None:
        database = Database()
        database.append(**ROW, note="x")
        runs = database.runs
        assert database.runs is runs
        assert runs.columns["note"].tolist() == ["x"]
        database.append(**ROW)
        assert database.runs is not runs
        assert (len(runs), len(database.runs)) == (1, 2)

    def test_observers_may_read_the_runs_from_another_thread(self) -> None:
        database, lengths = Database(), []

        def look(_: Any) -> None:
            thread = threading.Thread(target=lambda: lengths.append(len(database.runs)))
            thread.start()
            thread.join(timeout=10)

        database.observe(look, "revision")
        database.append(**ROW)
        assert lengths == [1]


class TestTogether:
    def test_threads_on_one_database(self, tmp_path: Path) -> None:
        for database in (Database(), Database(tmp_path)):

            def work(me: int, database: Database = database) -> None:
                for run in range(20):
                    database.append(N=me, D=run + 1, loss=1, **{f"from{me}": run})

            threads = [threading.Thread(target=work, args=(me,)) for me in range(1, 5)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            for me in range(1, 5):
                assert database.df["D"][database.df["N"] == me].tolist() == list(range(1, 21))
            assert database.revision == 80

    def test_rows_of_others_appear_in_the_order_of_the_file(self, tmp_path: Path) -> None:
        mine, other = Database(tmp_path), Database(tmp_path)
        other.append(**{**ROW, "loss": 1.0})
        other.append(**{**ROW, "loss": 2.0}, lr=0.1)
        assert len(mine) == 0
        mine.append(**{**ROW, "loss": 3.0})
        assert mine.df["loss"].tolist() == [1.0, 2.0, 3.0]
        assert [other.refresh(), other.refresh()] == [True, False]
        pd.testing.assert_frame_equal(mine.df, other.df)

    def test_refresh_tells_once_and_keeps_the_runs_otherwise(self, tmp_path: Path) -> None:
        mine, other, seen = Database(tmp_path), Database(tmp_path), []
        mine.observe(seen.append, "revision")
        other.append(**ROW)
        assert mine.refresh()
        runs = mine.runs
        assert not mine.refresh()
        assert mine.runs is runs
        assert len(seen) == 1
        assert not Database().refresh()

    def test_a_file_that_was_removed(self, tmp_path: Path) -> None:
        database = Database(tmp_path)
        database.append(**ROW)
        (tmp_path / "df.csv").unlink()
        assert database.refresh()
        assert len(database) == 0
        assert not database.refresh()

    @pytest.mark.parametrize("blank", [None, "", "\n"])
    def test_a_file_that_was_removed_or_emptied_and_is_appended_to(self, tmp_path: Path, blank: str | None) -> None:
        database = Database(tmp_path)
        database.append(**ROW)
        if blank is None:
            (tmp_path / "df.csv").unlink()
        else:
            (tmp_path / "df.csv").write_text(blank)
        database.append(**{**ROW, "loss": 1.5})
        assert database.df["loss"].tolist() == Database(tmp_path).df["loss"].tolist() == [1.5]

    def test_two_processes_append_at_once(self, tmp_path: Path) -> None:
        code = """if True:
            import sys
            from chinchilla_nb.database import Database
            me, database = int(sys.argv[1]), Database(sys.argv[2])
            print("ready", flush=True)
            sys.stdin.readline()
            for run in range(40):
                database.append(N=me, D=run + 1, loss=1.5, **({f"from{me}": run} if run % 10 == 5 else {}))
            print(len(database), flush=True)
        """
        command = [sys.executable, "-c", code]
        workers = [
            subprocess.Popen(
                [*command, str(me), str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            for me in (1, 2)
        ]
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n"
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.write("go\n")
            worker.stdin.flush()
        seen = [int(worker.communicate()[0]) for worker in workers]
        frame = Database(tmp_path).df
        for me in (1, 2):
            assert frame["D"][frame["N"] == me].tolist() == list(range(1, 41))
            assert frame[f"from{me}"].dropna().tolist() == [5, 15, 25, 35]
        # Whoever ended last has read, with its own rows, all of the other's.
        assert max(seen) == 80


class TestCopies:
    @pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))])
    def test_rows_go_with_it_observers_do_not(self, copied: Any) -> None:
        database = Database()
        database.append(**ROW)
        database.observe(lambda _: pytest.fail("the original has not changed"), "revision")
        other = copied(database)
        other.append(**ROW)
        assert (len(database), len(other)) == (1, 2)

    def test_a_copy_shares_the_file(self, tmp_path: Path) -> None:
        database = Database(tmp_path)
        database.append(**ROW)
        other = pickle.loads(pickle.dumps(database))
        other.append(**ROW)
        assert len(other) == 2
        assert database.refresh()
        assert len(database) == 2


def test_a_cut_off_row_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Database(tmp_path).append(**ROW)
    with (tmp_path / "df.csv").open("a") as file:
        file.write("120,1")
    Database(tmp_path, log_level=40)
    assert capsys.readouterr().err == ""
    Database(tmp_path)
    assert "not be completely written and is ignored: 120,1;" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("quote", ["", '"'])
def test_names_of_runs_keep_their_leading_zeros(tmp_path, quote):
    rows = ["C,N,D,loss,run", f"6,1,1,{quote}2.5{quote},{quote}00123{quote}", "6,1,1,2.4,", "6,1,1,02.30,00124"]
    (tmp_path / "df.csv").write_text("\n".join(rows) + "\n")
    database = Database(tmp_path)
    assert database.df["run"].tolist()[::2] == ["00123", "00124"]
    assert database.df["loss"].tolist() == [2.5, 2.4, 2.3]
    database.append(N=1, D=1, loss=2.2, run="00125")
    database.append(N=1, D=1, loss=2.1, run="00126", note="a new column")
    for again in (database, Database(tmp_path)):
        assert again.df["run"].tolist()[2:] == ["00124", "00125", "00126"]
    database.df = database.df
    assert Database(tmp_path).df["run"].tolist()[2:] == ["00124", "00125", "00126"]


def test_the_home_folder_may_be_written_as_a_tilde(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / "sweep").mkdir()
    Database("~/sweep").append(N=1, D=1, loss=2.5)
    assert len(Database(tmp_path / "sweep").df) == 1
    with pytest.raises(InputError, match=r"sweap' does not exist: create it with os.makedirs\('/"):
        Database("~/sweap")


def test_text_of_several_lines_becomes_one_and_is_said(tmp_path, capfd):
    database = Database(tmp_path)
    database.append(N=1, D=1, loss=2.5, note="two\r\nlines", name="a  b")
    assert database.df[["note", "name"]].to_numpy().tolist() == [["two lines", "a  b"]]
    assert "line breaks were replaced by blanks in the text of note" in " ".join(capfd.readouterr().err.split())
    assert len((tmp_path / "df.csv").read_bytes().splitlines()) == 2
    with pytest.raises(InputError, match="^note must be text without control characters, got .*: nothing was appended"):
        database.append(N=1, D=1, loss=2.5, note="a\nb\0")


def test_a_table_with_text_of_several_lines_opens(tmp_path, capfd):
    (tmp_path / "runs.csv").write_text('N,D,loss,note\n1000,20000,2.5,"two\nlines"\n2000,20000,2.4,one\n')
    session = open_session(tmp_path / "runs.csv")
    assert session.runs.loss.tolist() == [2.5, 2.4]
    assert session.database.df["note"].tolist() == ["two lines", "one"]
    assert "A run keeps the text of note in one line" in " ".join(capfd.readouterr().err.split())
