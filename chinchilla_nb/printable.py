"""Text of others, such as a name in a table, as it can be shown: without control characters, and not too long."""

from __future__ import annotations

import re

__all__ = ["printable", "shortened"]

UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, line breaks included, marks that change the order of the text around them, and surrogates, which
stand for the bytes of a file name that are not UTF-8."""


def printable(text: str) -> str:
    r"""Return a text with its control characters as escapes, ``\x1b`` for the one that starts commands to a terminal.

    File names, configurations and tables may come from somebody else. A terminal interprets the control characters in
    them: they can clear a message or change the title of the window. A line break can make one message look like two.
    """
    return UNPRINTABLE.sub(_escape, text)


def shortened(text: str, longest: int) -> str:
    """Return at most so many characters of a text, the last one an ellipsis if more follow."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _escape(found: re.Match[str]) -> str:
    return ascii(found.group())[1:-1]
