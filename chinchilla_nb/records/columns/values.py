"""The numbers that the columns of a table hold, and which of them a quantity can have."""

from __future__ import annotations

from dataclasses import dataclass
from types import NoneType

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.checks import brief
from chinchilla_nb.records.columns.cells import Cell, is_empty, read_cell
from chinchilla_nb.records.columns.sources import AnySource, Product
from chinchilla_nb.records.columns.units import UNITS
from chinchilla_nb.records.tables import Table

__all__ = ["LARGEST_LOSS", "PLAUSIBLE", "Columns", "alike", "is_plausible"]

LARGEST_LOSS = 15.0
"""Nats per token: guessing among a million tokens, more than any vocabulary has, costs ln 10⁶ = 13.8."""
PLAUSIBLE = {"N": (1e3, 1e13), "D": (1e4, 1e15), "C": (1e8, 1e29), "loss": (1e-3, LARGEST_LOSS)}
"""Ranges of the quantities, from models of a thousand parameters to ten times the largest known."""
READABLE = 0.5
"""Share of the filled cells that must be numbers for a column to be one of numbers; the other rows are reported."""


@dataclass(frozen=True, eq=False, slots=True)
class Values:
    """What a column holds.

    Attributes
    ----------
    numbers : ndarray of float64, shape (n_rows,)
        NaN where a cell is empty or cannot be read.
    units : dict of int to str
        Units that stand in cells, by row.
    filled, readable : int
        Number of cells that are not empty, and of those that hold a number, NaN included.
    text : str
        The first cell that cannot be read, as a message shows it; empty if there is none.
    """

    numbers: NDArray[np.float64]
    units: dict[int, str]
    filled: int
    readable: int
    text: str

    @property
    def are_numbers(self) -> bool:
        """Whether the column holds numbers rather than text."""
        return self.readable > 0 and self.readable >= READABLE * self.filled

    @property
    def is_constant(self) -> bool:
        """Whether all rows that have a number have the same one."""
        finite = self.numbers[np.isfinite(self.numbers)]
        return finite.size > 0 and bool(np.all(finite == finite[0]))


class Columns:
    """The columns of a table, each read when it is first asked for.

    Parameters
    ----------
    table : Table
    """

    def __init__(self, table: Table) -> None:
        self.table = table
        self._values: dict[str, Values] = {}
        self._texts: dict[str, list[str]] = {}

    def __getitem__(self, column: str) -> Values:
        if column not in self._values:
            self._values[column] = self._read(column)
        return self._values[column]

    def quantity(self, source: AnySource) -> NDArray[np.float64]:
        """Return what a source gives in every row, NaN where it gives nothing; shape (n_rows,)."""
        if isinstance(source, Product):
            product = np.full(len(self.table.rows), source.factor)
            for column in source.columns:
                product = product * self[column].numbers
            return product
        values = self[source.column]
        if source.unit == "×1" and not values.units:
            return values.numbers.copy()
        convert = UNITS[source.unit].convert
        return np.array(
            [
                (UNITS[values.units[row]].convert if row in values.units else convert)(number)
                for row, number in enumerate(values.numbers.tolist())
            ]
        )

    def texts(self, column: str) -> list[str]:
        """Return the cells of a column as text, such as ``None`` where a row has none."""
        if column not in self._texts:
            self._texts[column] = [str(row.get(column)) for row in self.table.rows]
        return self._texts[column]

    def has_values(self, column: str) -> bool:
        """Return whether a cell of a column is not empty; its numbers are not read."""
        return any(not is_empty(row.get(column)) for row in self.table.rows)

    def _read(self, column: str) -> Values:
        cells = [row.get(column) for row in self.table.rows]
        if set(map(type, cells)) <= {float, NoneType}:
            numbers = np.array(cells, dtype=float)  # None becomes NaN
            filled = len(cells) - cells.count(None)
            return Values(numbers, {}, filled, filled, "")
        numbers = np.full(len(self.table.rows), np.nan)
        units: dict[int, str] = {}
        filled = readable = 0
        text = ""
        known: dict[str, Cell | None] = {}  # texts such as names of settings stand in many rows
        for place, value in enumerate(cells):
            if is_empty(value):
                continue
            filled += 1
            if isinstance(value, str):
                if value not in known:
                    known[value] = read_cell(value)
                cell = known[value]
            else:
                cell = read_cell(value)
            if cell is None:
                text = text or brief(value)
                continue
            readable += 1
            numbers[place] = cell.number
            if cell.unit is not None:
                units[place] = cell.unit
        return Values(numbers, units, filled, readable, text)


def is_plausible(quantity: str, numbers: NDArray[np.float64]) -> bool:
    """Return whether numbers can be a quantity; the invalid ones, which are reported by row, do not count.

    A loss may be above the range in some rows, where it has diverged.
    """
    least, largest = PLAUSIBLE[quantity]
    valid = numbers[np.isfinite(numbers) & (numbers > 0)]
    if not valid.size:
        return False
    if quantity == "loss":
        return bool(np.mean(valid <= largest) >= 0.5 and valid.min() >= least)
    return bool(valid.min() >= least and valid.max() <= largest)


def alike(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    """Return whether two columns give the same numbers in the rows that have both."""
    both = np.isfinite(one) & np.isfinite(other)
    return bool(both.any() and np.allclose(one[both], other[both], rtol=1e-6, atol=0))
