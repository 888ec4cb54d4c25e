"""Quantities of all rows at once, where the cells of a table leave nothing to check or to say."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.records.columns.cells import OF_ANY_SIGN
from chinchilla_nb.records.columns.sources import AnySource, Source
from chinchilla_nb.records.columns.values import Columns
from chinchilla_nb.records.tables import Table

__all__ = ["ready_numbers"]


def ready_numbers(
    table: Table, sources: Mapping[str, AnySource], known: Mapping[str, NDArray[np.float64]]
) -> dict[str, list[float | None]]:
    """Return what `number` of the sources returns for each row; None where it has to be asked.

    It has to be asked where it may raise an error, for products, whose factors it multiplies in another order, and for
    text in a column of a unit, where text such as 7B leaves the unit out.

    Parameters
    ----------
    table : Table
    sources : mapping of str to Source or Product
    known : mapping of str to ndarray of float64, shape (n_rows,)
        By quantity: what `Columns.quantity` returns, as far as it has been asked.
    """
    columns = Columns(table)
    ready: dict[str, list[float | None]] = {}
    for quantity, source in sources.items():
        if not isinstance(source, Source) or source.unit in OF_ANY_SIGN:
            continue
        numbers = known[quantity] if quantity in known else columns.quantity(source)
        is_ready = np.isfinite(numbers) & (numbers > 0)
        if source.unit != "×1":
            is_ready &= np.array([not isinstance(row.get(source.column), str) for row in table.rows], dtype=bool)
        asked = zip(numbers.tolist(), is_ready.tolist(), strict=True)
        ready[quantity] = [number if is_valid else None for number, is_valid in asked]
    return ready
