"""The file that a study keeps what it has measured in, so that it can be resumed after any end.

Its first line says what the study asks, and each further one holds a piece, in JSON. A line that returned is on disk;
one that was cut off is removed before the next is written. Numbers read back to the same float.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.simulation.study import Piece
from chinchilla_nb.records.locks import NOTICE, FileHold
from chinchilla_nb.whole_file import explain_write_errors

__all__ = ["StudyFile"]

FORMAT = "chinchilla_nb study 1"
Measured = dict[str, NDArray[Any]]


class StudyFile:
    """A checkpoint file; while it is open, no other study writes to it.

    Parameters
    ----------
    path : Path
    asked : mapping of str to object
        What the study asks, as JSON can hold it.

    Raises
    ------
    InputError
        If it is a folder or a device, or not a file of a study, or of another study; the error names what differs.
    OSError
        If it cannot be read or written, or another study is writing to it.
    """

    def __init__(self, path: Path, asked: Mapping[str, Any]) -> None:
        if path.exists() and not path.is_file():
            raise InputError("checkpoint", "must be the path of a file", got=brief(str(path)))
        self.path, self._asked = path, json.loads(json.dumps(asked))
        # A study holds the file for as long as it computes, which is not worth waiting for.
        self._hold = FileHold(path.with_name(f".{path.name}.lock"), path, lambda _message: None, patience=NOTICE)
        self._hold.acquire()
        try:
            self.known = self._read()
        except BaseException:
            self._hold.release()
            raise

    def close(self) -> None:
        """Let others write to the file."""
        self._hold.release()

    def append(self, piece: Piece, found: Mapping[str, NDArray[Any]]) -> None:
        """Write a piece; it is on disk when this returns."""
        values = {name: column.tolist() for name, column in found.items()}
        self._write({"piece": [piece.cell, piece.first, piece.count], "measured": values})

    def _write(self, content: Mapping[str, Any]) -> None:
        with explain_write_errors(self.path), self.path.open("ab") as file:
            file.write(json.dumps(content).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def _read(self) -> dict[Piece, Measured]:
        """Return the pieces in the file, after a line that was cut off has been removed; begin it if it is new."""
        content = self.path.read_bytes() if self.path.exists() else b""
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) < len(content) and (whole or _begins_a_study(content)):
            with explain_write_errors(self.path):
                os.truncate(self.path, len(whole))
        elif len(whole) < len(content):
            raise self._refusal()
        if not whole:
            self._write({"format": FORMAT, "asked": self._asked})
            return {}
        first, *lines = whole.splitlines()
        self._check(first)
        return dict(self._piece(line, number) for number, line in enumerate(lines, 2))

    def _check(self, first: bytes) -> None:
        try:
            head = json.loads(first)
            is_study = isinstance(head, dict) and head.get("format") == FORMAT and isinstance(head.get("asked"), dict)
        except ValueError:
            is_study = False
        if not is_study:
            raise self._refusal()
        before = head["asked"]
        for name in dict.fromkeys([*self._asked, *before]):
            if before.get(name) != self._asked.get(name):
                rule = f"is of a study with other {name}"
                got = _difference(before.get(name), self._asked.get(name))
                raise InputError(str(self.path), rule, got=got, remedy="give another checkpoint, or move it away")

    def _piece(self, line: bytes, number: int) -> tuple[Piece, Measured]:
        try:
            content = json.loads(line)
            measured = {str(name): np.array(values) for name, values in content["measured"].items()}
            piece = Piece(*(int(part) for part in content["piece"]))
            is_whole = "repetition" in measured and all(len(column) == piece.count for column in measured.values())
        except (ValueError, TypeError, KeyError, AttributeError):
            is_whole = False
        if not is_whole:
            remedy = "move it away to begin again"
            raise InputError(f"line {number} of {self.path}", "is damaged", remedy=remedy)
        return piece, measured

    def _refusal(self) -> InputError:
        return InputError(str(self.path), "is not the checkpoint of a study", remedy="give another path")


def _difference(before: Any, now: Any) -> str:
    """Return what a file holds and what is asked now; of lists, the values that only one of them has."""
    if isinstance(before, list) and isinstance(now, list):
        only_before, only_now = ([one for one in before if one not in now], [one for one in now if one not in before])
        before, now = (only_before, only_now) if only_before or only_now else (before, now)
    return f"{brief(before)} instead of {brief(now)}"


def _begins_a_study(content: bytes) -> bool:
    """Return whether content without a whole line is the beginning of such a file."""
    head = json.dumps({"format": FORMAT}).encode()[:-1]
    return content[: len(head)] == head[: len(content)]
