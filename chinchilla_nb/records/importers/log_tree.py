"""List the files of a log folder, within limits: somebody may name their home folder."""

from __future__ import annotations

import os
from collections import deque
from pathlib import Path

__all__ = ["files_below"]

DEEPEST = 8
"""Levels of folders below the given one: trackers use at most five."""
MOST_FILES = 200_000
"""Files and folders that are looked at, which takes about a second. An MLflow store of 4,000 runs has so many."""
SKIPPED = frozenset({"artifacts", "node_modules", "site-packages", "__pycache__"})
"""Folders without logs that can hold very many files; `artifacts` is MLflow's folder for models and pictures."""


def files_below(folder: Path) -> tuple[Path, ...]:
    """Return the files in a folder and in those below it, sorted.

    Hidden folders, such as MLflow's ``.trash``, and symbolic links, such as W&B's ``latest-run``, are not followed.
    Folders that cannot be read count as empty.

    Raises
    ------
    OSError
        If the folder itself cannot be read.
    """
    found: list[str] = []
    seen = 0
    todo = deque([(os.fspath(folder), 0)])
    while todo and seen < MOST_FILES:
        name, depth = todo.popleft()
        try:
            with os.scandir(name) as entries:
                for entry in entries:
                    seen += 1
                    if entry.is_dir(follow_symlinks=False):
                        if depth < DEEPEST and not entry.name.startswith(".") and entry.name not in SKIPPED:
                            todo.append((entry.path, depth + 1))
                    elif entry.is_file(follow_symlinks=False):
                        found.append(entry.path)
        except OSError:
            if not depth:
                raise
    return tuple(map(Path, sorted(found)))
