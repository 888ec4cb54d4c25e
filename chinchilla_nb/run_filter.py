"""The filter of a session: which of its runs charts and fits use, by a query."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from traitlets import Instance, Int

from chinchilla_nb.engine.conversion import check_type
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.exclusions import Exclusions
from chinchilla_nb.records.query_grammar import Comparison, Not, Query, Text, parse_query
from chinchilla_nb.records.run_query import match_runs
from chinchilla_nb.records.run_values import FIT_COLUMNS, run_values
from chinchilla_nb.run_view import RunView

__all__ = ["Matching", "RunFilter", "match_values", "matching_runs"]


class Matching(NamedTuple):
    """Which runs match a query, and why it cannot be used; then all runs match."""

    kept: NDArray[np.bool_]
    problem: InputError | None = None


class RunFilter(Exclusions):
    """The view of a session's runs, whose query chooses those that charts and fits use.

    Attributes
    ----------
    view : RunView
        Has the query, the selection and the groups.
    filter_changes : int
        Number of changes of the query so far.
    """

    all_runs: Runs
    view = Instance(RunView)
    filter_changes = Int(0)

    def __init__(self, **traits: Any) -> None:
        super().__init__(**{"view": RunView(), **traits})
        self.view.observe(self._on_query, "query")

    def filter_runs(self, query: str) -> None:
        """Let charts and fits use only the runs that match a query, until another one is set; empty for all runs.

        Parameters
        ----------
        query : str
            Such as ``N > 1e8 and optimizer = adam``; `records.query_grammar` has the grammar. Its columns are ``#``,
            ``N``, ``D``, ``D/N``, ``C``, ``loss`` and those of the runs.

        Raises
        ------
        InputError
            If it does not follow the grammar, names an unknown column or one that follows from a fit, or has a text
            that no run has.
        """
        check_type(query, "query", str)
        runs = self.all_runs
        problem = matching_runs(query, runs).problem
        if problem is not None:
            raise problem
        self.view.query = query.strip()

    def _matched(self, runs: Runs) -> Matching:
        """Return which of these runs match the query; all of them if it cannot be used."""
        return matching_runs(self.view.query, runs)

    def _on_query(self, _change: Any) -> None:
        self.filter_changes += 1


def matching_runs(query: str, runs: Runs) -> Matching:
    """Return which of some runs match a query; all of them if it cannot be used."""
    every = np.ones(len(runs), dtype=bool)
    try:
        if not len(runs):
            parse_query(query)  # a log without runs has no column that could be unknown
            return Matching(every)
        if not query.strip():
            return Matching(every)
        return Matching(match_values(query, run_values(runs)))
    except InputError as error:
        return Matching(every, error)


def match_values(query: str, values: dict[str, NDArray[Any]]) -> NDArray[np.bool_]:
    """Return which runs match a query on these values of theirs; errors as for `match_runs`.

    Raises
    ------
    InputError
        Also if the query compares a residual or a forecast, which each fit changes.
    """
    for name in _columns(parse_query(query)):
        if name.casefold() in FIT_COLUMNS and name not in values:
            rule = f"must not use {name}, which each fit changes"
            raise InputError("the filter of a fit", rule, remedy="exclude those runs instead")
    return match_runs(query, values)


def _columns(query: Query) -> Iterator[str]:
    """Yield the columns that a query compares."""
    if isinstance(query, Comparison):
        yield query.column
    elif isinstance(query, Not):
        yield from _columns(query.query)
    elif not isinstance(query, Text):
        for part in query.queries:
            yield from _columns(part)
