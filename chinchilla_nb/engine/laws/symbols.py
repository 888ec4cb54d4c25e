"""Exponents written as in formulas, where people read them and not code."""

from __future__ import annotations

import re

__all__ = ["in_symbols"]

_GREEK = {"alpha": "α", "beta": "β"}
# Not what is quoted, as in bounds['alpha']: that is code.
_NAMES = re.compile(r"(?<![\w'\"])(alpha|beta)(?=_[A-Z]\b|(?![\w'\"]))")


def in_symbols(text: str) -> str:
    """Return a text about a law with its exponents as symbols: ``α`` for ``alpha``, ``α_N`` for ``alpha_N``.

    Warnings and results name parameters as in code, which is what a cell needs; formulas and tiles have symbols.
    """
    return _NAMES.sub(lambda found: _GREEK[found.group()], text)
