"""Columns with the lowest value of a loss, beside that with its last value, as logs of trackers are read."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["LOWEST", "is_lowest_of_another"]

LOWEST = "lowest."
"""What the names of such columns begin with; the name of the metric follows."""


def is_lowest_of_another(column: str, columns: Iterable[str]) -> bool:
    """Return whether a column has the lowest value of a metric whose last value another one has.

    The other may have a prefix: ``metrics.val_loss`` has the last value of the metric of ``lowest.val_loss``.
    """
    if not column.startswith(LOWEST):
        return False
    metric = column.removeprefix(LOWEST)
    return any(other == metric or other.endswith(f".{metric}") for other in columns if other != column)
