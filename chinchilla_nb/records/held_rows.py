"""Rows in memory, always in step with how far their file has been read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from numpy.typing import NDArray

from chinchilla_nb.records.column_kinds import ColumnKinds
from chinchilla_nb.records.joined_rows import arrays_of, joined_columns
from chinchilla_nb.records.rows import as_integers
from chinchilla_nb.records.seen import Seen

__all__ = ["HeldRows"]

MOST_BATCHES = 1_000
"""Batches that are kept apart from the table: one copy of it in so many appends costs little for each of them."""


@dataclass(frozen=True, eq=False, slots=True)
class _Batch:
    """Rows that follow and are not in the table yet, as an append must not copy it."""

    rows: Sequence[Mapping[str, Any]] | pd.DataFrame
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
        self._columns = self._state, 0, arrays_of(table)
        self._kinds = self._state, ColumnKinds(table)

    @property
    def table(self) -> pd.DataFrame:
        """All rows; the same object until they change."""
        return self.snapshot()[0]

    @property
    def columns(self) -> dict[str, NDArray[Any]]:
        """All rows as one array for each column, C, N, D and loss as float64; the same object until the rows change.

        Rows that were added since the last call are joined to its arrays: their table is not needed.
        """
        state = self._state
        batches = list(state.batches)
        joined, count, columns = self._columns
        if joined is not state:
            count, columns = 0, arrays_of(state.table)
        if any(len(batch.rows) for batch in batches[count:]):
            columns = joined_columns([columns, *map(arrays_of, _frames(batches[count:]))])
        self._columns = state, len(batches), columns
        return columns

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
        self._fold()
        self._state.batches.append(_Batch(rows, len(self) + len(rows), seen))

    def add_read(self, rows: pd.DataFrame, seen: Seen) -> None:
        """Add the rows that follow in the file; those that were appended beyond what could be read are among them."""
        state = self._state
        if any(batch.seen is None for batch in state.batches):
            known = [batch for batch in state.batches if batch.seen is not None]
            self._state = _State(_with(state.table, [*known, _Batch(rows, 0, seen)]), seen)
            return
        self._fold()
        self._current_kinds().add(rows)
        self._state.batches.append(_Batch(rows, len(self) + len(rows), seen))

    def replace(self, table: pd.DataFrame, seen: Seen) -> None:
        """Hold a table instead."""
        self._state = _State(table, seen)

    def _fold(self) -> None:
        """Put the batches into the table if they are many, or are in a table anyway, so that they are kept once."""
        state, count, _ = self._joined
        batches = self._state.batches
        is_joined = state is self._state and 0 < count == len(batches)
        if not (is_joined or len(batches) >= MOST_BATCHES) or batches[-1].seen is None:
            return
        state, columns = self._state, self.columns
        table, seen = self.snapshot()
        self._state = folded = _State(table, seen)
        self._joined = folded, 0, table
        self._columns = folded, 0, columns
        if self._kinds[0] is state:
            self._kinds = folded, self._kinds[1]


def _seen(state: _State, batches: Sequence[_Batch]) -> Seen:
    return next((batch.seen for batch in reversed(batches) if batch.seen is not None), state.seen)


def _frames(batches: Sequence[_Batch]) -> list[pd.DataFrame]:
    """Return the rows of batches as tables, those of appends that follow each other as one."""
    frames: list[pd.DataFrame] = []
    appended: list[dict[str, Any]] = []
    for batch in batches:
        if isinstance(batch.rows, pd.DataFrame):
            frames += [pd.DataFrame(appended), batch.rows]
            appended = []
        else:
            appended += map(dict, batch.rows)
    return [frame for frame in (*frames, pd.DataFrame(appended)) if len(frame)]


def _with(table: pd.DataFrame, batches: Sequence[_Batch]) -> pd.DataFrame:
    """Return a table with the rows of batches below it."""
    frames = _frames(batches)
    if not frames:
        return table
    columns = joined_columns([arrays_of(one) for one in (table, *frames)])
    whole = {name: as_integers(columns[name]) for name in ("N", "D")}
    return pd.DataFrame({**columns, **whole})
