"""A file is written completely, or it stays unchanged and the error says so."""

from __future__ import annotations

import errno
import signal
from pathlib import Path

import pytest

from chinchilla_nb.whole_file import explain_write_errors, write_whole

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


def test_an_existing_file_is_replaced_and_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "a file"
    write_whole(path, b"first")
    path.chmod(0o640)
    write_whole(path, b"second")
    assert path.read_bytes() == b"second"
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.usefixtures("full_disk")
@pytest.mark.parametrize("before", [b"what was there", None])
def test_on_a_full_disk_nothing_changes_and_no_temporary_file_remains(tmp_path: Path, before: bytes | None) -> None:
    path = tmp_path / "a file"
    if before is not None:
        path.write_bytes(before)
    with (
        pytest.raises(OSError, match=r"nothing was written, .*: make room for it: '.*a file'"),
        explain_write_errors(path),
    ):
        write_whole(path, bytes(200))
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == ([("a file", before)] if before else [])


def test_the_type_of_the_error_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "a file"
    with (
        pytest.raises(FileNotFoundError, match="nothing was written, no such file") as caught,
        explain_write_errors(path),
    ):
        write_whole(path, b"")
    assert (caught.value.errno, caught.value.filename) == (errno.ENOENT, str(path))
