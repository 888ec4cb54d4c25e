"""List the files of a log folder, within limits: somebody may name their home folder."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["LogTree", "files_below"]

DEEPEST = 8
"""Levels of folders below the given one: trackers use at most five."""
MOST_FILES = 200_000
"""Files and folders that are looked at, which takes about a second. An MLflow store of 4,000 runs has so many."""
_SKIPPED = frozenset({"node_modules", "site-packages", "__pycache__"})
"""Folders of installed packages, which can hold very many files."""


@dataclass(frozen=True, slots=True)
class LogTree:
    """The files in a folder and in those below it.

    Attributes
    ----------
    files : tuple of Path
        Sorted.
    complete : bool
        Whether these are all, and not only the first `MOST_FILES`.
    """

    files: tuple[Path, ...]
    complete: bool


def files_below(folder: Path) -> LogTree:
    """Return the files in a folder and in those below it.

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
                inside = list(entries)
        except OSError:
            if not depth:
                raise
            continue
        seen += len(inside)
        found += [entry.path for entry in inside if entry.is_file(follow_symlinks=False)]
        if depth < DEEPEST:
            todo += [(path, depth + 1) for path in _folders(inside)]
    return LogTree(tuple(map(Path, sorted(found))), not todo)


def _folders(entries: Sequence[os.DirEntry[str]]) -> list[str]:
    """Return the folders to look into, which the models and pictures of a run of MLflow are not in."""
    is_run = any(entry.name == "meta.yaml" for entry in entries)
    skipped = _SKIPPED | ({"artifacts"} if is_run else set())
    return [
        entry.path
        for entry in entries
        if entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".") and entry.name not in skipped
    ]
