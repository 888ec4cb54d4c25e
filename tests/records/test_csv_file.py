"""Runs on disk: exact, never half written, never lost."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from chinchilla_nb.records.csv_file import CsvFile
from chinchilla_nb.records.rows import checked_row
from chinchilla_nb.records.seen import Seen

ROW = {"N": 1000, "D": 20_000, "loss": 3.25}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "df.csv"


def append(path: Path, **values: object) -> None:
    CsvFile(path).append(checked_row({**ROW, **values}))


class Reader:
    """Reads a file on and on, as a database does."""

    def __init__(self, path: Path) -> None:
        self.file, self.seen = CsvFile(path), Seen()

    def read(self) -> pd.DataFrame:
        self.seen = Seen()
        return self.read_new()[0]

    def read_new(self) -> tuple[pd.DataFrame, bool]:
        reading = self.file.read_from(self.seen)
        self.seen = reading.seen
        return reading.rows, reading.everything


def in_process(code: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)


class TestText:
    def test_whole_numbers_in_full_digits_and_floats_as_they_are(self, path: Path) -> None:
        append(path, N=1e12, D=1e13, C=1e24, loss=0.1 + 0.2)
        append(path, N=10**12 + 1, D=3 * 10**13)
        header, first, second = path.read_text().splitlines()
        assert header == "C,N,D,loss"
        assert first == f"{int(1e24)},1000000000000,10000000000000,0.30000000000000004"
        assert second.split(",")[0] == str(6 * (10**12 + 1) * 3 * 10**13)  # beyond 2^63, and not a float

    @settings(deadline=None, max_examples=50)  # every example waits for the disk
    @given(st.lists(st.tuples(st.floats(5e-324, 1.7e308), st.floats()), min_size=1, max_size=20))
    def test_floats_read_back_to_themselves(self, tmp_path_factory: pytest.TempPathFactory, pairs: list) -> None:
        path = tmp_path_factory.mktemp("floats") / "df.csv"
        file = CsvFile(path)
        file.append(*(checked_row({**ROW, "loss": loss, "other": other}) for loss, other in pairs))
        frame = CsvFile(path).read()
        np.testing.assert_array_equal(frame["loss"], [loss for loss, _ in pairs])
        np.testing.assert_array_equal(frame["other"].astype(float), [other for _, other in pairs])

    @settings(deadline=None, max_examples=50)  # every example waits for the disk
    @given(st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), min_size=1, max_size=20))
    def test_text_reads_back(self, tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
        assume(text not in ("nan", "NaN"))  # these two mean that there is no value
        path = tmp_path_factory.mktemp("text") / "df.csv"
        append(path, note="a note")  # keeps a text that looks like a number from being one
        append(path, note=text)
        assert CsvFile(path).read()["note"].tolist() == ["a note", text]

    def test_new_column_leaves_every_text_as_it_was(self, path: Path) -> None:
        path.write_text('N,loss,D,note\n1000,2.50,7e3,"x, y"\n2000,2.0,8000,\n')
        append(path, lr=0.001)
        assert path.read_text().splitlines() == [
            "N,loss,D,note,C,lr",
            '1000,2.50,7e3,"x, y",42000000,',
            "2000,2.0,8000,,96000000,",
            "1000,3.25,20000,,120000000,0.001",
        ]
        assert not list(path.parent.glob("*.tmp"))


class TestForeignFiles:
    @pytest.mark.parametrize("content", ["", "\n", "  \n\n", "C,N,D,loss", "C,N,D,loss\n", "\ufeffC,N,D,loss\r\n"])
    def test_no_rows(self, path: Path, content: str) -> None:
        path.write_bytes(content.encode())
        assert CsvFile(path).read().shape == (0, 4)
        append(path)
        assert CsvFile(path).read()["loss"].tolist() == [3.25]

    def test_without_C_reordered_with_text(self, path: Path) -> None:
        path.write_text("loss,run,D,N\r\n2.5,first,2000,100\r\n\r\n2.0,NA,3e3,200\r\n", newline="")
        frame = CsvFile(path).read()
        assert list(frame.columns) == ["C", "N", "D", "loss", "run"]
        assert frame["C"].tolist() == [6 * 100 * 2000, 6 * 200 * 3000]
        assert frame["N"].tolist() == [100, 200]
        assert frame["run"].tolist() == ["first", "NA"]

    def test_last_line_without_a_line_break_is_a_row_and_stays_one(self, path: Path) -> None:
        path.write_text("C,N,D,loss\n6,1,1,2.5")
        assert CsvFile(path).read()["loss"].tolist() == [2.5]
        append(path)
        assert CsvFile(path).read()["loss"].tolist() == [2.5, 3.25]

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            ("C,N,D,loss\n6,1,1,2.5\n6,1,x1,2.5\n", ["line 3", "column D", "'x1'"]),
            ("C,N,D,loss\n6,1,1,\n", ["line 2", "column loss", "''"]),
            ("C,N,D,loss\n6,1,1,nan\n", ["line 2", "column loss", "'nan'"]),
            ("C,N,D,loss\n6,1,1,-inf\n", ["line 2", "column loss", "'-inf'"]),
            ("C,N,D,loss\n6,0,1,2.5\n", ["line 2", "column N", "'0'"]),
            ("C,N,D,loss\n6,0.2,1,2.5\n", ["line 2", "column N", "'0.2'"]),
            ("C,N,D,loss\n-6,1,1,2.5\n", ["line 2", "column C", "'-6'"]),
            ("C,N,D,loss\n\n6,1,1\n", ["line 3", "3 values for 4 columns"]),
            ("C,N,D,loss\n6,1,1,2.5,9\n", ["line 2", "5 values for 4 columns"]),
            ("C,N,D,loss,a\n6,1,1,2.5\n6,1,1,2.5,1,1\n", ["line 2", "4 values for 5 columns"]),
            ("C,N,D,loss\n6,1,1,2.5\nC,N,D,loss\n", ["line 3", "column C", "'C'"]),
            ('C,N,D,loss\n6,1,1,"2.5\n', ["line 2"]),
            ('C,N,D,loss,x\n6,1,1,2.5,a\n6,1,1,2.5,"a"b\n', ["line 3", "correct or delete it"]),
            ("C,N,D,loss\n6,1_000,1,2.5\n", ["line 2", "column N", "'1_000'"]),
            ("C,N,D,loss,loss\n6,1,1,2.5,1\n", ["line 1", "'loss'"]),
            (",C,N,D,loss\n0,6,1,1,2.5\n", ["line 1", "no name for column 1"]),
            ("c,n,d,loss\n6,1,1,2.5\n", ["line 1", "no column N or D", "name the columns N, D and loss"]),
            ("C;N;D;loss\n6;1;1;2,5\n", ["line 1", "separated by ';'", "save the file with commas"]),
            ("C\tN\tD\tloss\n6\t1\t1\t2.5\n", ["line 1", r"separated by '\t'"]),
            ("C,N,D,loss\r6,1,1,2.5\r", ["line 1", "carriage returns", "standard line breaks"]),
            ("\n\nC,N,D,loss\n6,1,1,2.5\n", ["line 1", "is blank, but there is text below"]),
            ("N,D,loss\n1e200,1e200,2.5\n", ["6ND exceeds the largest float"]),
            ("C,N,D,loss\n6,1,1,2.5\n6,1,\udcff,2\n", ["line 3", "UTF-8"]),
            ("C,N,D,loss\n6,1,1,2.5\n6,1,1\0,2\n", ["line 3", "column D"]),
        ],
    )
    def test_mistakes_are_named_and_the_file_is_left_alone(self, path: Path, content: str, said: list[str]) -> None:
        path.write_bytes(content.encode(errors="surrogateescape"))
        before = path.read_bytes()
        for act in (lambda: CsvFile(path).read(), lambda: append(path, lr=0.1)):
            with pytest.raises(ValueError, match="df.csv") as caught:
                act()
            message = str(caught.value)
            assert [part for part in said if part not in message] == []
            assert "\n" not in message
            assert path.read_bytes() == before

    def test_a_link_stays_one(self, path: Path, tmp_path: Path) -> None:
        real = tmp_path / "elsewhere.csv"
        real.write_text("C,N,D,loss\n6,1,1,2.5\n")
        path.symlink_to(real)
        append(path, lr=0.1)
        assert path.is_symlink()
        assert real.read_text().splitlines()[0] == "C,N,D,loss,lr"

    def test_a_header_that_lost_its_line_break_is_a_header(self, path: Path) -> None:
        append(path)
        path.write_text("C,N,D,loss,run")
        append(path, run="first")
        assert CsvFile(path).read()["run"].tolist() == ["first"]

    def test_a_reader_leaves_nothing_behind(self, path: Path) -> None:
        path.write_text("C,N,D,loss\n6,1,1,2.5\n")
        CsvFile(path).read()
        assert list(path.parent.iterdir()) == [path]


class TestCrash:
    def test_every_cut_loses_only_the_row_that_was_cut(self, path: Path) -> None:
        for loss in (2.5, 2.25, 2.123456789):
            append(path, loss=loss, note="a, b")
        whole = path.read_bytes()
        last = whole[:-1].rfind(b"\n") + 1
        for end in range(last, len(whole)):
            path.write_bytes(whole[:end])
            assert CsvFile(path).read()["loss"].tolist() == [2.5, 2.25], whole[:end]
            append(path, loss=1.5)
            assert CsvFile(path).read()["loss"].tolist() == [2.5, 2.25, 1.5]

    @pytest.mark.parametrize("extra", [{}, {"lr": 0.1}])
    def test_a_line_that_someone_typed_without_ending_it_is_kept_beside(self, path: Path, extra: dict) -> None:
        append(path)
        for typed in ("120000000,1000,20000,2.5", "120000000,1000,20000,2.25"):
            with path.open("a") as file:
                file.write(typed)
            append(path, loss=1.5, **extra)
        assert CsvFile(path).read()["loss"].tolist() == [3.25, 1.5, 1.5]
        assert path.with_name("df.csv.cut_off").read_text() == "120000000,1000,20000,2.5\n120000000,1000,20000,2.25\n"

    def test_a_cut_off_line_is_available(self, path: Path) -> None:
        append(path)
        with path.open("a") as file:
            file.write("120,1,2")
        assert CsvFile(path).read_from(Seen()).cut_off == "120,1,2"

    def test_killed_again_and_again_no_returned_row_is_lost(self, path: Path) -> None:
        code = """if True:
            import sys
            from chinchilla_nb.records.rows import checked_row
            from chinchilla_nb.records.csv_file import CsvFile
            start, path = int(sys.argv[1]), sys.argv[2]
            for run in range(start, 10**9):
                extra = {f"column{run // 40}": run} if run % 40 == 0 else {}
                CsvFile(path).append(checked_row({"N": 10, "D": 10, "loss": run + 0.5, "note": "x" * 3000, **extra}))
                print(run, flush=True)
        """
        returned: list[int] = []
        for turn in range(4):
            worker = in_process(code, turn * 1000, path)
            assert worker.stdout is not None
            returned.append(int(worker.stdout.readline()))
            time.sleep(0.05 + 0.07 * turn)
            worker.send_signal(signal.SIGKILL)
            returned += [int(line) for line in worker.stdout]  # communicate() would lose what readline() had buffered
            worker.communicate()
            kept = set(CsvFile(path).read()["loss"] - 0.5)
            assert set(returned) <= kept
            assert len(kept - set(returned)) <= turn + 1  # written, but killed before it could say so

    def test_no_space_leaves_the_file_as_it_was(self, path: Path) -> None:
        resource = pytest.importorskip("resource")
        append(path)
        before = path.read_bytes()
        limit = resource.getrlimit(resource.RLIMIT_FSIZE)
        ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 5, limit[1]))
            with pytest.raises(OSError, match="nothing was written, .*: make room"):
                append(path)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limit)
            signal.signal(signal.SIGXFSZ, ignored)
        assert path.read_bytes() == before


class TestTogether:
    def test_processes_and_threads_lose_nothing(self, path: Path) -> None:
        code = """if True:
            import sys
            from chinchilla_nb.records.rows import checked_row
            from chinchilla_nb.records.csv_file import CsvFile
            me, path = int(sys.argv[1]), sys.argv[2]
            sys.stdin.readline()
            for run in range(25):
                extra = {f"from{me}": run} if run == 12 else {}
                CsvFile(path).append(checked_row({"N": me, "D": run + 1, "loss": 1.0, **extra}))
        """
        workers = [in_process(code, me, path) for me in (1, 2)]

        def work(me: int) -> None:
            for run in range(25):
                append(path, N=me, D=run + 1)

        threads = [threading.Thread(target=work, args=(me,)) for me in (3, 4)]
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.write("go\n")
            worker.stdin.flush()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for worker in workers:
            worker.communicate()
            assert worker.returncode == 0
        frame = CsvFile(path).read()
        for me in (1, 2, 3, 4):
            assert frame["D"][frame["N"] == me].tolist() == list(range(1, 26))
        assert {"from1", "from2"} <= set(frame.columns)

    def test_new_rows_are_read_alone(self, path: Path) -> None:
        append(path)
        reader = Reader(path)
        assert len(reader.read()) == 1
        assert [len(reader.read_new()[0]), reader.read_new()[1]] == [0, False]
        append(path, loss=1.5)
        append(path, loss=1.25)
        rows, everything = reader.read_new()
        assert (rows["loss"].tolist(), everything) == ([1.5, 1.25], False)
        append(path, loss=1.0, lr=0.1)  # a new column: another file
        rows, everything = reader.read_new()
        assert (rows["loss"].tolist(), everything) == ([3.25, 1.5, 1.25, 1.0], True)

    def test_a_line_being_written_is_read_once_it_is_whole(self, path: Path) -> None:
        append(path)
        reader = Reader(path)
        reader.read()
        with path.open("a") as file:
            file.write("6,1,1,")
            file.flush()
            assert len(reader.read_new()[0]) == 0
            file.write("2.5\n")
        rows, everything = reader.read_new()
        assert (rows["loss"].tolist(), everything) == ([2.5], False)

    @pytest.mark.parametrize(
        "edited",
        [
            "C,N,D,loss\n6,1,1,2.5\n",
            "C,N,D,loss\n120000000,1000,20000,3.75\n",
            "C,N,D,loss\n120000000,1000,20000,3.75\n6,1,1,2.5\n",
            "",
        ],
    )
    def test_an_edited_file_is_read_anew(self, path: Path, edited: str) -> None:
        append(path)
        reader = Reader(path)
        reader.read()
        time.sleep(0.02)  # clocks of file systems tick every few milliseconds
        path.write_text(edited)
        rows, everything = reader.read_new()
        assert everything
        pd.testing.assert_frame_equal(rows, CsvFile(path).read())

    def test_a_file_put_in_its_place_is_read_anew_though_it_goes_on_alike(self, path: Path) -> None:
        path.write_text("C,N,D,loss\n6,1,1,2.5\n" + "6,1,1,2.25\n" * 20)
        reader = Reader(path)
        reader.read()
        other = path.with_name("other.csv")
        other.write_text("C,N,D,loss\n6,1,1,3.5\n" + "6,1,1,2.25\n" * 21)
        other.replace(path)
        rows, everything = reader.read_new()
        assert everything
        assert rows["loss"].tolist() == [3.5] + [2.25] * 21

    def test_a_last_line_that_goes_on_is_read_anew(self, path: Path) -> None:
        path.write_text("C,N,D,loss\n6,1,1,2.5")
        reader = Reader(path)
        assert reader.read()["loss"].tolist() == [2.5]
        with path.open("a") as file:
            file.write("5\n6,1,1,1.5\n")
        rows, everything = reader.read_new()
        assert (rows["loss"].tolist(), everything) == ([2.55, 1.5], True)

    def test_mistakes_in_new_lines_are_named_by_their_place_in_the_file(self, path: Path) -> None:
        append(path)
        reader = Reader(path)
        reader.read()
        append(path)
        reader.read_new()
        with path.open("a") as file:
            file.write("6,1,1,bad\n")
        with pytest.raises(ValueError, match=r"line 4, column loss must be a positive number, got 'bad'"):
            reader.read_new()


def test_an_append_reads_and_writes_as_little_at_100_000_rows_as_at_one(path: Path) -> None:
    """Bytes that the kernel counted for this process, not times."""
    counters = Path("/proc/self/io")
    if not counters.exists():
        pytest.skip("no /proc/self/io")

    def cost_of_an_append(file: CsvFile) -> tuple[int, int]:
        def count() -> list[int]:
            fields = dict(line.split(": ") for line in counters.read_text().splitlines())
            return [int(fields["rchar"]), int(fields["wchar"])]

        before = count()
        for _ in range(5):
            file.append(checked_row(ROW))
        read, written = (after - b for after, b in zip(count(), before, strict=True))
        return read, written

    short = CsvFile(path)
    short.append(checked_row(ROW))
    few = cost_of_an_append(short)
    long = CsvFile(path)
    line = path.read_text().splitlines()[1] + "\n"
    with path.open("a") as file:
        file.write(line * 100_000)
    assert len(long.read()) > 100_000
    many = cost_of_an_append(long)
    assert many[1] == few[1]
    assert many[0] <= few[0] + 5 * (1 << 16)  # the header is read a block at a time
