"""Processes that attack: other Python programs that run this package, as another user if need be."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

NOBODY = 65534


class Attacker(subprocess.Popen[str]):
    """Runs code in another process, which ends with the block of a ``with`` statement."""

    def __init__(self, code: str, *arguments: object) -> None:
        command, pipe = [sys.executable, "-c", code, *map(str, arguments)], subprocess.PIPE
        super().__init__(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)

    def __exit__(self, *error: object) -> None:
        self.kill()
        super().__exit__(*error)  # type: ignore[arg-type]

    def await_line(self, line: str) -> None:
        """Wait until the process prints a line."""
        assert self.stdout is not None
        printed = self.stdout.readline()
        if printed != f"{line}\n":
            pytest.fail(f"expected {line!r}, got {printed!r}: {self.communicate()[1]}")

    def go(self) -> None:
        """Give the process a line to read."""
        assert self.stdin is not None
        self.stdin.write("go\n")
        self.stdin.flush()


def output(code: str, *arguments: object, timeout: float = 60) -> str:
    """Return what a process prints; fail if it fails or hangs."""
    with Attacker(code, *arguments) as process:
        try:
            printed, errors = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            pytest.fail(f"the process hangs after {timeout} s")
    assert process.returncode == 0, errors
    return printed


AS_NOBODY = f"""if True:
    import os, sys
    from pathlib import Path
    import chinchilla_nb.core, chinchilla_nb.visualizer
    from chinchilla_nb.database import Database
    from chinchilla_nb.whole_file import explain_write_errors, write_whole
    if os.getuid() == 0:
        os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})
"""
"""The beginning of a program that permissions apply to, which they do not to root."""


@contextmanager
def open_folder() -> Iterator[Path]:
    """Make a folder that every user may enter and write to, unlike those of pytest."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        try:
            yield folder
        finally:
            for path in (folder, *folder.rglob("*")):
                if path.is_dir() and not path.is_symlink():
                    path.chmod(0o777)


root_only = pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root may give a file away")
