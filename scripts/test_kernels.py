"""Run the tests that open a kernel on several versions of ipykernel: ``make kernels``.

``python scripts/test_kernels.py [VERSION ...]`` takes other versions than these, such as ``7.1`` or ``7.2.0``.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree as ET

from make_environment import ROOT, install, prepare, python_of

ENVIRONMENT = ROOT / ".venv-kernels"
VERSIONS = ("6.31", "7.3", "7.4")
"""Callbacks of widgets run on the main thread in the first and the last, on a subshell's, with a loop of its own, in
the one between."""
TESTS = ("tests/test_session.py", "tests/work/test_bar.py", "tests/browser")
"""Those in which work runs in a kernel: `tests/widgets` calls the panels in its own process."""


def main() -> str | int:
    """Test each version and print what passed where; return the exit status, or the sentence to exit with."""
    versions = sys.argv[1:] or VERSIONS
    if trouble := prepare(ENVIRONMENT, "app,test"):
        return trouble
    python = python_of(ENVIRONMENT)
    if status := subprocess.run([python, ROOT / "tests" / "browser" / "find_chromium.py"], check=False).returncode:
        return status
    results: dict[str, dict[str, str]] = {}
    passed = True
    for version in versions:
        if not install(python, ["--upgrade", f"ipykernel=={version}.*"]):
            return f"pip could not install ipykernel {version}: see above"
        print(f"\nipykernel {version}", flush=True)
        status, results[version] = test(python)
        passed = passed and status == 0
    print(f"\n{table(results)}")
    return 0 if passed else 1


def test(python: Path) -> tuple[int, dict[str, str]]:
    """Run the tests in a process of their own; return its exit status, and what became of each test."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [python, "-m", "pytest", "-q", *TESTS, f"--junit-xml={report}"]
        status = subprocess.run(command, cwd=ROOT, check=False).returncode
        cases = ET.parse(report).iter("testcase") if report.exists() else ()
        return status, {f"{case.get('classname')}::{case.get('name')}": outcome(case) for case in cases}


def outcome(case: ET.Element) -> str:
    """Return in a word what became of a test."""
    kinds = {child.tag for child in case}
    return next((kind for kind in ("error", "failure", "skipped") if kind in kinds), "passed")


def table(results: dict[str, dict[str, str]]) -> str:
    """Return one line a test, with a column for each version."""
    tests = list(dict.fromkeys(name for column in results.values() for name in column))
    rows = [("", *results)]
    rows += [(name, *(column.get(name, "not run") for column in results.values())) for name in tests]
    width = max(map(len, tests), default=0)
    return "\n".join(f"{name:{width}}" + "".join(f"  {cell:8}" for cell in cells) for name, *cells in rows)


if __name__ == "__main__":
    sys.exit(main())
