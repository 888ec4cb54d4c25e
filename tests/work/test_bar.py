"""The progress bar where it is drawn: a terminal, a pipe, and the cells of a real kernel, watched and unattended."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import start_new_kernel

from chinchilla_nb.work.bar import PERIOD
from chinchilla_nb.work.remaining import RemainingTime

ROOT = Path(__file__).resolve().parents[2]
WORK = """
import sys, time
from contextlib import closing
from chinchilla_nb.work.bar import Bar
began = time.monotonic()
with closing(Bar("fitting")) as bar:
    for i in range(STEPS):
        bar.update(i, STEPS, "optimising")
        time.sleep(0.1)
        if i == 15:
            print("meanwhile")
print(time.monotonic() - began)
"""
LONG, SHORT = WORK.replace("STEPS", "20"), WORK.replace("STEPS", "2")
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def in_a_terminal(source: str, columns: int) -> str:
    """Run Python in a terminal of so many columns and return everything it wrote there."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR")}
    environment |= {"TERM": "xterm-256color", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", source]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        written = b""
        try:
            while piece := os.read(ours, 4096):
                written += piece
        except OSError:  # Linux says so when the other end is closed
            pass
        os.close(ours)
    assert process.returncode == 0, written.decode()
    return written.decode()


@pytest.mark.parametrize("columns", [80, 40])
def test_a_terminal_shows_one_line_and_then_none(columns):
    text = in_a_terminal(LONG, columns)
    frames = [frame for frame in re.split(r"[\r\n]+", ESCAPES.sub("", text)) if " of 20" in frame]
    assert frames
    assert max(map(len, frames)) <= columns
    # The cursor goes back up to the line of the last frame, which is erased, and is shown again.
    after = text[text.rindex(" of 20") :]
    assert "\x1b[1A\x1b[2K" in after
    assert "\x1b[?25h" in after
    assert "meanwhile" in ESCAPES.sub("", text).splitlines()


def test_short_work_shows_none():
    assert "optimising" not in in_a_terminal(SHORT, 80)


def test_a_file_gets_none():
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", LONG], env=environment, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout.startswith("meanwhile\n")


@pytest.fixture(scope="module")
def run_cell() -> Iterator[Callable[[str, bool], list[dict[str, Any]]]]:
    manager, client = start_new_kernel(extra_arguments=["--HistoryManager.enabled=False"])

    def run(source: str, attended: bool) -> list[dict[str, Any]]:
        seen: list[dict[str, Any]] = []
        reply = client.execute_interactive(
            source, timeout=120, output_hook=seen.append, store_history=False, allow_stdin=attended
        )
        assert reply["content"]["status"] == "ok", reply["content"]
        return seen

    yield run
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def kinds(messages: list[dict[str, Any]]) -> set[str]:
    return {message["msg_type"] for message in messages} - {"status", "execute_input"}


def printed(messages: list[dict[str, Any]]) -> list[str]:
    return "".join(m["content"]["text"] for m in messages if m["msg_type"] == "stream").splitlines()


def test_a_cell_shows_one_output_and_then_none(run_cell):
    messages = run_cell(LONG, True)
    # No widget: it would stay in the saved notebook as one that is lost, and take what the cell prints.
    assert kinds(messages) == {"display_data", "update_display_data", "stream"}
    shown = [message["content"] for message in messages if "display" in message["msg_type"]]
    assert len({content["transient"]["display_id"] for content in shown}) == 1
    assert any("optimising" in content["data"]["text/html"] for content in shown)
    assert shown[-1]["data"] == {"text/html": ""}
    text, seconds = printed(messages)
    assert text == "meanwhile"
    assert len(shown) <= float(seconds) / PERIOD + 3


@pytest.mark.parametrize(("source", "attended"), [(LONG, False), (SHORT, True)])
def test_unattended_or_short_cells_show_none(run_cell, source, attended):
    assert kinds(run_cell(source, attended)) == {"stream"}


def test_pace_counts_from_the_first_report_of_a_stage():
    now = [0.0]
    pace = RemainingTime(lambda: now[0])
    pace.add("screening", 100)
    now[0] = 30.0  # workers start
    pace.add("optimising", 1)
    assert pace.remaining("optimising", 1, 251) is None
    now[0] = 32.0
    pace.add("optimising", 51)
    assert pace.remaining("optimising", 51, 251) == pytest.approx(8)  # 200 steps at 25 a second
    assert pace.remaining("polishing", 51, 251) is None
