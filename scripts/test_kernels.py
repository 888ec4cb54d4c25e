"""Run the tests that open a kernel on several versions of ipykernel: ``make kernels``.

``python scripts/test_kernels.py [VERSION ...]`` tests other versions, such as ``7.1`` or ``7.2.0``.
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
"""The first and the last run callbacks of widgets on the main thread; the one between runs them on the thread of a
subshell, which has its own event loop. That one is not installed with the app, because it loses about one of a thousand
messages; notebooks of other environments may still use it."""
TESTS = ("tests/test_session.py", "tests/work/test_bar.py", "tests/browser")
"""The tests in which work runs in a kernel; `tests/widgets` calls the panels in its own process."""


def main() -> str | int:
    """Test each version and print the outcomes; return the exit status or an error message."""
    versions = sys.argv[1:] or VERSIONS
    if message := prepare(ENVIRONMENT, "app,test"):
        return message
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
    """Run the tests in a separate process; return its exit status, and the outcome of each test."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [python, "-m", "pytest", "-q", *TESTS, f"--junit-xml={report}"]
        status = subprocess.run(command, cwd=ROOT, check=False).returncode
        cases = ET.parse(report).iter("testcase") if report.exists() else ()
        return status, {f"{case.get('classname')}::{case.get('name')}": outcome(case) for case in cases}


def outcome(case: ET.Element) -> str:
    """Return the outcome of a test in one word."""
    kinds = {child.tag for child in case}
    return next((kind for kind in ("error", "failure", "skipped") if kind in kinds), "passed")


def table(results: dict[str, dict[str, str]]) -> str:
    """Return a line for each test, with a column for each version."""
    tests = list(dict.fromkeys(name for column in results.values() for name in column))
    rows = [("", *results)]
    rows += [(name, *(column.get(name, "not run") for column in results.values())) for name in tests]
    width = max(map(len, tests), default=0)
    return "\n".join(f"{name:{width}}" + "".join(f"  {cell:8}" for cell in cells) for name, *cells in rows)


if __name__ == "__main__":
    sys.exit(main())
