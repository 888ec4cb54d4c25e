"""The command chinchilla-nb as a real process, started as the installed script starts it."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from waiting import wait_until

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = "import sys\nfrom chinchilla_nb.cli import main\nsys.exit(main())\n"
"""What pip makes of the entry in pyproject.toml. Python puts its folder first on the path, and not the current one."""
START_SECONDS = 60
END_SECONDS = 60


@dataclass
class Serving:
    """A command that serves a page: what it opened, the address it printed, its temporary files, and its output."""

    process: subprocess.Popen[bytes]
    what: str
    url: str
    temporary: Path
    output: Path

    @property
    def origin(self) -> str:
        """The address without path and token."""
        return self.url.split("/?")[0]

    @property
    def said(self) -> str:
        """All that it has printed."""
        return self.output.read_text(encoding="utf-8")

    def processes(self, of: str = "") -> dict[int, str]:
        """Command lines of the processes that use the temporary folder, by number, as Linux tells them."""
        return {number: line for number, line in processes_in(self.temporary).items() if of in line}

    def kernels(self) -> dict[int, str]:
        """Those of the kernels."""
        return self.processes("ipykernel_launcher")


def write_script(folder: Path) -> list[str]:
    """Write the script into a new folder below one; return how to start it."""
    script = folder / "bin" / "chinchilla-nb"
    script.parent.mkdir(exist_ok=True)
    script.write_text(SCRIPT, encoding="utf-8")
    return [sys.executable, str(script)]


def environment(temporary: Path) -> dict[str, str]:
    """Variables with which the command finds this package, and leaves its files in a folder."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)}


@contextlib.contextmanager
def serving(
    *arguments: str,
    cwd: Path,
    temporary: Path,
    options: tuple[str, ...] = ("--no-browser",),
    runner: tuple[str, ...] = (),
    **more: str,
) -> Iterator[Serving]:
    """Run the command until the block ends.

    Parameters
    ----------
    *arguments, cwd
        Of the command.
    temporary : Path
        A new folder for its temporary files.
    options : tuple of str
        None to let it open a browser.
    runner : tuple of str
        A program that runs it.
    **more : str
        More variables of the environment.
    """
    temporary.mkdir(exist_ok=True)
    with tempfile.NamedTemporaryFile() as output:
        process = subprocess.Popen(
            [*runner, *write_script(temporary), *options, *arguments],
            cwd=cwd,
            env={**environment(temporary), **more},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            yield _started(process, temporary, Path(output.name))
        finally:
            for number in (process.pid, *processes_in(temporary)):
                with contextlib.suppress(OSError):
                    os.kill(number, signal.SIGKILL)
            process.wait()


def _started(process: subprocess.Popen[bytes], temporary: Path, output: Path) -> Serving:
    address = re.compile(r"on (.*) is at +(https?://[\w.:]+/\S*)")
    said = functools.partial(output.read_text, encoding="utf-8")
    assert wait_until(lambda: process.poll() is not None or address.search(said()), START_SECONDS)
    found = address.search(said())
    assert found, f"it ended: {said()}"
    return Serving(process, *found.groups(), temporary, output)


def processes_in(folder: Path) -> dict[int, str]:
    """Command lines, by number, of the processes whose temporary files lie in a folder."""
    found = {}
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"TMPDIR={folder}\0".encode() in (place / "environ").read_bytes():
                found[int(place.name)] = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return found
