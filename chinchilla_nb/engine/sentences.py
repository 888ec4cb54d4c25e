"""Sentences without a full stop, as the engine returns them, where they stand alone."""

from __future__ import annotations

__all__ = ["sentence"]


def sentence(text: str) -> str:
    """Return a text with a capital letter at its beginning and a full stop at its end."""
    return f"{text[:1].upper()}{text[1:]}."
