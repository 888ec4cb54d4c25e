"""Others write the file meanwhile: what they correct is seen, what they add is kept, what they break stops nobody."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pandas as pd
import pytest

from chinchilla_nb.database import Database
from chinchilla_nb.engine.errors import InputError

ROW = {"N": 1000, "D": 20_000, "loss": 3.25}


@pytest.fixture
def database(tmp_path: Path) -> Database:
    database = Database(tmp_path)
    database.extend([{**ROW, "loss": 2 + run / 16} for run in range(20)])
    return database


def same_as_a_new_process(database: Database) -> None:
    database.refresh()
    pd.testing.assert_frame_equal(database.df, Database(database.project_dir).df)


class TestCorrections:
    """In place, so that the inode stays, with more rows than before and the same last ones."""

    def test_read_correct_add_and_write_with_pandas(self, database: Database, tmp_path: Path) -> None:
        frame = pd.read_csv(tmp_path / "df.csv")
        assert frame.loc[2, "loss"] == 2.125
        frame.loc[2, "loss"] = 9.125
        pd.concat([frame, frame.tail(1)]).to_csv(tmp_path / "df.csv", index=False)
        database.refresh()
        assert database.df["loss"].tolist()[2] == 9.125
        same_as_a_new_process(database)

    def test_columns_swapped_and_a_row_added(self, tmp_path: Path) -> None:
        """Someone sees that the header is wrong, as wide as the right one, and adds a run."""
        rows = [f"{2 + run / 16},1,1,{6 + run}" for run in range(20)]
        (tmp_path / "df.csv").write_text("\n".join(["C,N,D,loss", *rows, ""]))
        database = Database(tmp_path)
        (tmp_path / "df.csv").write_text("\n".join(["loss,N,D,C", *rows, "9.5,1,1,6", ""]))
        database.append(**ROW)
        assert database.df["loss"].tolist() == [*(2 + run / 16 for run in range(20)), 9.5, 3.25]
        same_as_a_new_process(database)

    @pytest.mark.parametrize("by_append", [False, True])
    def test_one_digit_and_the_time_set_back(self, database: Database, tmp_path: Path, by_append: bool) -> None:
        path = tmp_path / "df.csv"
        text, status = path.read_bytes(), path.stat()
        with path.open("r+b") as file:
            file.write(text.replace(b"2.125", b"7.125"))
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        assert path.stat().st_mtime_ns == status.st_mtime_ns
        if by_append:
            database.append(**ROW)
        same_as_a_new_process(database)
        assert 7.125 in database.df["loss"].tolist()

    def test_within_one_tick_of_the_clock(self, tmp_path: Path) -> None:
        """Corrections at once after an append: many of them leave every time of the file as it was."""
        for turn in range(50):
            folder = tmp_path / str(turn)
            folder.mkdir()
            database = Database(folder)
            database.append(**ROW)
            with (folder / "df.csv").open("r+b") as file:
                file.write((folder / "df.csv").read_bytes().replace(b"3.25", b"1.25"))
            database.refresh()
            assert database.df["loss"].tolist() == [1.25]

    def test_the_check_is_cheap_once_the_file_is_at_rest(self, database: Database, tmp_path: Path) -> None:
        time.sleep(2.1)
        database.refresh()
        runs = database.runs
        counters = Path("/proc/self/io")
        if not counters.exists():
            pytest.skip("no /proc/self/io")
        before = counters.read_text().splitlines()[0]
        again = counters.read_text().splitlines()[0]
        cost_of_asking = int(again.split()[1]) - int(before.split()[1])
        assert not database.refresh()
        assert int(counters.read_text().split()[1]) - int(again.split()[1]) <= cost_of_asking + 8
        assert database.runs is runs


class TestAssignedTables:
    def test_a_row_added_since_the_table_was_read_is_kept(self, database: Database, tmp_path: Path) -> None:
        frame = database.df
        Database(tmp_path).append(**{**ROW, "loss": 9.5})
        before = (tmp_path / "df.csv").read_bytes()
        with pytest.raises(
            InputError, match=r"df would delete a row that was added to df.csv .*: call refresh\(\), read df"
        ):
            database.df = frame[frame["loss"] < 3]
        assert (tmp_path / "df.csv").read_bytes() == before
        database.refresh()
        frame = database.df
        database.df = frame[frame["loss"] > 3]
        assert 9.5 in Database(tmp_path).df["loss"].tolist()

    def test_though_the_session_has_read_it(self, database: Database, tmp_path: Path) -> None:
        """The file watch of a panel reads rows that the author of the table has never seen."""
        frame = database.df
        Database(tmp_path).append(**{**ROW, "loss": 9.5})
        database.refresh()
        with pytest.raises(InputError, match="would delete a row"):
            database.df = frame
        assert len(Database(tmp_path)) == 21

    def test_or_another_thread_of_it_has_appended_it(self, database: Database, tmp_path: Path) -> None:
        frame = database.df
        database.append(**{**ROW, "loss": 9.5})
        with pytest.raises(InputError, match="would delete a row"):
            database.df = frame
        assert len(Database(tmp_path)) == 21

    def test_a_row_that_was_corrected_is_not_seen_either(self, database: Database, tmp_path: Path) -> None:
        frame = database.df
        path = tmp_path / "df.csv"
        path.write_text(path.read_text().replace("2.125", "7.125"))
        with pytest.raises(InputError, match="or changed in it"):
            database.df = frame
        assert "7.125" in path.read_text()

    @pytest.mark.parametrize("left", [0, 5])
    def test_lost_rows_are_written_again_unless_others_have_written(
        self, database: Database, tmp_path: Path, left: int, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = tmp_path / "df.csv"
        lines = path.read_text().splitlines(keepends=True)
        if left:
            path.write_text("".join(lines[: 1 + left]))
        else:
            path.unlink()
        database.refresh()
        former = database.former
        assert former is not None
        Database(tmp_path, log_level=40).append(**{**ROW, "loss": 9.5})
        with pytest.raises(InputError, match="would delete a row"):
            database.df = former
        assert Database(tmp_path).df["loss"].tolist()[-1] == 9.5
        database.refresh()
        database.df = pd.concat([former, database.df.tail(1)])
        assert len(Database(tmp_path)) == 21
        if left:
            path.write_text("".join(lines[: 1 + left]))
        else:
            path.unlink()
        database.refresh()
        database.df = database.former  # rows that this database has read before
        assert len(Database(tmp_path)) == 21

    def test_a_line_without_an_end_is_kept_beside(self, database: Database, tmp_path: Path) -> None:
        with (tmp_path / "df.csv").open("a") as file:
            file.write("6,1,1,2.5")
        (tmp_path / "df.csv").chmod(0o600)
        database.refresh()
        database.df = database.df.head(3)
        assert (tmp_path / "df.csv.cut_off").read_text() == "6,1,1,2.5\n"
        assert (tmp_path / "df.csv.cut_off").stat().st_mode & 0o777 == 0o600

    def test_an_own_table_replaces_own_rows(self, database: Database, tmp_path: Path) -> None:
        database.df = pd.DataFrame([ROW])
        database.append(**ROW)
        database.df = database.df.head(1)
        assert len(Database(tmp_path)) == 1


class TestMistakesOfOthers:
    def test_three_tries_append_three_runs_at_most(
        self, database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = tmp_path / "df.csv"
        with path.open("a") as file:
            file.write("6,1,1,bad\n")
        for tried in range(1, 4):
            database.append(**{**ROW, "loss": 9 + tried})
            assert path.read_text().count("\n") == 1 + 20 + 1 + tried
            assert database.df["loss"].tolist()[-tried:] == [10, 11, 12][:tried]
        assert len(database) == 23
        said = " ".join(capsys.readouterr().err.split())
        assert "line 22, column loss must be a positive number, got 'bad'" in said
        with pytest.raises(InputError, match="line 22"):
            database.refresh()
        path.write_text(path.read_text().replace("bad", "8.5"))
        database.refresh()
        assert database.df["loss"].tolist()[-4:] == [8.5, 10, 11, 12]
        same_as_a_new_process(database)

    def test_an_error_means_that_nothing_was_written(self, database: Database, tmp_path: Path) -> None:
        path = tmp_path / "df.csv"
        with path.open("a") as file:
            file.write("6,1,1,bad\n")
        before = path.read_bytes()
        for _ in range(3):
            with pytest.raises(InputError, match="line 22"):
                database.append(**ROW, lr=0.1)  # a new column is written to every line
        assert path.read_bytes() == before
        assert len(database) == 20

    def test_an_observer_that_fails(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        database = Database(tmp_path)
        database.observe(lambda _: 1 / 0, "revision")
        database.append(**ROW)
        assert len(database) == len(Database(tmp_path)) == 1
        assert "an observer of the database failed" in " ".join(capsys.readouterr().err.split())
