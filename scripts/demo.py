"""Serve the workbench with Voila on this machine only, and say where: what ``make demo`` runs."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import webbrowser
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "notebooks" / "workbench.ipynb"
START_SECONDS = 120


def main() -> str | None:
    """Serve until Ctrl-C; return the sentence to exit with where Voila does not start."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0, the default, picks a free one")
    port = parser.parse_args().port or free_port()
    url = f"http://127.0.0.1:{port}/"
    # So that `kill` ends Voila and its kernels as Ctrl-C does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    options = ["--no-browser", "--Voila.ip=127.0.0.1", "--Voila.log_level=ERROR", f"--port={port}"]
    voila = subprocess.Popen([sys.executable, "-m", "voila", str(PAGE), *options])
    try:
        if not answers(f"{url}voila/static/voila.js", voila):
            return f"Voila did not start on port {port}: see above, or name another port with make demo PORT=8866"
        print(f"\n  The workbench is at  {url}\n\n  Ctrl-C ends it.\n", flush=True)
        if has_screen():
            webbrowser.open(url)
        return "Voila ended by itself: see above" if voila.wait() else None
    except KeyboardInterrupt:
        return None
    finally:
        voila.terminate()
        voila.wait()


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(url: str, process: subprocess.Popen[bytes]) -> bool:
    """Wait until a URL answers; False if the process ends or too much time passes before."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(urllib.error.URLError, OSError), urllib.request.urlopen(url, timeout=5):
            return True
        time.sleep(0.2)
    return False


def has_screen() -> bool:
    """Say whether a browser window can open; elsewhere one would start in the terminal, over the address."""
    return sys.platform in {"darwin", "win32"} or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


if __name__ == "__main__":
    sys.exit(main())
