"""Appends to attack, and what must hold after each attack."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
from attacks.lines import STORAGE, before_line, interrupt

from chinchilla_nb.database import Database
from chinchilla_nb.records.csv_file import CsvFile

ROW = {"N": 1000, "D": 20_000, "loss": 3.25}

SCENES: dict[str, dict[str, Any]] = {
    "first": {},
    "next": {"before": 1},
    "after another's": {"before": 1, "others": 1},
    "column": {"before": 2, "more": {"lr": 0.1}},
    "several": {"before": 1, "rows": 3},
}


class Scene:
    """A database and an append to it, prepared anew for each line."""

    def __init__(self, folder: Path, before: int = 0, others: int = 0, rows: int = 1, more: dict | None = None) -> None:
        folder.mkdir()
        self.folder = folder
        self.database = Database(folder)
        for _ in range(before):
            self.database.append(**ROW)
        for _ in range(others):
            Database(folder).append(**{**ROW, "loss": 2.5})
        self.before = [3.25] * before + [2.5] * others
        self.rows = [{**ROW, "loss": 1.5, **(more or {})} for _ in range(rows)]

    def append(self) -> None:
        self.database.extend(self.rows)

    def check(self) -> None:
        """All rows of before, the new ones at most once, and the session shows what the file holds."""
        file = CsvFile(self.folder / "df.csv").read()
        assert file["loss"].tolist() in (self.before, [*self.before, *(row["loss"] for row in self.rows)])
        if len(file) > len(self.before):  # shown without being asked; rows of others need a refresh
            assert len(self.database.runs) == len(self.database) == len(file)
        self.database.refresh()
        pd.testing.assert_frame_equal(self.database.df[list(file)], file, check_dtype=False)
        # Nothing keeps the next append from succeeding: no lock, and nothing that was remembered.
        self.database.append(N=1, D=1, loss=1.25)
        Database(self.folder).append(N=1, D=1, loss=1.125)
        self.database.refresh()
        file = CsvFile(self.folder / "df.csv").read()
        assert file["loss"].tolist()[-2:] == self.database.df["loss"].tolist()[-2:] == [1.25, 1.125]
        assert {path.name for path in self.folder.iterdir()} <= {"df.csv", "df.csv.lock"}


def interrupted(scene: Scene, line: int) -> bool:
    """Interrupt an append before a line and check the scene; return whether the append has that many lines."""
    try:
        with before_line(line, STORAGE, interrupt) as happened:
            scene.append()
    except KeyboardInterrupt:
        pass
    scene.check()
    return happened()


def killed(scene: Scene, line: int) -> bool:
    """Kill a process that appends before a line and check the scene; return whether the append has that many lines."""
    child = os.fork()
    if child == 0:  # nothing but the append, and no cleaning up
        with before_line(line, STORAGE, lambda: os.kill(os.getpid(), signal.SIGKILL)):
            scene.append()
        os._exit(0)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert ended in (0, -signal.SIGKILL)
    for draft in scene.folder.glob(".*.chinchilla_nb"):  # a killed process cannot remove it
        draft.unlink()
    scene.database.refresh()
    scene.check()
    return ended != 0


def attack_lines(folder: Path, attack: Callable[[Scene, int], bool], name: str, first: int = 1, step: int = 1) -> int:
    """Attack an append before every line, or before some; return the number of attacks."""
    for attacks, line in enumerate(range(first, 100_000, step)):
        if not attack(Scene(folder / str(line), **SCENES[name]), line):
            return attacks
    raise AssertionError("the append never ends")
