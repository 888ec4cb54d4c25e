"""The rows of tables that are not among the runs of a session, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from traitlets import HasTraits, Tuple

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.conversion import MOST_VALUES, check_type, first_items
from chinchilla_nb.engine.errors import InputTypeError
from chinchilla_nb.records.tables import Rejected

__all__ = ["LeftOut", "LeftOutRows"]

MOST_SOURCES = 20
"""Tables whose rows are kept; whoever sees a page can import any number of them."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """The rows that are left out of a table.

    Attributes
    ----------
    source : str
        The name of the table.
    rows : tuple of Rejected
        In the order of the table.
    place : str
        What `Rejected.place` counts: ``"line"``, or ``"run"`` of the logs of a tracker.
    """

    source: str
    rows: tuple[Rejected, ...]
    place: str = "line"


class LeftOutRows(HasTraits):
    """The rows that were left out when tables were opened or imported.

    Attributes
    ----------
    left_out : tuple of LeftOut
        The latest table last; tables of which every row was taken are not among them.
    """

    left_out = Tuple()

    def leave_out(self, source: str, rows: Sequence[Rejected], place: str = "line") -> None:
        """Keep which rows of a table are left out, in place of those of an earlier table of this name.

        Raises
        ------
        InputTypeError
            If an argument is of another type.
        """
        check_type(source, "source", str)
        check_type(place, "place", str)
        given = first_items(rows, MOST_VALUES)
        if given is None or not all(isinstance(one, Rejected) for one in given):
            raise InputTypeError("rows", "must be rows that are left out of a table", got=brief(rows))
        others = [one for one in self.left_out if one.source != source]
        new = [LeftOut(source, tuple(given), place)] if given else []
        self.left_out = (*others, *new)[-MOST_SOURCES:]
