"""How the run log is filtered, sorted and paged, and which rows that shows, independent of any widget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.records.run_query import match_runs
from chinchilla_nb.widgets.run_log.run_columns import Column, is_absent

__all__ = ["PAGE", "SELECTIONS", "RunLogView", "ShownRuns"]

PAGE = 15
"""Number of rows on a page."""

SELECTIONS = ALL, IN_THE_FIT, EXCLUDED, SELECTED = ("All runs", "In the fit", "Excluded", "Selected")


@dataclass(frozen=True, slots=True)
class RunLogView:
    """How the user wants to see the run log.

    Attributes
    ----------
    query : str
        A filter such as ``loss < 3 N >= 1B adam``.
    selection : str
        One of `SELECTIONS`.
    sorted_by : str
        Name of a column.
    descending : bool
    page : int
        Counted from 0; a page after the last one stands for the last one.
    hidden : frozenset of str
        Columns not to show, which need not exist at present.
    """

    query: str = ""
    selection: str = ALL
    sorted_by: str = "#"
    descending: bool = True
    page: int = 0
    hidden: frozenset[str] = frozenset()

    def filtered(self, query: str, selection: str) -> RunLogView:
        """Show the runs that match, from the first page."""
        return replace(self, query=query, selection=selection, page=0)

    def sorted_on(self, name: str) -> RunLogView:
        """Sort by a column in ascending order, or reverse the order if already sorted by it."""
        return replace(self, sorted_by=name, descending=name == self.sorted_by and not self.descending, page=0)

    def turned_to(self, page: int) -> RunLogView:
        """Show another page."""
        return replace(self, page=page)

    def with_column(self, name: str, shown: bool) -> RunLogView:
        """Show or hide a column."""
        return replace(self, hidden=self.hidden - {name} if shown else self.hidden | {name})

    def of(
        self, columns: Mapping[str, Column], included: NDArray[np.bool_], selected: NDArray[np.bool_] | None = None
    ) -> ShownRuns:
        """Return what this view shows of a log.

        Parameters
        ----------
        columns : mapping of str to Column
            All columns of the log; the query can use hidden ones too.
        included : ndarray of bool, shape (n_runs,)
            Which runs are not excluded.
        selected : ndarray of bool, shape (n_runs,), optional
            Which runs are selected; by default none.
        """
        selected = np.zeros(len(included), dtype=bool) if selected is None else selected
        kept, query_error = np.ones(len(included), dtype=bool), None
        if len(included):
            try:
                kept = match_runs(self.query, {name: column.values for name, column in columns.items()})
            except ValueError as error:
                query_error = error
        if self.selection != ALL:
            kept &= {IN_THE_FIT: included, EXCLUDED: ~included, SELECTED: selected}[self.selection]
        # If all columns are hidden, show all of them, because an empty table is of no use.
        shown = {name: column for name, column in columns.items() if name not in self.hidden} or columns
        view = self if self.sorted_by in shown else replace(self, sorted_by=next(iter(shown)), descending=True)
        order = _order(shown[view.sorted_by].values, descending=view.descending)
        matching = order if kept.all() else order[kept[order]]
        return ShownRuns(view, shown, included, selected, matching, query_error)


@dataclass(frozen=True, eq=False, slots=True)
class ShownRuns:
    """What a view shows of a run log.

    Attributes
    ----------
    view : RunLogView
        The view, sorted by a column that is shown.
    columns : mapping of str to Column
        The columns that are shown.
    included, selected : ndarray of bool, shape (n_runs,)
        Which runs of the log are not excluded, and which are selected.
    matching : ndarray of int, shape (n_matching,)
        Positions in the log of the matching runs, in the order in which they are shown.
    query_error : ValueError or None
        Why the query is not valid; it then filters nothing.
    """

    view: RunLogView
    columns: Mapping[str, Column]
    included: NDArray[np.bool_]
    selected: NDArray[np.bool_]
    matching: NDArray[np.intp]
    query_error: ValueError | None

    @property
    def last_page(self) -> int:
        """The last page, counted from 0."""
        return max(-(-len(self.matching) // PAGE) - 1, 0)

    @property
    def page(self) -> int:
        """The page that is shown, counted from 0."""
        return min(max(self.view.page, 0), self.last_page)

    @property
    def rows(self) -> NDArray[np.intp]:
        """Positions in the log of the runs on the page, from top to bottom."""
        start = self.page * PAGE
        return self.matching[start : start + PAGE]

    @property
    def page_of_selected(self) -> int | None:
        """The first page with a selected run; None if no matching run is selected."""
        places = np.flatnonzero(self.selected[self.matching])
        return int(places[0]) // PAGE if len(places) else None

    @property
    def can_exclude(self) -> bool:
        """Whether a valid filter matches any included runs.

        A filter that is not valid shows all runs, which the user does not mean to exclude.
        """
        filtered = bool(self.view.query.strip()) and self.query_error is None
        return filtered and bool(self.included[self.matching].any())


def _order(values: NDArray[Any], *, descending: bool) -> NDArray[np.intp]:
    """Sort stably, with missing numbers and empty texts last in either direction."""
    if values.dtype.kind in "iu" and np.all(values[1:] > values[:-1]):  # such as the positions
        order = np.arange(len(values))
        order = order[::-1] if descending else order
    elif values.dtype.kind in "iufb":
        numbers = values.astype(float)
        order = np.argsort(-numbers if descending else numbers, kind="stable")
    else:
        texts = np.array(["" if is_absent(value) else str(value).casefold() for value in values], dtype=object)
        order = np.argsort(texts, kind="stable")
        if descending:
            order = order[::-1]
        blank = texts[order] == ""
        order = np.concatenate([order[~blank], order[blank]])
    return order
