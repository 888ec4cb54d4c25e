"""What people write into a cell that holds nothing."""

from __future__ import annotations

__all__ = ["MISSING"]

MISSING = frozenset({"", "-", "--", "\u2013", "\u2014", "na", "n/a", "#n/a", "<na>", "null", "none", "?", "tbd"})
"""Texts in lower case; a column of numbers may hold them beside its numbers."""
