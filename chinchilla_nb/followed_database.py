"""Runs that are read from logs of a tracker or a training framework, and followed as these grow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from chinchilla_nb.database import Database
from chinchilla_nb.records.importers.sources import RunLogs
from chinchilla_nb.records.rows import checked_frame, rows_beyond
from chinchilla_nb.records.seen import Seen

__all__ = ["FollowedDatabase"]


class FollowedDatabase(Database):
    """Runs in memory that `refresh` reads again from their logs whenever these have changed.

    A run that goes on is replaced by what it has logged since. Runs that are appended here stay in memory only. A run
    of the logs that is removed by assigning `df` comes back when the logs change: exclude it instead.

    Parameters
    ----------
    logs : RunLogs
    runs_in : callable
        Returns the valid runs in a table of the logs, as a DataFrame with N, D, loss and further columns.

    Raises
    ------
    ValueError
        If the logs cannot be read, or `runs_in` raises it.
    """

    def __init__(self, logs: RunLogs, runs_in: Callable[[Any], pd.DataFrame]) -> None:
        super().__init__()
        self._logs, self._runs_in = logs, runs_in
        self._stamp: object = None
        self._logged = self._held.table
        self.refresh()

    @property
    def grows(self) -> bool:
        """Whether `refresh` can find runs that others have logged."""
        return True

    def refresh(self) -> bool:
        """Read the logs if they have changed, and return whether there was anything new.

        Raises
        ------
        ValueError
            If they cannot be read.
        OSError
            If their folder cannot be read.
        """
        stamp = self._logs.stamp()  # before they are read: what changes meanwhile is seen by the next check
        if stamp == self._stamp:
            return False
        logged = checked_frame(self._runs_in(self._logs.read()))
        self._stamp = stamp
        if logged.equals(self._logged):
            return False
        hold = self._changing.hold()
        with hold, hold:
            hold.acquire()
            added = rows_beyond(self._held.table, self._logged)
            rows = pd.concat([logged, added], ignore_index=True) if len(added) else logged
            self._held.replace(checked_frame(rows), Seen())
            self._logged = logged
            revision = self._changed()
        self._announce(revision)
        return True

    def follow(self) -> bool:
        """Read the logs if they have changed; as `refresh`."""
        return self.refresh()

    def __reduce__(self) -> tuple[Any, ...]:
        # A copy, such as one for another process, has the runs and follows nothing.
        return _in_memory, (self.df,)


def _in_memory(runs: pd.DataFrame) -> Database:
    database = Database()
    database.df = runs
    return database
