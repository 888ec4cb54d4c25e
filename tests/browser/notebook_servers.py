"""JupyterLab, Notebook and Voila as real processes, each with its own configuration folders."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 90
STOP_SECONDS = 10


@dataclass(frozen=True)
class NotebookServer:
    """A running server: its URL, the folder of the notebooks it serves, and what it and its kernels have logged."""

    url: str
    notebooks: Path
    log: Path


JUPYTER_OPTIONS = [
    "--no-browser",
    "--allow-root",
    "--ip=127.0.0.1",
    "--IdentityProvider.token=",
    "--ServerApp.port_retries=0",
    "--LabApp.expose_app_in_browser=True",
    "--LabApp.extension_manager=readonly",
]


@contextlib.contextmanager
def serve_lab(folder: Path) -> Iterator[NotebookServer]:
    """Run JupyterLab on ``folder / "notebooks"`` until the block ends."""
    with _serve("jupyterlab", JUPYTER_OPTIONS, ready="/api", folder=folder) as server:
        yield server


@contextlib.contextmanager
def serve_notebook(folder: Path) -> Iterator[NotebookServer]:
    """Run Jupyter Notebook 7 on ``folder / "notebooks"`` until the block ends."""
    options = [*JUPYTER_OPTIONS, "--JupyterNotebookApp.expose_app_in_browser=True"]
    with _serve("notebook", options, ready="/api", folder=folder) as server:
        yield server


@contextlib.contextmanager
def serve_voila(folder: Path) -> Iterator[NotebookServer]:
    """Run Voila on ``folder / "notebooks"`` until the block ends."""
    # Show tracebacks, so that a failing cell reports its error.
    options = ["--no-browser", "--Voila.ip=127.0.0.1", "--VoilaConfiguration.show_tracebacks=True"]
    with _serve("voila", options, ready="/voila/static/voila.js", folder=folder) as server:
        yield server


@contextlib.contextmanager
def _serve(module: str, options: list[str], *, ready: str, folder: Path) -> Iterator[NotebookServer]:
    notebooks = folder / "notebooks"
    notebooks.mkdir()
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", module, str(notebooks), f"--port={port}", *options]
    log = folder / "server.log"
    with log.open("wb") as output:
        # A separate session, so that the server and its child processes end together.
        process = subprocess.Popen(
            command,
            cwd=notebooks,
            env=_environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _wait_until_it_answers(url + ready, process, log)
            yield NotebookServer(url, notebooks, log)
        finally:
            _stop(process)


def _environment(folder: Path) -> dict[str, str]:
    """Return an environment that is isolated from the user's Jupyter and from earlier tests."""
    folders = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "IPYTHONDIR": "ipython",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    }
    for name in folders.values():
        (folder / name).mkdir()
    # Otherwise a popup that asks about news covers the page.
    notification = folder / "settings" / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    notification.parent.mkdir(parents=True)
    notification.write_text(json.dumps({"fetchNews": "false"}), encoding="utf-8")
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    own = {variable: str(folder / name) for variable, name in folders.items()}
    return {**os.environ, **own, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _wait_until_it_answers(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(urllib.error.URLError, OSError), urllib.request.urlopen(url, timeout=5):
            return
        time.sleep(0.2)
    tail = log.read_text(encoding="utf-8", errors="replace")[-3000:]
    raise RuntimeError(f"{' '.join(map(str, process.args))} did not answer within {START_SECONDS} s:\n{tail}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the server, which ends its kernels, then the rest of its process group."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
