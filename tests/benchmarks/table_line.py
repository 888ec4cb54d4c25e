"""A table of figures, printed line by line."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Line", "print_table"]

HEAD = "| what | seconds | against | seconds | ratio |\n|---|---|---|---|---|"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: what is timed, what it is compared with, and seconds (or MB) of both."""

    what: str
    ours: float
    against: str
    theirs: float
    ratio: float

    def __str__(self) -> str:
        return f"| {self.what} | {self.ours:.3g} | {self.against} | {self.theirs:.3g} | {self.ratio:.3g} |"


def print_table(parts: Mapping[str, Callable[[], Iterator[Line]]], names: Sequence[str]) -> None:
    """Print the lines of the parts with these names, or of all, each when it is known."""
    logging.disable(logging.INFO)  # what is said of each table that is opened
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
    print(HEAD)
    for name in names or parts:
        for line in parts[name]():
            print(line, flush=True)
