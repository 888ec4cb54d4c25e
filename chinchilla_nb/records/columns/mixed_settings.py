"""Settings in which the runs of one table differ, so that one law may not describe them all."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.sentences import enumerated
from chinchilla_nb.records.columns.cells import is_empty
from chinchilla_nb.records.columns.names import ColumnName
from chinchilla_nb.records.columns.word_lists import words_of

__all__ = ["mixed_settings"]

KINDS = words_of(
    "arch architecture architectures family optimizer optimiser optim opt tokenizer tokeniser dataset corpus schedule "
    "scheduler activation attention norm positional recipe precision dtype"
)
"""Settings by name: runs that differ in one of them may follow laws of their own."""
NUMBERS = words_of("lr learning rate batchsize bs wd decay warmup dropout")
"""Settings by number: a study that tunes them for each size has one value a size, and a sweep has several."""
OTHERS = words_of("time final last max min peak start end loss tokens params steps step embedding size")
"""Words beside these that make the name one of something else."""
MOST_KINDS = 20
"""Values of a setting by name; more of them are names of runs."""
SHOWN = 3
"""Values of a setting that a sentence lists."""


def mixed_settings(
    names: Mapping[str, ColumnName],
    rows: Sequence[Mapping[str, Any]],
    N: NDArray[np.float64] | None,
    used: Collection[str],
) -> str:
    """Return in which settings the runs differ, in a sentence without a full stop; empty if in none.

    Parameters
    ----------
    names : mapping of str to ColumnName
    rows : sequence of mapping of str to value
        The runs.
    N : ndarray of float64, shape (n_rows,), or None
        The size of each row, if it is known.
    used : collection of str
        Columns that hold quantities, and are no settings.
    """
    found = [one for column, name in names.items() if column not in used and (one := _said(name, rows, N))]
    if not found:
        return ""
    remedy = "compare them as groups, and exclude those that follow another law"
    return f"the runs differ in {enumerated(found)}, and one law is fitted to all of them: {remedy}"


def _said(name: ColumnName, rows: Sequence[Mapping[str, Any]], N: NDArray[np.float64] | None) -> str:
    """Return a setting and its values, ``'optimizer' ('adam', 'muon')``; empty if the runs do not differ in it."""
    words = set(name.words)
    if words & OTHERS or not words & (KINDS | NUMBERS):
        return ""
    texts: dict[tuple[type, Any], str] = {}  # 1, 1.0 and True are equal and written differently
    values = [_text_of(row.get(name.column), texts) for row in rows]
    distinct = [one for one in dict.fromkeys(values) if one]
    if not 1 < len(distinct) <= MOST_KINDS:
        return ""
    if words & KINDS:
        return f"{name.column!r} ({', '.join(distinct[:SHOWN])}{', ...' if len(distinct) > SHOWN else ''})"
    return f"{name.column!r} ({len(distinct)} values)" if N is not None and _differ_within_a_size(values, N) else ""


def _text_of(value: Any, known: dict[tuple[type, Any], str]) -> str:
    """Return `_text` of a value, once for all rows that have it."""
    if not isinstance(value, (str, float, int)):  # such as a list, which cannot be looked up
        return _text(value)
    key = type(value), value
    if key not in known:
        known[key] = _text(value)
    return known[key]


def _text(value: Any) -> str:
    """Return a value of a cell as a sentence shows it; nothing for an empty cell."""
    return "" if is_empty(value) or value != value else brief(value)


def _differ_within_a_size(values: Sequence[str], N: NDArray[np.float64]) -> bool:
    """Return whether runs of one size have several values."""
    of_size: dict[float, str] = {}
    return any(of_size.setdefault(size, one) != one for one, size in zip(values, N.tolist(), strict=True) if one)
