"""Exclude runs of a project by what they are: a filter, or values of their columns."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pandas as pd

from chinchilla_nb.engine.conversion import check_type
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.run_keys import RunKey, keys_at
from chinchilla_nb.records.run_query import match_runs
from chinchilla_nb.records.run_selection import having
from chinchilla_nb.session import Session

__all__ = ["RunExclusion"]


class RunExclusion:
    """Which runs of a project count.

    Attributes
    ----------
    session : Session
        Holds the runs, and which of them are excluded.
    logger : Logger
    """

    session: Session
    logger: logging.Logger

    def exclude(self, query: str | None = None, /, *, reason: str = "", **columns: Any) -> pd.DataFrame:
        """Exclude runs from fits, charts and plans; the file, which is the record of what was measured, keeps them.

        ``cc.exclude(name="w8-d2", reason="diverged")`` and ``cc.exclude("loss > 5 and seed = 3")`` are examples. What
        is excluded belongs to the session; panels show it, and their *Undo* takes it back.

        Parameters
        ----------
        query : str, optional
            A filter as in the run log.
        reason : str
            Why, for the reader of a report.
        **columns : number, text, or a list of these
            Values of columns; of a list, a run has one. Runs that fulfil everything that is given are excluded. The
            name of a column may differ in case, if that leaves one column; a name that is no Python name is given as
            ``**{"Run name": "w8-d2"}``.

        Returns
        -------
        DataFrame
            The runs that these describe.

        Raises
        ------
        ValueError
            If nothing is given, the filter is not valid, a column is unknown, or no run fits; the message names the
            nearest that does.
        """
        keys, table = self._described(query, columns)
        self.session.exclude(keys, reason=reason)
        return table

    def include(self, query: str | None = None, /, **columns: Any) -> pd.DataFrame:
        """Use excluded runs again; parameters, result and errors as for `exclude`."""
        keys, table = self._described(query, columns)
        self.session.include(keys)
        return table

    def _described(self, query: str | None, wanted: dict[str, Any]) -> tuple[list[RunKey], pd.DataFrame]:
        """Return the keys of the runs that a filter and values describe, and a table of these runs."""
        check_type(query, "query", str, type(None))
        if not wanted and (query is None or not query.strip()):
            remedy = "give a filter, as in exclude('loss > 5'), or a value, as in exclude(name='w8-d2')"
            raise InputError("", "nothing says which runs are meant", remedy=remedy)
        runs = self.session.all_runs
        columns = {**{name: getattr(runs, name) for name in ("C", "N", "D", "loss")}, **runs.columns}
        found = having(columns, wanted)
        if query is not None:
            found &= match_runs(query, columns)
        if not found.any():
            given = [
                *([query] if query is not None else []),
                *(f"{name} = {value!r}" for name, value in wanted.items()),
            ]
            raise InputError("", f"no run fulfils {' and '.join(given)}")
        table = pd.DataFrame({name: values[found] for name, values in columns.items()})
        return keys_at(runs, np.flatnonzero(found)), table
