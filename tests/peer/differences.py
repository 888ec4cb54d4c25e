"""The lines of docs/differences.md that both packages run, and their outcomes in one of them."""

from __future__ import annotations

import functools
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "differences.md"
PEER, OURS = "chinchilla", "chinchilla_nb"
LINE = re.compile(r"\| (?P<difference>[^|]+) \| `(?P<code>[^|]+)` \| (?P<peer>[^|]+) \| (?P<ours>[^|]+) \|")
OUTCOME = re.compile(r"raises `(?P<raised>\w+)`|`(?P<value>.+)`")


@dataclass(frozen=True)
class Line:
    """A row of a table of the page: what differs, code that shows it, and what comes out, by package."""

    difference: str
    code: str
    outcomes: dict[str, str]

    def expected(self, package: str) -> tuple[str | None, str]:
        """Return the name of the error that is raised, or None, and the value that is returned."""
        found = OUTCOME.fullmatch(self.outcomes[package])
        assert found is not None, self.outcomes[package]
        return found["raised"], found["value"] or "None"


def lines() -> list[Line]:
    """Return the rows of all tables that compare the two packages."""
    _, section = PAGE.read_text(encoding="utf-8").split("## From the `chinchilla` package")
    rows = [row for row in section.splitlines() if row.startswith("|")]
    found = []
    for row in rows:
        if row.startswith(("| difference |", "|---|")):
            continue
        cells = LINE.fullmatch(row)
        assert cells is not None, row
        found.append(Line(cells["difference"], cells["code"], {PEER: cells["peer"], OURS: cells["ours"]}))
    return found


def setup() -> str:
    """Return the code that runs before each line."""
    _, section = PAGE.read_text(encoding="utf-8").split("## From the `chinchilla` package")
    (code,) = re.findall(r"```python\n(.*?)```", section, flags=re.DOTALL)
    return str(code)


def peer_python() -> str:
    """Return the interpreter that has the package chinchilla; empty if there is none.

    ``make peer`` installs it into ``.venv-peer``; CHINCHILLA_PEER_PYTHON names another one.
    """
    made = ROOT / ".venv-peer" / "bin" / "python"
    return os.environ.get("CHINCHILLA_PEER_PYTHON", str(made) if made.exists() else "")


@functools.cache
def outcomes(package: str) -> list[dict[str, Any]]:
    """Run all lines in a package, in a process of its own."""
    named = [{"code": _in(package, line.code), "expected": line.expected(package)[1]} for line in lines()]
    python = sys.executable if package == OURS else peer_python()
    done = subprocess.run(
        [python, Path(__file__).with_name("run_lines.py")],
        input=json.dumps({"package": package, "setup": _in(package, setup()), "lines": named}),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT) if package == OURS else ""},
    )
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def _in(package: str, code: str) -> str:
    """Return code that imports from a package what it imports from chinchilla."""
    return re.sub(r"\b(from|import) chinchilla\b", rf"\1 {package}", code)
