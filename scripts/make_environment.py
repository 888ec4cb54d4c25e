"""Make a virtual environment and install the project into it, using nothing but Python.

``python scripts/make_environment.py .venv app,test [--constraint FILE]``
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OLDEST_PYTHON = (3, 10)
NOISE = ("WARNING: Location ",)
"""Beginnings of pip's remarks about the configuration of the machine, which the project cannot fix."""


def main() -> str | None:
    """Make the environment; return an error message to exit with if that fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("environment", type=Path)
    parser.add_argument("extras")
    parser.add_argument("--constraint", type=Path)
    arguments = parser.parse_args()
    return prepare(arguments.environment, arguments.extras, arguments.constraint)


def prepare(environment: Path, extras: str, constraint: Path | None = None) -> str | None:
    """Make the environment if there is none and install the project; return an error message if that fails."""
    if message := ensure(environment):
        return message
    print(f"installing into {environment}: this takes a few minutes, once", flush=True)
    what = ["--editable", f"{ROOT}[{extras}]"]
    if constraint is not None:
        what += ["--constraint", str(constraint)]
    if not install(python_of(environment), what):
        return f"pip could not install chinchilla-nb[{extras}]: see above"
    return None


def ensure(environment: Path) -> str | None:
    """Make the environment if there is none; return an error message if that fails."""
    if sys.version_info < OLDEST_PYTHON:
        found = ".".join(map(str, sys.version_info[:3]))
        return (
            f"Python 3.10 or newer is needed, but {sys.executable} is {found}: "
            "name another with make PYTHON=python3.12 ..."
        )
    if not _runs(python_of(environment)) and not make(environment):
        return "no virtual environment could be made: install Python's venv module (Debian: apt install python3-venv)"
    return None


def python_of(environment: Path) -> Path:
    """Return the Python of an environment."""
    return environment / ("Scripts" if os.name == "nt" else "bin") / "python"


def make(environment: Path) -> bool:
    """Make an empty environment; as root on Debian, install the separate package that this needs there."""
    command = [sys.executable, "-m", "venv", "--clear", str(environment)]
    if _succeeds(command):
        return True
    if not (shutil.which("apt-get") and os.geteuid() == 0):
        return False
    print("installing Debian's python3-venv", flush=True)
    return (
        _succeeds(["apt-get", "-qq", "update"])
        and _succeeds(["apt-get", "-qq", "install", "-y", "python3-venv"])
        and _succeeds(command)
    )


def install(python: Path, what: list[str]) -> bool:
    """Run pip quietly, printing all its output except the known noise."""
    command = [str(python), "-m", "pip", "--quiet", "--no-input", "--disable-pip-version-check", "install", *what]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:
        for line in pip.stdout or ():
            if not line.startswith(NOISE):
                print(line, end="", flush=True)
    return pip.returncode == 0


def _runs(python: Path) -> bool:
    return python.exists() and _succeeds([str(python), "-m", "pip", "--version"])


def _succeeds(command: list[str]) -> bool:
    return subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
