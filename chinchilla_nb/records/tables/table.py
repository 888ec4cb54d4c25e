"""A table as it was read, and the rows of it that could not be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from chinchilla_nb.engine.errors import InputError

__all__ = ["Rejected", "Table", "distinct_names", "is_blank", "one_line"]


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that cannot be used.

    Attributes
    ----------
    place : int
        Its line in the file, or its number in a file without lines.
    reason : str
        Why it cannot be used.
    kind : str
        The quantity that is wrong, or what is wrong with the row as a whole; rows with the same mistake share it.
    """

    place: int
    reason: str
    kind: str

    @classmethod
    def of(cls, place: int, error: InputError) -> Rejected:
        """Reject a row because of an error, which is not stored: it would keep the whole table in memory."""
        return cls(place, str(error), error.where or error.rule)


@dataclass(frozen=True, eq=False, slots=True)
class Table:
    """A table as it was read.

    Attributes
    ----------
    columns : tuple of str
        Distinct names, in the order of the file.
    rows : tuple of dict
        Values by column; a column may be absent.
    places : tuple of int
        Line of each row in the file, from 1, or its number if the file has no lines.
    rejected : tuple of Rejected
        Rows that could not be read.
    notes : tuple of str
        How the file was read where that is not plain, one sentence each: which sheet, which decimal mark.
    """

    columns: tuple[str, ...]
    rows: tuple[Mapping[str, Any], ...]
    places: tuple[int, ...]
    rejected: tuple[Rejected, ...] = ()
    notes: tuple[str, ...] = ()


def distinct_names(header: Iterable[str]) -> tuple[str, ...]:
    """Name columns without a name, and number those that share one."""
    names: dict[str, None] = {}
    next_number: dict[str, int] = {}
    for position, name in enumerate(header, 1):
        wanted = one_line(name) or f"column {position}"
        new = wanted
        while new in names:
            number = next_number.get(wanted, 2)
            next_number[wanted] = number + 1
            new = f"{wanted} ({number})"
        names[new] = None
    return tuple(names)


def one_line(text: str) -> str:
    """Return text without line breaks and repeated blanks."""
    return " ".join(text.split())


def is_blank(cell: Any) -> bool:
    """Return whether a cell holds nothing but blanks."""
    return cell is None or (isinstance(cell, str) and not cell.strip())
