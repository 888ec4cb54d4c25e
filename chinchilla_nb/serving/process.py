"""Starting the server, and ending it with the command."""

from __future__ import annotations

import contextlib
import html
import json
import os
import secrets
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from chinchilla_nb.serving.address import LOCAL, Address
from chinchilla_nb.serving.order import LISTENING, PAGE, STOP_SECONDS, Order

__all__ = ["Server", "serving"]

START_SECONDS = 120
"""Seconds after which a server that does not listen yet is given up; on a slow network disk it takes a minute."""
TOKEN_BYTES = 24
"""As many as in Jupyter Server's tokens."""


@dataclass(frozen=True)
class Server:
    """A server that is running.

    Parameters
    ----------
    url : str
        Address of the page. It contains the token, so it must not become an argument of another program.
    link : Path
        A file that leads to the page. Only this user can read it.
    wait : callable
        Waits until the server ends and returns its exit status.
    """

    url: str
    link: Path
    wait: Callable[[], int]


@contextlib.contextmanager
def serving(
    notebook: dict[str, Any], port: int, address: Address = LOCAL, unused_seconds: float = 0.0
) -> Iterator[Server | None]:
    """Serve a notebook until the block ends; gives None if the server did not start, and has said why.

    Parameters
    ----------
    notebook : dict
        The notebook, as JSON.
    port : int
        Port to listen on; 0 for a free one.
    address : Address
        Where the page is, seen from a browser.
    unused_seconds : float
        As for `Order`.
    """
    with tempfile.TemporaryDirectory(prefix="chinchilla-nb-", ignore_cleanup_errors=True) as folder:
        (Path(folder) / PAGE).write_text(json.dumps(notebook), encoding="utf-8")
        order = Order(folder, secrets.token_hex(TOKEN_BYTES), port, address.origin, address.path, unused_seconds)
        with _process(order) as process:
            listening = _listening_port(process)
            yield _server(process, order, listening) if listening else None


def _server(process: subprocess.Popen[bytes], order: Order, port: int) -> Server:
    url = f"{order.origin or f'http://127.0.0.1:{port}'}{order.path}?token={order.token}"
    link = Path(order.folder) / "open.html"
    link.write_text(_link(url), encoding="utf-8")
    return Server(url, link, process.wait)


@contextlib.contextmanager
def _process(order: Order) -> Iterator[subprocess.Popen[bytes]]:
    standard_input, lifeline = os.pipe()
    # Before the process starts, so that it never waits for a command that was killed.
    os.write(lifeline, json.dumps(asdict(order)).encode() + b"\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "chinchilla_nb.serving.server"],
        # `python -m` imports from the current folder first. The user's may be somebody else's: this one is not.
        cwd=order.folder,
        env=_environment(),
        stdin=standard_input,
        stdout=subprocess.PIPE,
        # Ctrl-C and the end of the terminal reach only this process, which then ends the server once.
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )
    os.close(standard_input)
    try:
        yield process
    finally:
        os.close(lifeline)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _environment() -> dict[str, str]:
    """Return the environment of the server and of its kernels, in which no path is relative to the current folder."""
    # Threads cost more than they gain on arrays of this size.
    own = {"OMP_NUM_THREADS": "1", **os.environ}
    # Processes that a kernel starts in the user's folder do not import from there (Python 3.11 or newer).
    own["PYTHONSAFEPATH"] = "1"
    # An empty entry stands for the current folder; it is a slip in `PYTHONPATH=$PYTHONPATH:/lib`.
    paths = [str(Path(path).absolute()) for path in own.get("PYTHONPATH", "").split(os.pathsep) if path]
    return {**own, "PYTHONPATH": os.pathsep.join(paths)}


def _listening_port(process: subprocess.Popen[bytes]) -> int:
    """Return the port that the server says it listens on, or 0 if it ended."""
    assert process.stdout is not None  # by the arguments of Popen
    answer = LISTENING.encode()
    giving_up = threading.Timer(START_SECONDS, process.kill)
    giving_up.start()
    try:
        with process.stdout as said:
            found = [line for line in said if line.startswith(answer)]
    finally:
        giving_up.cancel()
    return int(found[0].removeprefix(answer)) if found else 0


def _link(url: str) -> str:
    """Return a page that leads to an address; a browser gets its path as an argument, which other users can read."""
    address = html.escape(url)
    return (
        '<!DOCTYPE html>\n<html><head><meta charset="utf-8"><meta name="referrer" content="no-referrer">'
        f'<meta http-equiv="refresh" content="0;url={address}"><title>chinchilla-nb</title></head>'
        f'<body><a href="{address}">Open the workbench</a></body></html>\n'
    )
