"""Looks, twice a second, whether other processes have added rows to a project's file."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from threading import Event, Lock, Thread
from typing import Any

__all__ = ["FileWatch"]

PERIOD = 0.5
"""Seconds between two looks. A look costs one ``stat``."""

OnError = Callable[[Exception | None], None]


class FileWatch:
    """One daemon thread for any number of watchers, there only while somebody watches and there is a file.

    Parameters
    ----------
    database : Database
        Asked to `refresh`; whoever observes it learns of new rows.
    """

    def __init__(self, database: Any) -> None:
        self._database = database
        self._lock = Lock()
        self._watchers: dict[object, OnError] = {}
        self._stop = Event()
        self._trouble: Exception | None = None

    @property
    def running(self) -> bool:
        """Whether the file is being watched."""
        return bool(self._watchers)

    def start(self, on_error: OnError) -> Callable[[], None]:
        """Watch until the function returned is called.

        Parameters
        ----------
        on_error : callable
            Told, on the watching thread, when a look fails otherwise than the one before, and None when it works again.
        """
        if getattr(self._database, "project_dir", None) is None:
            return _nothing
        watcher = object()
        with self._lock:
            first = not self._watchers
            self._watchers[watcher] = on_error
            if first:
                self._stop, self._trouble = Event(), None
                Thread(target=self._look, args=(self._stop,), name="chinchilla_nb file watch", daemon=True).start()
        return partial(self._end, watcher)

    def _end(self, watcher: object) -> None:
        with self._lock:
            self._watchers.pop(watcher, None)
            if not self._watchers:
                self._stop.set()

    def _look(self, stop: Event) -> None:
        while not stop.wait(PERIOD):
            try:
                self._database.refresh()
            except Exception as error:  # noqa: BLE001  # told to the watchers: on this thread nobody sees it
                self._tell(error)
            else:
                self._tell(None)

    def _tell(self, trouble: Exception | None) -> None:
        if _alike(trouble, self._trouble):
            return
        self._trouble = trouble
        with self._lock:
            watchers = list(self._watchers.values())
        for on_error in watchers:
            on_error(trouble)


def _alike(one: Exception | None, other: Exception | None) -> bool:
    """Return whether two looks failed in the same way, or neither did."""
    if one is None or other is None:
        return one is other
    return type(one) is type(other) and one.args == other.args


def _nothing() -> None:
    """End a watch that never began."""
