"""Settings in which the runs of one table differ, so that one law may not describe them all."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.records.columns.names import ColumnName
from chinchilla_nb.records.columns.values import Columns
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
    names: Mapping[str, ColumnName], columns: Columns, N: NDArray[np.float64] | None, used: Collection[str]
) -> str:
    """Return in which settings the runs differ, in a sentence without a full stop; empty if in none.

    Parameters
    ----------
    names : mapping of str to ColumnName
    columns : Columns
    N : ndarray of float64, shape (n_rows,), or None
        The size of each row, if it is known.
    used : collection of str
        Columns that hold quantities, and are no settings.
    """
    found = [one for column, name in names.items() if column not in used and (one := _said(name, columns, N))]
    if not found:
        return ""
    listed = found[0] if len(found) == 1 else f"{', '.join(found[:-1])} and {found[-1]}"
    return f"the runs differ in {listed}, and one law is fitted to all of them: leave out those that follow another law"


def _said(name: ColumnName, columns: Columns, N: NDArray[np.float64] | None) -> str:
    """Return a setting and its values, ``'optimizer' ('adam', 'muon')``; empty if the runs do not differ in it."""
    words = set(name.words)
    if words & OTHERS or not words & (KINDS | NUMBERS):
        return ""
    values = [row.get(name.column) for row in columns.table.rows]
    distinct = [one for one in dict.fromkeys(map(_hashable, values)) if one is not None]
    if not 1 < len(distinct) <= MOST_KINDS:
        return ""
    if words & KINDS:
        return f"{name.column!r} ({', '.join(map(brief, distinct[:SHOWN]))}{', ...' * (len(distinct) > SHOWN)})"
    if N is None or not any(len(set(some)) > 1 for some in _by_size(values, N)):
        return ""
    return f"{name.column!r} ({len(distinct)} values)"


def _hashable(value: Any) -> Any:
    """Return a value of a cell, None if it is empty."""
    return None if value is None or value == "" or value != value else value


def _by_size(values: list[Any], N: NDArray[np.float64]) -> Iterator[list[Any]]:
    """Yield the values of the rows of each size."""
    for size in np.unique(N[np.isfinite(N)]):
        yield [value for value, own in zip(map(_hashable, values), N.tolist(), strict=True) if own == size and value]
