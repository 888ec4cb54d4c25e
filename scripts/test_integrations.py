"""Run the tests that need trackers and training frameworks, in an environment of their own: ``make integrations``."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from pathlib import Path

from make_environment import ROOT, ensure, install, prepare, python_of

ENVIRONMENT = ROOT / ".venv-integrations"
STAMP = ENVIRONMENT / "pyproject.toml"
"""A copy of the project's, made when the environment is complete: packages are installed again once they differ."""
TORCH = "torch>=2.4"
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
"""PyTorch without CUDA, which would take several gigabytes."""
OPTIONS = ("-q", "-W", "default", "-o", "pythonpath=tests/integrations", "tests/integrations")
"""What the libraries warn of is their own affair, and they would import modules of other tests that share a name with a
package of theirs."""
WAIT = 5
"""Seconds to wait for that index."""


def main() -> str | int:
    """Install what is missing and run the tests; return the exit status or an error message."""
    wanted = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    if not (STAMP.is_file() and STAMP.read_text(encoding="utf-8") == wanted):
        if message := ensure(ENVIRONMENT):
            return message
        install_torch(python_of(ENVIRONMENT))
        if message := prepare(ENVIRONMENT, "integrations"):
            return message
        STAMP.write_text(wanted, encoding="utf-8")
    return subprocess.run(
        [python_of(ENVIRONMENT), "-m", "pytest", *OPTIONS, *sys.argv[1:]], cwd=ROOT, check=False
    ).returncode


def install_torch(python: Path) -> None:
    """Install PyTorch without CUDA from its index, else from wheels on this machine; if neither has it, pip goes on."""
    if _answers(CPU_INDEX):
        install(python, ["--index-url", CPU_INDEX, TORCH])
    else:
        local = [python, "-m", "pip", "--quiet", "--no-input", "install", "--no-index", "--no-deps", TORCH]
        subprocess.run(local, stderr=subprocess.DEVNULL, check=False)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=WAIT):
            return True
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main())
