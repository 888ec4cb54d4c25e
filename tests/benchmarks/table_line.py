"""One line of a table of figures."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["HEAD", "Line"]

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
