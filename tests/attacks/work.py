"""Work of a session to attack, and what must hold after each attack."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from runs import GRID, make_runs, table_of

from chinchilla_nb.config.settings import Settings
from chinchilla_nb.database import Database
from chinchilla_nb.session import Session


def new_session() -> Session:
    database = Database()
    database.df = table_of(make_runs(9))
    return Session(database, Settings(grid=GRID))


def steps() -> Iterator[int]:
    yield from range(3)


def check(session: Session) -> None:
    """The session is free, and works."""
    assert session.wait(10)
    assert not session.busy
    done: list[Any] = []
    session.start(steps, on_end=done.append)
    assert session.wait(10)
    assert (session.busy, session.error, len(done), done[0].last) == (False, "", 1, 2)
