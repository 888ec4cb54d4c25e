"""A file is replaced as a whole, whoever else writes it, and nothing beside it is touched."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest
from attacks.processes import AS_NOBODY, NOBODY, Attacker, open_folder, output, root_only

from chinchilla_nb.config.saving import write_config
from chinchilla_nb.config.settings import Settings
from chinchilla_nb.database import Database
from chinchilla_nb.whole_file import explain_write_errors, write_whole

SAVES = 100


def test_two_processes_save_one_configuration(tmp_path: Path) -> None:
    path = tmp_path / "settings.yaml"
    code = """if True:
        import sys
        from pathlib import Path
        from chinchilla_nb.whole_file import write_whole
        content = sys.argv[2].encode() * 20_000
        write_whole(Path(sys.argv[1]), content)
        print("ready", flush=True)
        sys.stdin.readline()
        for _ in range(int(sys.argv[3])):
            write_whole(Path(sys.argv[1]), content)
    """
    contents = set()
    with Attacker(code, path, "a", SAVES) as one, Attacker(code, path, "b", SAVES) as other:
        for writer in (one, other):
            writer.await_line("ready")
            writer.go()
        while one.poll() is None or other.poll() is None:
            contents.add(path.read_bytes())
        for writer in (one, other):
            assert writer.returncode == 0, writer.communicate()[1]
    assert contents <= {b"a" * 20_000, b"b" * 20_000}
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("save", ["configuration", "column"])
def test_a_file_or_link_named_tmp_is_left_alone(tmp_path: Path, save: str) -> None:
    database = Database(tmp_path)
    database.append(N=1, D=1, loss=2.5)
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / "df.csv.tmp").symlink_to(victim)
    (tmp_path / "settings.yaml.tmp").write_text("mine too")
    for _ in range(2):
        if save == "configuration":
            write_config(tmp_path / "settings.yaml", Settings())
        else:
            database.append(N=1, D=1, loss=2.5, lr=0.1)
    assert victim.read_text() == "mine"
    assert (tmp_path / "df.csv.tmp").is_symlink()
    assert (tmp_path / "settings.yaml.tmp").read_text() == "mine too"


@root_only
def test_a_column_that_root_adds_leaves_the_owner(tmp_path: Path) -> None:
    database = Database(tmp_path)
    database.append(N=1, D=1, loss=2.5)
    os.chown(tmp_path / "df.csv", NOBODY, NOBODY)
    (tmp_path / "df.csv").chmod(0o640)
    database.append(N=1, D=1, loss=2.5, lr=0.1)
    status = (tmp_path / "df.csv").stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (NOBODY, NOBODY, 0o640)


def test_a_draft_is_as_private_as_its_file(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b"")
    path.chmod(0o600)
    modes: list[int] = []
    ended = threading.Event()

    def watch() -> None:
        while not ended.is_set():
            for entry in os.scandir(tmp_path):
                try:
                    modes.append(stat.S_IMODE(entry.stat().st_mode))
                except FileNotFoundError:
                    continue

    watcher = threading.Thread(target=watch)
    watcher.start()
    for _ in range(3):
        write_whole(path, bytes(20_000_000))
    ended.set()
    watcher.join()
    assert set(modes) == {0o600}


def test_a_new_file_has_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    write_whole(tmp_path / "ours", b"")
    (tmp_path / "theirs").write_bytes(b"")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "theirs").stat().st_mode


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere" / "settings.yaml"
    target.parent.mkdir()
    link = tmp_path / "settings.yaml"
    link.symlink_to(target)
    for content in (b"first", b"second"):  # to nothing, then to a file
        write_whole(link, content)
        assert link.is_symlink()
        assert target.read_bytes() == content


def test_a_pipe_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "pipe.yaml"
    os.mkfifo(path)
    with pytest.raises(OSError, match="nothing was written, is a pipe or a device, not a file: move it away"):
        write_config(path, Settings())
    assert stat.S_ISFIFO(path.stat().st_mode)
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_to_itself_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "loop.yaml"
    path.symlink_to(path)
    with pytest.raises(OSError, match="nothing was written, .*: remove the symbolic link"), explain_write_errors(path):
        write_whole(path, b"")
    assert path.is_symlink()


def test_a_folder_that_must_not_be_written_keeps_its_file() -> None:
    with open_folder() as folder:
        path = folder / "settings.yaml"
        path.write_text("before")
        path.chmod(0o666)
        folder.chmod(0o555)
        code = """
    path = Path(sys.argv[1])
    try:
        with explain_write_errors(path):
            write_whole(path, b"after")
    except PermissionError as error:
        print(error)
        """
        assert "nothing was written, permission denied: allow writing to it and to its folder" in output(
            AS_NOBODY + code, path
        )
        assert path.read_text() == "before"


def test_a_folder_that_can_be_written_but_not_listed() -> None:
    with open_folder() as folder:
        folder.chmod(0o733)
        code = """
    write_whole(Path(sys.argv[1]), b"content")
    print(Path(sys.argv[1]).read_text())
        """
        assert output(AS_NOBODY + code, folder / "file") == "content\n"
