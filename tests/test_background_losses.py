"""Fits with other losses on a real event loop: after the fit, for no other fit, cancelled by other work."""

from __future__ import annotations

import asyncio

from runs import GRID, make_runs, table_of
from waiting import until

from chinchilla_nb.config.settings import Settings
from chinchilla_nb.database import Database
from chinchilla_nb.session import Session


def make_session() -> Session:
    database = Database()
    database.df = table_of(make_runs(40, noise=0.01))
    return Session(database, Settings(grid=GRID))


def test_they_are_those_of_the_fit_and_go_with_it() -> None:
    session = make_session()

    async def main() -> None:
        session.watch_uncertainty()
        session.start_fit()
        await until(lambda: session.loss_sensitivity is not None)
        assert session.loss_sensitivity.fits[0] is session.fit
        session.exclude([])
        before = session.fit
        session.start_fit()
        await until(lambda: session.fit is not before)
        assert session.loss_sensitivity is None or session.loss_sensitivity.fits[0] is session.fit

    asyncio.run(main())
    engine = session.fit.loss_sensitivity()
    assert engine.names[0] == "asymmetric_mae"


def test_other_work_cancels_them_and_they_begin_again_after_it() -> None:
    session = make_session()

    async def main() -> None:
        session.watch_uncertainty()
        session.start_fit()
        await until(lambda: session.fit is not None and not session.busy)
        session.start(lambda: iter(range(3)))
        assert not session._other_losses.under_way
        await until(lambda: not session.busy)
        await until(lambda: session.loss_sensitivity is not None)

    asyncio.run(main())


def test_nothing_is_fitted_that_nobody_watches() -> None:
    session = make_session()

    async def main() -> None:
        session.start_fit()
        await until(lambda: not session.busy)
        assert not session._other_losses.under_way
        end = session.watch_uncertainty()
        assert session._other_losses.under_way
        end()
        assert not session._other_losses.under_way

    asyncio.run(main())
    assert session.loss_sensitivity is None
