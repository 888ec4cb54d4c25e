"""Install a package that the project is compared with into an environment of its own.

``python scripts/make_peer.py .venv-peer chinchilla==0.2.0 [3.12]``; the version is the oldest Python that it runs on.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from find_python import find_python
from make_environment import OLDEST_PYTHON, install, python_of

NEWEST_MINOR = 14


def main(environment: str, package: str, oldest: str = ".".join(map(str, OLDEST_PYTHON))) -> str | None:
    """Make the environment; return an error message to exit with if that fails."""
    major, minor = map(int, oldest.split("."))
    python = find_python(*((major, newer) for newer in range(minor, NEWEST_MINOR + 1)))
    if python is None:
        return f"{package} runs on Python {oldest} or newer: install one on PATH, or with pyenv"
    folder = Path(environment)
    subprocess.run([python, "-m", "venv", folder], check=True)
    if not install(python_of(folder), [package]):
        shutil.rmtree(folder)
        return f"pip could not install {package}: see above"
    return None


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
