"""A file is written completely, or stays unchanged and the error says so."""

from __future__ import annotations

import errno
import signal
from pathlib import Path

import pytest

from chinchilla_nb.whole_file import refusals_explained, write_whole

resource = pytest.importorskip("resource")


@pytest.fixture
def full_disk():
    """Keep the files of this process from growing beyond 100 bytes."""
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limit[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    signal.signal(signal.SIGXFSZ, ignored)


def test_what_was_there_is_replaced_and_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "a file"
    write_whole(path, b"first")
    path.chmod(0o640)
    write_whole(path, b"second")
    assert path.read_bytes() == b"second"
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.usefixtures("full_disk")
@pytest.mark.parametrize("before", [b"what was there", None])
def test_without_room_nothing_changes_and_nothing_is_left(tmp_path: Path, before: bytes | None) -> None:
    path = tmp_path / "a file"
    if before is not None:
        path.write_bytes(before)
    with (
        pytest.raises(OSError, match=r"nothing was written, .*: make room, .* folder: '.*a file'"),
        refusals_explained(path),
    ):
        write_whole(path, bytes(200))
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == ([("a file", before)] if before else [])


def test_the_kind_of_refusal_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "a file"
    with (
        pytest.raises(FileNotFoundError, match="nothing was written, no such file") as caught,
        refusals_explained(path),
    ):
        write_whole(path, b"")
    assert (caught.value.errno, caught.value.filename) == (errno.ENOENT, str(path))
