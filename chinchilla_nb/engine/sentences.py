"""Sentences, and lists of words in them."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["enumerated", "sentence", "stopped"]


def enumerated(words: Sequence[str]) -> str:
    """Return words as they are listed in a sentence: ``E, alpha and beta``."""
    return " and ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)


def sentence(text: str) -> str:
    """Return a text with a capital letter at its beginning and a full stop at its end, unless it ends as a question.

    A symbol such as α stays: its capital letter is another symbol.
    """
    first = text[:1]
    return f"{first.upper() if first.isascii() else first}{stopped(text)[1:]}"


def stopped(text: str) -> str:
    """Return a text with a full stop at its end, unless it ends as a question; it may begin with a name."""
    return text if text[-1:] == "?" else f"{text}."
