"""Use only some of the runs of a project, by a filter."""

from __future__ import annotations

import logging

import numpy as np

from chinchilla_nb.session import Session

__all__ = ["FilteredRuns"]


class FilteredRuns:
    """The filter of a `Chinchilla`."""

    session: Session
    logger: logging.Logger

    def filter(self, query: str = "") -> None:
        """Let fits, charts and next steps use only the runs that match a query, until another one is set.

        Nothing is deleted, and exclusions stay. The panels of this project show the filter, and a fit made under it
        remembers it: ``session.filter_of_fit``.

        Parameters
        ----------
        query : str, default ""
            Conditions such as ``N > 1e8 and optimizer = adam``, as in the run log: with ``and``, ``or``, ``not``,
            brackets, and quotes around names with blanks. Empty, the filter ends.

        Raises
        ------
        ValueError
            If it names an unknown column or one that each fit changes (``residual``), compares with something that is
            not a number, or has a text that no run has.
        TypeError
            If it is not a text.

        Examples
        --------
        >>> from chinchilla_nb import Chinchilla
        >>> cc = Chinchilla(".", log_level=50)
        >>> for N, optimizer in ((1e8, "adam"), (2e8, "lion"), (4e8, "adam")):
        ...     cc.append(N=N, D=20 * N, loss=3.0, optimizer=optimizer)
        >>> cc.filter("optimizer = adam and N > 2e8")
        >>> len(cc.session.runs)
        1
        >>> cc.filter()
        """
        session = self.session
        session.filter_runs(query)
        if session.view.query:
            count = int(np.count_nonzero(session.matching_runs))
            self.logger.info("%d of %d runs match %s", count, len(session.all_runs), session.view.query)
