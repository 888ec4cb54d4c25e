"""Run the tests on the oldest Python and the oldest dependencies that pyproject.toml allows: ``make bounds``.

Arguments are passed to pytest: ``python scripts/test_bounds.py -x tests/records``.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from find_python import find_python
from make_environment import OLDEST_PYTHON, ROOT, python_of

ENVIRONMENT = ROOT / ".venv-bounds"
ALSO = ["pyparsing<3.3"]
"""The oldest matplotlib calls functions that newer pyparsing deprecates, and warnings are errors in tests."""


def main() -> str | int:
    """Make the environment and run the tests; return their exit status or an error message."""
    python = find_python(OLDEST_PYTHON)
    if python is None:
        return "Python 3.10 is needed to test the oldest versions: install it as python3.10 on PATH, or with pyenv"
    with tempfile.TemporaryDirectory() as folder:
        constraint = Path(folder) / "oldest.txt"
        constraint.write_text("\n".join([*lower_bounds(), *ALSO]), encoding="utf-8")
        script = [python, "scripts/make_environment.py", str(ENVIRONMENT), "app,docs,test"]
        script += ["--constraint", str(constraint)]
        if status := subprocess.run(script, cwd=ROOT, check=False).returncode:
            return status
    tests = [str(python_of(ENVIRONMENT)), "-m", "pytest", "-q", *sys.argv[1:]]
    return subprocess.run(tests, cwd=ROOT, check=False).returncode


def lower_bounds() -> list[str]:
    """Return the lower bounds on the dependencies of the package and its extras, as constraints for pip."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    # Python 3.10, on which this must run, cannot read TOML.
    lists = re.findall(r"^(?:dependencies|app|parquet|excel) = \[(.*?)\]", text, flags=re.MULTILINE | re.DOTALL)
    return [f"{name}=={version}" for name, version in re.findall(r'"([\w-]+)>=([\d.]+)"', " ".join(lists))]


if __name__ == "__main__":
    sys.exit(main())
