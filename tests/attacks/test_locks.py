"""Whoever waits for a lock is told for whom, and for how long at most."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pandas.io.common
import pytest
from attacks.processes import AS_NOBODY, Attacker, open_folder, output

from chinchilla_nb.database import Database
from chinchilla_nb.records import locks
from chinchilla_nb.records.csv_file import CsvFile

fcntl = pytest.importorskip("fcntl")

ROW = {"N": 1000, "D": 20_000, "loss": 3.25}
HOLDER = """if True:
    import fcntl, sys, time
    file = open(sys.argv[1], "w")
    fcntl.flock(file, fcntl.LOCK_EX)
    print("locked", flush=True)
    time.sleep(float(sys.argv[2]))
"""


@pytest.fixture
def database(tmp_path: Path) -> Database:
    database = Database(tmp_path)
    database.append(**ROW)
    return database


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "PATIENCE", 1.0)
    monkeypatch.setattr(locks, "NOTICE", 0.2)


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().err.split())


class TestAnotherProcess:
    @pytest.mark.usefixtures("impatient")
    def test_that_never_ends(self, database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        before = (tmp_path / "df.csv").read_bytes()
        with Attacker(HOLDER, tmp_path / "df.csv.lock", 60) as holder:
            holder.await_line("locked")
            for write in (lambda: database.append(**ROW), lambda: setattr(database, "df", database.df)):
                began = time.monotonic()
                with pytest.raises(TimeoutError, match=f"nothing was written, process {holder.pid} has kept it locked"):
                    write()
                assert 1 <= time.monotonic() - began < 10
                message = said(capsys).replace(" ", "")
                assert f"waitingtowrite{tmp_path}/df.csv:process{holder.pid}haslockedit".replace(" ", "") in message
        assert (tmp_path / "df.csv").read_bytes() == before
        database.append(**ROW)  # the holder has ended
        assert len(Database(tmp_path)) == 2

    @pytest.mark.usefixtures("impatient")
    def test_that_ends_in_time(self, database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        with Attacker(HOLDER, tmp_path / "df.csv.lock", 0.5) as holder:
            holder.await_line("locked")
            database.append(**ROW)
        assert "waiting to write" in said(capsys)
        assert len(Database(tmp_path)) == 2

    @pytest.mark.usefixtures("impatient")
    def test_the_runs_can_be_read_meanwhile(self, database: Database, tmp_path: Path) -> None:
        def wait_in_vain() -> None:
            with pytest.raises(TimeoutError):
                database.append(**ROW)

        with Attacker(HOLDER, tmp_path / "df.csv.lock", 60) as holder:
            holder.await_line("locked")
            thread = threading.Thread(target=wait_in_vain)
            thread.start()
            began = time.monotonic()
            assert len(database) == len(database.df) == len(database.runs) == 1
            assert time.monotonic() - began < 0.5
            thread.join()

    def test_a_lock_file_that_is_removed_meanwhile(self, database: Database, tmp_path: Path) -> None:
        """The one who waits must not lock the removed file, while the next process locks a new one."""
        lock = tmp_path / "df.csv.lock"
        with Attacker(HOLDER, lock, 60) as holder:
            holder.await_line("locked")
            waiting = threading.Thread(target=database.append, kwargs=ROW)
            waiting.start()
            time.sleep(0.1)
            lock.unlink()
            with Attacker(HOLDER, lock, 1) as other:
                other.await_line("locked")
                holder.kill()
                time.sleep(0.2)
                assert len(Database(tmp_path)) == 1
                other.wait()
            waiting.join()
        assert len(Database(tmp_path)) == 2


class TestSignalHandlers:
    @pytest.mark.parametrize("own", [True, False])
    def test_an_append_during_an_append(self, database: Database, tmp_path: Path, own: bool) -> None:
        """Handlers run between any two lines; whatever they append is in the file, or they get an error."""
        written: list[float] = []
        refused: list[str] = []

        handling = threading.Lock()

        def handler(*_: object) -> None:
            if not handling.acquire(blocking=False):
                return  # on a slow machine, handlers that interrupt handlers would never end
            run = {**ROW, "loss": 5 + len(written) + len(refused)}
            try:
                (database if own else Database(tmp_path)).append(**run)
                written.append(run["loss"])
            except RuntimeError as error:
                refused.append(str(error))
            finally:
                handling.release()

        ended = threading.Event()

        def send() -> None:
            while not ended.wait(0.003):
                os.kill(os.getpid(), signal.SIGUSR1)

        before = signal.signal(signal.SIGUSR1, handler)
        sender = threading.Thread(target=send)
        sender.start()
        try:
            end = time.monotonic() + 20
            appended = 0
            while (appended < 50 or not refused) and time.monotonic() < end:
                database.append(**ROW)
                appended += 1
        finally:
            ended.set()
            sender.join()
            signal.signal(signal.SIGUSR1, before)
        assert refused
        assert all("a signal handler must not write to it" in error for error in refused)
        database.refresh()
        losses = Database(tmp_path).df["loss"].tolist()
        assert losses == database.df["loss"].tolist()
        assert sorted(losses) == sorted([*[3.25] * (1 + appended), *written])


PROBING = not hasattr(pandas.io.common._get_binary_io_classes, "cache_info")
"""Whether pandas imports an optional package each time it reads a table, as version 2 does. Python does not release the
import lock of a thread in a child that is forked meanwhile."""


class TestForks:
    @pytest.mark.xfail(PROBING, reason="a child forked during an import of pandas waits for it", strict=False)
    def test_a_child_appends_while_a_thread_of_its_parent_does(self, tmp_path: Path) -> None:
        code = """if True:
            import os, sys, threading
            from chinchilla_nb.database import Database
            database = Database(sys.argv[1])
            ended = threading.Event()
            def work():
                while not ended.is_set():
                    database.append(N=1, D=1, loss=2.5)
            thread = threading.Thread(target=work)
            thread.start()
            children = []
            for child in range(15):
                process = os.fork()
                if process == 0:
                    database.append(N=1, D=1, loss=100 + child)
                    os._exit(0)
                children.append(process)
            print(sum(os.waitpid(process, 0)[1] == 0 for process in children))
            ended.set()
            thread.join()
        """
        assert output(code, tmp_path) == "15\n"
        losses = Database(tmp_path).df["loss"].tolist()
        assert sorted(loss for loss in losses if loss >= 100) == [100 + child for child in range(15)]

    def test_a_child_does_not_keep_the_lock_of_a_parent_that_was_killed(self, tmp_path: Path) -> None:
        code = """if True:
            import os, sys, threading, time
            from pathlib import Path
            from chinchilla_nb.records.locks import FileHold
            locked = threading.Event()
            def work():
                hold = FileHold(Path(sys.argv[1]), Path(sys.argv[1]), print)
                with hold, hold:
                    hold.acquire()
                    locked.set()
                    time.sleep(60)
            threading.Thread(target=work, daemon=True).start()
            locked.wait()
            if os.fork() == 0:
                print("ready", flush=True)
                time.sleep(5)
                os._exit(0)
            time.sleep(60)
        """
        lock = tmp_path / "df.csv.lock"
        with Attacker(code, lock) as parent:
            parent.await_line("ready")
            parent.kill()
            parent.wait()
            with lock.open("w") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # raises if it is locked


class TestPermissions:
    REPORT = """
    try:
        Database(sys.argv[1]).append(N=1, D=1, loss=2.5)
    except OSError as error:
        print(error)
    """

    def test_a_lock_file_of_another_user_serves(self) -> None:
        with open_folder() as folder:
            Database(folder).append(**ROW)
            (folder / "df.csv").chmod(0o666)
            (folder / "df.csv.lock").chmod(0o444)
            assert output(AS_NOBODY + self.REPORT, folder) == ""
            assert len(Database(folder)) == 2

    def test_a_lock_file_that_is_to_blame_is_named(self) -> None:
        with open_folder() as folder:
            Database(folder).append(**ROW)
            (folder / "df.csv").chmod(0o666)
            (folder / "df.csv.lock").chmod(0)
            printed = output(AS_NOBODY + self.REPORT, folder)
            assert f"allow writing to it and to its folder: '{folder}/df.csv.lock'" in printed

    def test_a_folder_that_must_not_be_written(self) -> None:
        with open_folder() as folder:
            (folder / "df.csv").write_text("C,N,D,loss\n6,1,1,2.5\n")
            folder.chmod(0o555)
            printed = output(AS_NOBODY + self.REPORT, folder)
            assert f"permission denied: allow writing to it and to its folder: '{folder}/df.csv.lock'" in printed

    def test_a_file_that_must_not_be_written(self) -> None:
        with open_folder() as folder:
            (folder / "df.csv").write_text("C,N,D,loss\n6,1,1,2.5\n")
            (folder / "df.csv").chmod(0o444)
            printed = output(AS_NOBODY + self.REPORT, folder)
            assert f"permission denied: allow writing to it and to its folder: '{folder}/df.csv'" in printed


@pytest.mark.parametrize("name", ["df.csv", "df.csv.lock", "df.csv.cut_off"])
@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_what_is_not_a_file_is_refused_at_once(tmp_path: Path, name: str, kind: str) -> None:
    if name == "df.csv.cut_off":
        Database(tmp_path).append(**ROW)
        with (tmp_path / "df.csv").open("a") as file:
            file.write("6,1,1")
    path = tmp_path / name
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        path.mkdir()
    code = """if True:
        import sys
        from chinchilla_nb.database import Database
        try:
            Database(sys.argv[1], log_level=40).append(N=1, D=1, loss=2.5)
        except (OSError, ValueError) as error:
            print(error)
    """
    printed = output(code, tmp_path, timeout=30)
    assert str(path if name != "df.csv" or kind != "device" else Path("/dev/zero")) in printed
    assert "remove the symbolic link" in printed or "move " in printed


def test_a_file_system_without_locks_is_named(tmp_path: Path) -> None:
    """NFS without its lock service: a library that is loaded first gives its error."""
    compiler = next((path for path in ("/usr/bin/gcc", "/usr/bin/cc") if Path(path).exists()), None)
    if compiler is None:
        pytest.skip("no C compiler")
    source, library = tmp_path / "nolock.c", tmp_path / "nolock.so"
    source.write_text("#include <errno.h>\nint flock(int d, int o) { errno = ENOLCK; return -1; }\n")
    os.spawnv(os.P_WAIT, compiler, [compiler, "-shared", "-fPIC", "-o", str(library), str(source)])
    folder = tmp_path / "project"
    folder.mkdir()
    code = """if True:
        import os, subprocess, sys
        script = "from chinchilla_nb.database import Database as D; D(os.sys.argv[1]).append(N=1, D=1, loss=2)"
        script = "import os; " + script
        environment = {**os.environ, "LD_PRELOAD": sys.argv[2]}
        command = [sys.executable, "-c", script, sys.argv[1]]
        print(subprocess.run(command, env=environment, capture_output=True, text=True).stderr.splitlines()[-1])
    """
    printed = output(code, folder, library)
    assert "no locks available: keep the project on a file system with locks" in printed
    assert f"'{folder}/df.csv.lock'" in printed
    assert "room" not in printed


def test_an_append_through_a_link_locks_the_file_that_is_written(tmp_path: Path) -> None:
    real, folder = tmp_path / "real", tmp_path / "project"
    real.mkdir()
    folder.mkdir()
    Database(real).append(**ROW)
    (folder / "df.csv").symlink_to(real / "df.csv")
    Database(folder).append(**ROW, lr=0.1)
    assert (folder / "df.csv").is_symlink()
    assert not (folder / "df.csv.lock").exists()
    assert len(CsvFile(real / "df.csv").read()) == 2
