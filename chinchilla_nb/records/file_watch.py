"""Watch a project's file, or logs of runs, for rows that other processes add."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any

__all__ = ["FileWatch"]

PERIOD = 0.5
"""Seconds between two checks. A check costs one ``stat``, or one for each file of a folder of logs."""

OnError = Callable[[Exception | None], None]


class FileWatch:
    """One daemon thread for any number of watchers, which runs only while there are watchers and a file.

    Parameters
    ----------
    database : Database
        Its `follow` is called, which notifies its observers of new rows.
    """

    def __init__(self, database: Any) -> None:
        self._database = database
        self._lock = Lock()
        self._watchers: dict[object, OnError] = {}
        self._stop = Event()
        self._last_error: Exception | None = None

    @property
    def running(self) -> bool:
        """Whether the file is being watched."""
        return bool(self._watchers)

    def start(self, on_error: OnError) -> Callable[[], None]:
        """Watch until the returned function is called.

        Parameters
        ----------
        on_error : callable
            Called on the watching thread: with the error when a check fails in a new way, and with None when checks
            succeed again.
        """
        if not getattr(self._database, "grows", False):
            return _nothing
        watcher = object()
        with self._lock:
            first = not self._watchers
            self._watchers[watcher] = on_error
            if first:
                self._stop, self._last_error = Event(), None
                Thread(target=self._poll, args=(self._stop,), name="chinchilla_nb file watch", daemon=True).start()
        return partial(self._end, watcher)

    def _end(self, watcher: object) -> None:
        with self._lock:
            self._watchers.pop(watcher, None)
            if not self._watchers:
                self._stop.set()

    def _poll(self, stop: Event) -> None:
        took = 0.0
        while not stop.wait(max(PERIOD, took)):  # looking at many files must leave time for others
            begun = monotonic()
            try:
                self._database.follow()
            except Exception as error:  # noqa: BLE001  reported to the watchers
                self._report(error)
            else:
                self._report(None)
            took = monotonic() - begun

    def _report(self, error: Exception | None) -> None:
        if _alike(error, self._last_error):
            return
        self._last_error = error
        with self._lock:
            watchers = list(self._watchers.values())
        for on_error in watchers:
            on_error(error)


def _alike(one: Exception | None, other: Exception | None) -> bool:
    """Return whether two checks failed in the same way, or neither failed."""
    if one is None or other is None:
        return one is other
    return type(one) is type(other) and one.args == other.args


def _nothing() -> None:
    """End a watch that was never started."""
