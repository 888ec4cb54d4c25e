"""Rows in memory, always in step with how far their file has been read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.records.column_case import columns_of
from chinchilla_nb.records.column_kinds import ColumnKinds
from chinchilla_nb.records.joined_rows import arrays_of, joined_columns
from chinchilla_nb.records.rows import REQUIRED, as_integers
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
        self._runs: tuple[_State, int, Runs] | None = None
        self._kinds = self._state, ColumnKinds(table)
        self._columns = self._state, 0, frozenset(map(str, table.columns))

    @property
    def table(self) -> pd.DataFrame:
        """All rows; the same object until they change."""
        return self.snapshot()[0]

    @property
    def runs(self) -> Runs:
        """All rows as runs; the same object until the rows change.

        Rows that were added since the last call are appended to its runs: their table is not needed.
        """
        state = self._state
        batches = list(state.batches)
        if self._runs is not None and self._runs[0] is state:
            _, count, runs = self._runs
        else:
            count, runs = 0, _runs_of(arrays_of(state.table))
        if any(len(batch.rows) for batch in batches[count:]):
            runs = _followed(runs, joined_columns([*map(arrays_of, _frames(batches[count:]))]))
        self._runs = state, len(batches), runs
        return runs

    @property
    def columns(self) -> frozenset[str]:
        """The names of all columns, at the cost of the rows that were added since the last call."""
        state = self._state
        batches = list(state.batches)
        known, count, names = self._columns
        if known is not state:
            count, names = 0, frozenset(map(str, state.table.columns))
        added = (batch.rows for batch in batches[count:])
        names = names.union(*(rows.columns if isinstance(rows, pd.DataFrame) else columns_of(rows) for rows in added))
        self._columns = state, len(batches), names
        return names

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
        state, made = self._state, self._runs
        runs = self.runs if made is not None and made[0] is state else None
        table, seen = self.snapshot()
        self._state = folded = _State(table, seen)
        self._joined = folded, 0, table
        if runs is not None:
            self._runs = folded, 0, runs
        if self._kinds[0] is state:
            self._kinds = folded, self._kinds[1]


def _runs_of(columns: Mapping[str, NDArray[Any]]) -> Runs:
    others = {name: values for name, values in columns.items() if name not in REQUIRED}
    return Runs(columns["N"], columns["D"], columns["loss"], columns["C"], others)


def _followed(runs: Runs, columns: Mapping[str, NDArray[Any]]) -> Runs:
    """Return runs and then those of columns, at the cost of these unless they change the type of a column."""
    before = {"C": runs.C, "N": runs.N, "D": runs.D, "loss": runs.loss, **runs.columns}
    last = {name: values[-1:] for name, values in before.items()}
    joined = joined_columns([last, columns])
    if len(runs) and _types(joined) == _types(before):
        return runs.followed_by(_runs_of({name: values[1:] for name, values in joined.items()}))
    return _runs_of(joined_columns([before, columns]))


def _types(columns: Mapping[str, NDArray[Any]]) -> dict[str, np.dtype[Any]]:
    return {name: values.dtype for name, values in columns.items()}


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
