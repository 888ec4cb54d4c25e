"""Where a quantity comes from: a column and the unit of its numbers, or a product of columns and a number."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chinchilla_nb.checks import as_names, as_positive_number, brief
from chinchilla_nb.engine.conversion import check_type
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.quantity import compact
from chinchilla_nb.records.columns.cells import cell_number, is_empty
from chinchilla_nb.records.columns.units import UNITS

__all__ = ["AnySource", "Product", "Source"]


@dataclass(frozen=True, slots=True)
class Source:
    """A column that holds a quantity, and the unit of its numbers.

    Parameters
    ----------
    column : str
    unit : str
        ``×1``, ``×k``, ``×M``, ``×B`` or ``×T``; for compute also ``×P``, ``×E``, ``×Z``, ``×Y`` and ``PF-days``;
        ``10^x`` or ``e^x`` for logarithms; for the loss ``ln`` of perplexities, ``bits`` per token and ``-x``.

    Raises
    ------
    InputError
        If the column is no text, or the unit is unknown.
    """

    column: str
    unit: str = "×1"

    def __post_init__(self) -> None:
        check_type(self.column, "column", str)
        if not (isinstance(self.unit, str) and self.unit in UNITS):
            raise InputError("unit", f"must be one of {', '.join(UNITS)}", got=brief(self.unit))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it uses."""
        return (self.column,)

    def number(self, row: Mapping[str, Any]) -> float | None:
        """Return the quantity in a row, None if the cell is empty.

        Raises
        ------
        InputError
            If it is not a positive number.
        """
        check_type(row, "row", Mapping)
        value = row.get(self.column)
        return None if is_empty(value) else cell_number(value, self.unit)

    def __str__(self) -> str:
        """As it is given on the command line: ``tokens``, ``params:M``."""
        return self.column if self.unit == "×1" else f"{self.column}:{self.unit.removeprefix('×')}"


@dataclass(frozen=True, slots=True)
class Product:
    """The product of columns and a number, or a number alone.

    Parameters
    ----------
    columns : tuple of str
        Such as ``("steps", "batch_size")``; none for a number that is the same in all rows.
    factor : float
        Such as the number of tokens in a sequence.

    Raises
    ------
    InputError
        If the columns are no names, or the factor is not a positive number.
    """

    columns: tuple[str, ...]
    factor: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", as_names(self.columns, "columns"))
        object.__setattr__(self, "factor", as_positive_number(self.factor, "factor"))

    def number(self, row: Mapping[str, Any]) -> float | None:
        """Return the quantity in a row, None if a cell is empty; errors as for `Source`."""
        check_type(row, "row", Mapping)
        values = [row.get(column) for column in self.columns]
        if any(is_empty(value) for value in values):
            return None
        return math.prod(cell_number(value, "×1") for value in values) * self.factor

    def __str__(self) -> str:
        """As it is given on the command line: ``steps*batch_size*2048``, ``125M``."""
        number = [compact(self.factor)] if self.factor != 1 or not self.columns else []
        return "*".join([*self.columns, *number])


AnySource = Source | Product
