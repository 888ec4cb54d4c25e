"""The command ``chinchilla-nb``: the workbench in a browser, without opening a notebook."""

from __future__ import annotations

import argparse
import contextlib
import html
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import warnings
import webbrowser
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from chinchilla_nb import __version__
from chinchilla_nb.checks import as_folder
from chinchilla_nb.opening import RowsLeftOutWarning, open_session
from chinchilla_nb.session import Session

__all__ = ["main"]

STUDY = "python_stdlib"
START_SECONDS = 120
STOP_SECONDS = 15
EXAMPLES = f"""
examples:
  chinchilla-nb                the runs in ./df.csv, or the shipped study if there are none
  chinchilla-nb project        a folder of runs; new runs are appended to its df.csv
  chinchilla-nb config.yaml    a configured project
  chinchilla-nb runs.csv       a table whose columns are recognised by name; the file is not changed
  chinchilla-nb {STUDY}  a study that comes with the package
"""


def main(arguments: Sequence[str] | None = None) -> str | None:
    """Serve the workbench until Ctrl-C; return an error message to exit with if that fails.

    Parameters
    ----------
    arguments : sequence of str, optional
        Used instead of those of the command line.
    """
    given = _parser().parse_args(arguments)
    source = given.source or default_source()
    try:
        with warnings.catch_warnings(record=True) as left_out:
            warnings.simplefilter("always", RowsLeftOutWarning)
            session = open_session(source, allow_functions=given.allow_functions)
    except (OSError, TypeError, ValueError) as error:
        return f"chinchilla-nb: {error}"
    remarks = [str(one.message) for one in left_out if issubclass(one.category, RowsLeftOutWarning)]
    if importlib.util.find_spec("voila") is None:
        return "chinchilla-nb: Voila, which shows the workbench, is not installed: run pip install 'voila>=0.5.8'"
    if given.port and not _is_free(given.port):
        return f"chinchilla-nb: port {given.port} cannot be used: choose another, or omit --port to use a free one"
    for remark in remarks:
        sys.stderr.write(f"chinchilla-nb: {remark}\n")
    page = notebook(source, str(Path.cwd()), remarks, given.allow_functions, given.allow_folders)
    return _serve(page, _name(source, session), given.port or _free_port(), browser=given.browser)


def default_source() -> str:
    """Return what to open if no source is given: the current folder if it holds runs, else the shipped study."""
    return "." if Path("df.csv").is_file() else STUDY


def notebook(
    source: str,
    folder: str,
    remarks: Sequence[str] = (),
    allow_functions: Sequence[str] = (),
    allow_folders: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the notebook to serve: the workbench on a source, whose path is relative to a folder."""
    head = f"<h1>{html.escape(' '.join(source.split()))}</h1>"
    head += "".join(f"\n<p>{html.escape(remark)}</p>" for remark in remarks)
    code = [
        "import os, warnings\n",
        f"os.chdir({folder!r})\n",
        "from chinchilla_nb import Workbench\n",
        "from chinchilla_nb.opening import RowsLeftOutWarning\n",
        'warnings.simplefilter("ignore", RowsLeftOutWarning)  # shown above\n',
        f"Workbench({source!r}, allow_functions={list(allow_functions)!r}, allow_folders={list(allow_folders)!r})",
    ]
    return {
        "cells": [
            {"cell_type": "markdown", "id": "title", "metadata": {}, "source": [head]},
            {
                "cell_type": "code",
                "id": "workbench",
                "metadata": {},
                "execution_count": None,
                "outputs": [],
                "source": code,
            },
        ],
        "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="chinchilla-nb",
        description="Open the workbench on training runs in a browser, on this machine only.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", nargs="?", help="a folder, a configuration, a table of runs or the name of a study")
    parser.add_argument("--port", type=_port, default=0, help="port to serve on; a free one by default")
    parser.add_argument("--no-browser", dest="browser", action="store_false", help="only print the address")
    parser.add_argument(
        "--allow-function",
        dest="allow_functions",
        metavar="MODULE:FUNCTION",
        action="append",
        default=[],
        help="a function that the page and a configuration may name; it is imported",
    )
    parser.add_argument(
        "--allow-folder",
        dest="allow_folders",
        metavar="FOLDER",
        action="append",
        type=_folder,
        default=[],
        help="a folder whose files the page may read and write, besides the project's",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    return parser


def _port(text: str) -> int:
    if text.isdecimal() and int(text) < 2**16:
        return int(text)
    raise argparse.ArgumentTypeError(f"a port is a whole number from 1 to 65535, got {text!r}")


def _folder(text: str) -> str:
    try:
        return str(as_folder(text, "the folder"))
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _name(source: str, session: Session) -> str:
    """Describe what is opened: how many runs there are, or where new ones will go."""
    count, folder = len(session.runs), getattr(session.database, "project_dir", None)
    if count or folder is None:
        return f"{source} ({count} run{'' if count == 1 else 's'})"
    return f"{source} (no runs yet: those you add or import go to {Path(folder) / 'df.csv'})"


def _serve(notebook: dict[str, Any], what: str, port: int, *, browser: bool) -> str | None:
    url = f"http://127.0.0.1:{port}/"
    # So that `kill` and closing the terminal end Voila and its kernels as Ctrl-C does.
    for name in {"SIGTERM", "SIGHUP"} & {one.name for one in signal.Signals}:
        signal.signal(signal.Signals[name], lambda *_: sys.exit(0))
    with contextlib.suppress(KeyboardInterrupt), tempfile.TemporaryDirectory(prefix="chinchilla-nb-") as folder:
        page = Path(folder) / "workbench.ipynb"
        page.write_text(json.dumps(notebook), encoding="utf-8")
        with _voila(page, port) as voila:
            if not _answers(f"{url}voila/static/voila.js", voila):
                return f"chinchilla-nb: Voila did not start on port {port}: see above, or choose another with --port"
            sys.stdout.write(f"\n  The workbench on {what} is at  {url}\n\n  Press Ctrl-C to stop it.\n\n")
            sys.stdout.flush()
            if browser and _has_screen():
                webbrowser.open(url)
            return "chinchilla-nb: Voila ended unexpectedly: see above" if voila.wait() else None
    return None


@contextlib.contextmanager
def _voila(page: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    options = ["--no-browser", "--Voila.ip=127.0.0.1", "--Voila.log_level=ERROR", "--Voila.port_retries=0"]
    voila = subprocess.Popen(
        [sys.executable, "-m", "voila", str(page), f"--port={port}", *options],
        # Threads cost more than they gain on arrays of this size.
        env={"OMP_NUM_THREADS": "1", **os.environ},
        # A separate process group, so that only this process receives Ctrl-C, and stops Voila once.
        start_new_session=True,
    )
    try:
        yield voila
    finally:
        voila.terminate()
        try:
            voila.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            voila.kill()
            voila.wait()


def _answers(url: str, process: subprocess.Popen[bytes]) -> bool:
    """Wait until a URL answers; False if the process ends or too much time passes before."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(urllib.error.URLError, OSError), urllib.request.urlopen(url, timeout=5):
            return True
        time.sleep(0.2)
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As Voila does: a port whose last connections have just been closed can be used again.
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _has_screen() -> bool:
    """Return whether a browser window can open; otherwise a text browser could start in the terminal."""
    return sys.platform in {"darwin", "win32"} or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


if __name__ == "__main__":
    sys.exit(main())
