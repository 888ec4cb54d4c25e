"""Find an interpreter of another version of Python on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

__all__ = ["find_python"]


def find_python(*versions: tuple[int, int]) -> str | None:
    """Return the path of a Python of the first version that is installed; None if no version is.

    This interpreter comes first, then the one on PATH, then those of pyenv.
    """
    for version in versions:
        if found := _of_version(version):
            return found
    return None


def _of_version(version: tuple[int, int]) -> str | None:
    if sys.version_info[:2] == version:
        return sys.executable
    name = ".".join(map(str, version))
    path = shutil.which(f"python{name}")
    # pyenv puts a shim on PATH that fails if the version is not active.
    if path and subprocess.run([path, "--version"], capture_output=True, check=False).returncode == 0:
        return path
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    kept = sorted(pyenv.glob(f"versions/{name}.*/bin/python3"))
    return str(kept[-1]) if kept else None
