"""The three lines of docs/trackers.md that append a run from any training loop, in many processes at once."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from chinchilla_nb import Database

PAGE = Path(__file__).resolve().parents[1] / "docs" / "trackers.md"
PROCESSES, RUNS = 6, 5
LOOP = """
import sys
for run in range({runs}):
    N, D, loss, lr = 10**6 + int(sys.argv[1]), 10**8 + run, 3.5, 1e-3
{lines}
"""


def test_processes_that_run_them_at_once_lose_no_run(tmp_path):
    (tmp_path / "project").mkdir()
    section = PAGE.read_text(encoding="utf-8").partition("## Runs that log themselves\n")[2]
    lines = re.search("```python\n(.*?)```", section, flags=re.DOTALL)[1]
    script = LOOP.format(runs=RUNS, lines="".join(f"    {line}\n" for line in lines.splitlines()))
    started = [
        subprocess.Popen([sys.executable, "-c", script, str(number)], cwd=tmp_path) for number in range(PROCESSES)
    ]
    assert [process.wait(120) for process in started] == [0] * PROCESSES
    df = Database(tmp_path / "project").df
    expected = {(10**6 + number, 10**8 + run) for number in range(PROCESSES) for run in range(RUNS)}
    assert sorted(zip(df.N, df.D, strict=True)) == sorted(expected)
