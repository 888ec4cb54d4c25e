"""What becomes of a last line without a line break: an append that was cut off, or another program's work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from chinchilla_nb import Database

LOSSES = [2.0, 2.125, 2.25, 2.375, 2.45]


@pytest.fixture
def database(tmp_path: Path) -> Database:
    database = Database(tmp_path)
    for loss in LOSSES:
        database.append(N=1_000, D=20_000, loss=loss)
    return database


def without_line_break(folder: Path) -> str:
    """Save the table as a program does that does not end the last line, and return its text."""
    path = folder / "df.csv"
    text = path.read_text().rstrip("\n")
    path.write_text(text)
    return text


APPENDS: dict[str, Callable[[Database], None]] = {
    "a row": lambda database: database.append(N=1_000, D=20_000, loss=1.5),
    "a row with a new column": lambda database: database.append(N=1_000, D=20_000, loss=1.5, lr=0.1),
    "a table": lambda database: setattr(database, "df", pd.concat([database.df, database.df.tail(1).assign(loss=1.5)])),
}


@pytest.mark.parametrize("refreshed", [False, True])
@pytest.mark.parametrize("append", APPENDS.values(), ids=APPENDS)
def test_a_row_that_lost_its_line_break_is_kept(
    database: Database,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    append: Callable[[Database], None],
    refreshed: bool,
) -> None:
    without_line_break(tmp_path)
    if refreshed:
        database.refresh()
        assert database.df["loss"].tolist() == LOSSES
    append(database)
    append(database)
    assert database.df["loss"].tolist() == [*LOSSES, 1.5, 1.5]
    assert Database(tmp_path).df["loss"].tolist() == [*LOSSES, 1.5, 1.5]
    assert database.lost == ""
    assert not (tmp_path / "df.csv.cut_off").exists()
    assert capsys.readouterr().err == ""


def test_a_row_of_windows_that_lost_its_line_break_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "df.csv"
    path.write_bytes(b"C,N,D,loss\r\n120000000,1000,20000,2.5\r\n")
    database = Database(tmp_path)
    database.append(N=1_000, D=20_000, loss=2.25)
    path.write_bytes(path.read_bytes().replace(b"2.25\n", b"2.25\r\n"))
    database.refresh()
    path.write_bytes(path.read_bytes().removesuffix(b"\r\n"))
    database.append(N=1_000, D=20_000, loss=1.5)
    assert Database(tmp_path).df["loss"].tolist() == [2.5, 2.25, 1.5]


@pytest.mark.parametrize("refreshed", [False, True])
@pytest.mark.parametrize("extra", [{}, {"lr": 0.1}])
def test_a_row_that_may_be_cut_off_is_not_dropped_in_silence(
    database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str], refreshed: bool, extra: dict[str, float]
) -> None:
    text = without_line_break(tmp_path)
    (tmp_path / "df.csv").write_text(text.removesuffix("5"))  # 2.4 is a number, and a wrong one
    if refreshed:
        database.refresh()
        capsys.readouterr()
    database.append(N=1_000, D=20_000, loss=1.5, **extra)
    said = " ".join(capsys.readouterr().err.split())
    assert "was moved to df.csv.cut_off: 120000000,1000,20000,2.4; append it again" in said
    assert database.df["loss"].tolist() == [*LOSSES[:-1], 1.5]
    assert "lost 1 of 5 rows" in database.lost
    assert database.former is not None
    assert database.former["loss"].tolist() == LOSSES


def test_a_row_that_is_ignored_is_warned_of_once(
    database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = without_line_break(tmp_path)
    (tmp_path / "df.csv").write_text(text.removesuffix("5"))
    database.refresh()
    said = " ".join(capsys.readouterr().err.split())
    assert "add a line break to keep it" in said
    assert "restore" not in said
    (tmp_path / "df.csv").write_text(text + "\n")
    database.refresh()
    assert database.lost == ""
    assert database.df["loss"].tolist() == LOSSES


class TestOfAnotherWriter:
    """A program that does not use the lock, such as a script with `csv.writer`, is in the middle of a row."""

    HEADER = "C,N,D,loss,note\n"
    ROW = '120000000,1000,20000,{},"a, b"\n'

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        path = tmp_path / "df.csv"
        path.write_text(self.HEADER + self.ROW.format(2.5) + self.ROW.format(2.25))
        return path

    def test_the_complete_rows_are_read_wherever_it_is(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        before, row = path.read_bytes(), self.ROW.format(2.125).encode()
        for end in range(1, len(row) - 1):  # with the last quote it is a row
            if row[:end].endswith(b"2.125,"):  # and before the first one, without a note
                continue
            path.write_bytes(before + row[:end])
            assert Database(path.parent).df["loss"].tolist() == [2.5, 2.25], row[:end]
            assert "may not be completely written and is ignored" in " ".join(capsys.readouterr().err.split())

    def test_the_row_is_read_once_it_is_whole(self, path: Path) -> None:
        row = self.ROW.format(2.125)
        with path.open("a") as file:
            file.write(row[:20])
            file.flush()
            database = Database(path.parent, log_level=50)
            assert not database.follow()
            file.write(row[20:])
        assert database.follow()
        assert database.df["loss"].tolist() == [2.5, 2.25, 2.125]

    @pytest.mark.parametrize("extra", [{}, {"lr": 0.1}])
    def test_an_append_moves_it_aside(
        self, path: Path, capsys: pytest.CaptureFixture[str], extra: dict[str, float]
    ) -> None:
        with path.open("a") as file:
            file.write("120000000,1000")
        database = Database(path.parent)
        database.append(N=1_000, D=20_000, loss=1.5, **extra)
        assert "was moved to df.csv.cut_off: 120000000,1000;" in " ".join(capsys.readouterr().err.split())
        assert database.df["loss"].tolist() == [2.5, 2.25, 1.5]
        assert Database(path.parent).df["loss"].tolist() == [2.5, 2.25, 1.5]

    def test_a_character_that_is_half_written_is_no_other_encoding(self, path: Path) -> None:
        path.write_bytes(path.read_bytes() + "120000000,1000,20000,2.125,µ".encode()[:-1])
        assert len(Database(path.parent, log_level=50)) == 2

    def test_a_mistake_above_is_an_error_still(self, path: Path) -> None:
        path.write_text(path.read_text() + "120000000,1000,20000,bad,x\n120000000,10")
        with pytest.raises(ValueError, match="line 4, column loss must be a positive number, got 'bad'"):
            Database(path.parent)

    def test_text_of_several_lines_at_the_end_is_a_row(self, path: Path) -> None:
        path.write_text(path.read_text() + '120000000,1000,20000,2.125,"two\nlines"')
        assert Database(path.parent).df["note"].tolist() == ["a, b", "a, b", "two\nlines"]
