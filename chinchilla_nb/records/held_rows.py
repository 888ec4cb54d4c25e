"""Rows in memory, always in step with how far their file has been read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from chinchilla_nb.records.column_kinds import ColumnKinds
from chinchilla_nb.records.rows import REQUIRED, as_integers
from chinchilla_nb.records.seen import Seen

__all__ = ["HeldRows"]


@dataclass(frozen=True, eq=False, slots=True)
class _Batch:
    """Appended rows that are not in the table yet, as an append must not copy it."""

    rows: Sequence[Mapping[str, Any]]
    total: int  # rows up to here
    seen: Seen | None  # the file up to here; None if these rows lie beyond what could be read


@dataclass(frozen=True, eq=False, slots=True)
class _State:
    table: pd.DataFrame
    seen: Seen
    batches: list[_Batch] = field(default_factory=list)


class HeldRows:
    """The rows of a file as far as it has been read, and those appended since.

    Every change is a single step, the assignment of one attribute or the append to one list, so that neither an
    interrupt nor another thread finds rows without the place in the file up to which they reach. Changes must not be
    made by two threads at once; reading needs no lock.

    Parameters
    ----------
    table : DataFrame
    seen : Seen
        The part of the file that holds exactly these rows.
    """

    def __init__(self, table: pd.DataFrame, seen: Seen) -> None:
        self._state = _State(table, seen)
        self._joined = self._state, 0, table
        self._kinds = self._state, ColumnKinds(table)

    @property
    def table(self) -> pd.DataFrame:
        """All rows; the same object until they change."""
        return self.snapshot()[0]

    @property
    def seen(self) -> Seen:
        """How far the file has been read."""
        return _seen(self._state, self._state.batches)

    def snapshot(self) -> tuple[pd.DataFrame, Seen]:
        """Return all rows, and how far the file had been read when these were all."""
        state = self._state
        batches = list(state.batches)
        joined, count, table = self._joined
        if joined is not state:
            count, table = 0, state.table
        if len(batches) > count:
            table = _with(table, batches[count:])
        self._joined = state, len(batches), table
        return table, _seen(state, batches)

    def __len__(self) -> int:
        state = self._state
        return state.batches[-1].total if state.batches else len(state.table)

    def as_read(self, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]] | None:
        """Return rows that are about to be added as their file reads them back; None if it has to be read for that."""
        return self._current_kinds().as_read(rows)

    def goes_with(self, rows: pd.DataFrame) -> bool:
        """Return whether rows that follow in the file, read alone, are what they are when all rows are read."""
        return not len(rows) or self._current_kinds().goes_with(rows)

    def _current_kinds(self) -> ColumnKinds:
        state, kinds = self._kinds
        if state is not self._state:
            state, kinds = self._state, ColumnKinds(self.table)
            self._kinds = state, kinds
        return kinds

    def add(self, rows: Sequence[Mapping[str, Any]], seen: Seen | None) -> None:
        """Add rows that were appended to the file; None if others have written what could not be read."""
        state, count, table = self._joined
        if state is self._state and count and count == len(state.batches) and state.batches[-1].seen is not None:
            self._state = _State(table, state.batches[-1].seen)  # so that batches that are in a table are kept once
            self._joined = self._state, 0, table
            if self._kinds[0] is state:
                self._kinds = self._state, self._kinds[1]
        self._state.batches.append(_Batch(rows, len(self) + len(rows), seen))

    def add_read(self, rows: pd.DataFrame, seen: Seen) -> None:
        """Add the rows that follow in the file; those that were appended beyond what could be read are among them."""
        state, table = self._state, self.table
        if any(batch.seen is None for batch in state.batches):
            table = _with(state.table, [batch for batch in state.batches if batch.seen is not None])
        self._state = _State(_joined(table, rows) if len(rows) else table, seen)

    def replace(self, table: pd.DataFrame, seen: Seen) -> None:
        """Hold a table instead."""
        self._state = _State(table, seen)


def _seen(state: _State, batches: Sequence[_Batch]) -> Seen:
    return next((batch.seen for batch in reversed(batches) if batch.seen is not None), state.seen)


def _with(table: pd.DataFrame, batches: Sequence[_Batch]) -> pd.DataFrame:
    rows = [dict(row) for batch in batches for row in batch.rows]
    return _joined(table, pd.DataFrame(rows)) if rows else table


def _joined(table: pd.DataFrame, more: pd.DataFrame) -> pd.DataFrame:
    """Return both tables as one, with the columns of both and NaN where a row has no value."""
    names = [*table.columns, *(name for name in more.columns if name not in table.columns)]
    columns: dict[str, Any] = {}
    for name in names:
        parts = [
            part[name].to_numpy() if name in part else np.full(len(part), np.nan) for part in (table, more) if len(part)
        ]
        if not parts:
            columns[name] = table[name] if name in table else more[name]
        elif name in REQUIRED:
            values = np.concatenate([part.astype(np.float64) for part in parts])
            columns[name] = as_integers(values) if name in ("N", "D") else values
        elif len({part.dtype.kind for part in parts}) == 1 or all(part.dtype.kind in "iuf" for part in parts):
            columns[name] = np.concatenate(parts)
        else:  # numbers and text, or True and NaN: values keep their types
            columns[name] = pd.Series([value for part in parts for value in part.tolist()])
    return pd.DataFrame(columns)
