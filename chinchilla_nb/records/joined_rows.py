"""Rows of several tables, one below the other, as columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chinchilla_nb.records.rows import REQUIRED

__all__ = ["arrays_of", "joined_columns"]

Arrays = Mapping[str, NDArray[Any]]


def arrays_of(table: pd.DataFrame) -> dict[str, NDArray[Any]]:
    """Return the columns of a table as arrays, C, N, D and loss as float64."""
    return {name: table[name].to_numpy(np.float64 if name in REQUIRED else None) for name in table.columns}


def joined_columns(parts: Sequence[Arrays]) -> dict[str, NDArray[Any]]:
    """Return the columns of all parts, in the order in which they appear, with NaN where a part has no such column.

    Parameters
    ----------
    parts : sequence of mapping of str to ndarray, shape (n_rows of the part,)
        At least one; as of `arrays_of`.
    """
    lengths = [len(part["N"]) for part in parts]
    filled = [(part, length) for part, length in zip(parts, lengths, strict=True) if length]
    columns: dict[str, NDArray[Any]] = {}
    for name in dict.fromkeys(name for part in parts for name in part):
        values = [part[name] if name in part else np.full(length, np.nan) for part, length in filled]
        columns[name] = _joined(values) if values else next(part[name] for part in parts if name in part)
    return columns


def _joined(parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
    kinds = {part.dtype.kind for part in parts}
    if len(kinds) == 1 or kinds == {"i", "f"}:
        return np.concatenate(parts)
    # Numbers and text, True and NaN, or integers beyond int64 and others, which NumPy makes floats: values keep their
    # types.
    return pd.Series([value for part in parts for value in part.tolist()]).to_numpy()
