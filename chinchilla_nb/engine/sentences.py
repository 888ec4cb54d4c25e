"""Sentences without a full stop, as the engine returns them, where they stand alone."""

from __future__ import annotations

__all__ = ["sentence", "stopped"]


def sentence(text: str) -> str:
    """Return a text with a capital letter at its beginning and a full stop at its end, unless it ends as a question.

    A symbol such as α stays: its capital letter is another symbol.
    """
    first = text[:1]
    return f"{first.upper() if first.isascii() else first}{stopped(text)[1:]}"


def stopped(text: str) -> str:
    """Return a text with a full stop at its end, unless it ends as a question; it may begin with a name."""
    return text if text[-1:] == "?" else f"{text}."
