"""Split CSV text into rows of any length, in one pass, and tell which values are quoted.

The module csv of Python refuses values of more than 131,072 characters, unless a limit of the process is changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

__all__ = ["BrokenRow", "Row", "split_rows"]

LONGEST = 20
"""Maximum number of characters of a text in a message."""


class Row(NamedTuple):
    """A row that is not blank.

    Attributes
    ----------
    line : int
        The line it begins on, from 1.
    values : list of str
        Without the quotes around them.
    quoted : list of bool
        Which values were quoted.
    begin, end : int
        Where it stands in the text, without the line break that ends it.
    mistake : str
        Why it is not valid; empty if it is.
    """

    line: int
    values: list[str]
    quoted: list[bool]
    begin: int
    end: int
    mistake: str


class BrokenRow(Exception):
    """A row whose end cannot be found, with the line it begins on."""

    def __init__(self, line: int, reason: str) -> None:
        self.line, self.reason = line, reason
        super().__init__(f"line {line}: {reason}")


def split_rows(text: str, separator: str = ",") -> Iterator[Row]:
    """Yield the rows of a CSV text.

    Rows end in a line break of any kind, blank ones are left out. A value that begins with a quote ends with one; in
    between, a doubled quote stands for one.

    Raises
    ------
    BrokenRow
        If a quote is not closed.
    """
    line = begun = 1
    begin = position = 0
    values: list[str] = []
    quoted: list[bool] = []
    mistake = ""
    for field in _fields(separator).finditer(text):
        inside, stray, plain, end = field.groups()
        if field.start() != position:
            raise BrokenRow(begun, "has a quote that is not closed")
        position = field.end()
        if inside is None:
            values.append(plain)
        else:
            values.append(inside.replace('""', '"') + stray)
            mistake = mistake or (f"has {stray[:LONGEST]!r} behind a closing quote" if stray else "")
            line += _line_breaks(inside)
        quoted.append(inside is not None)
        if end == separator:
            continue
        if values != [""] or quoted[0]:
            yield Row(begun, values, quoted, begin, field.start(4), mistake)
        if not end:
            return
        line = begun = line + 1
        begin, values, quoted, mistake = position, [], [], ""


@lru_cache
def _fields(separator: str) -> re.Pattern[str]:
    """Return the pattern of one value and what ends it."""
    plain = rf"[^{re.escape(separator)}\r\n]*"
    return re.compile(
        rf'(?:"([^"]*(?:""[^"]*)*)"({plain})|((?!"){plain}))({re.escape(separator)}|\r\n|\n|\r|\Z)', re.DOTALL
    )


def _line_breaks(text: str) -> int:
    return text.count("\n") + text.count("\r") - text.count("\r\n")
