"""The uncertainty of a session's fit, estimated on a real event loop: begun, cancelled, replaced, failed."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from runs import GRID, make_runs, table_of

from chinchilla_nb import background_uncertainty
from chinchilla_nb.config.settings import Settings
from chinchilla_nb.database import Database
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.fit import FitStatus, fit
from chinchilla_nb.engine.fitting.losses import asymmetric_mae, mse
from chinchilla_nb.engine.laws.families import FAMILIES
from chinchilla_nb.engine.run_keys import run_keys
from chinchilla_nb.engine.uncertainty.draws import Draws
from chinchilla_nb.engine.uncertainty.sandwich import Sandwich
from chinchilla_nb.session import Session

RUNS = make_runs(40, noise=0.01)
QUICK, SLOW = mse, asymmetric_mae
"""A loss whose 1,000 refits take some tenths of a second, and one whose take several seconds."""


def make_session(loss_fn: Any = QUICK) -> Session:
    database = Database()
    database.df = table_of(RUNS)
    return Session(database, Settings(grid=GRID, loss_fn=loss_fn))


async def until(condition: Any, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        await asyncio.sleep(0.005)


async def fitted(session: Session) -> None:
    session.start_fit()
    await until(lambda: not session.busy)


def test_without_a_watch_nothing_is_estimated() -> None:
    session = make_session()

    async def main() -> None:
        await fitted(session)
        await asyncio.sleep(0.5)

    asyncio.run(main())
    assert (session.uncertainty, session.uncertainty_progress) == (None, None)


def test_the_fit_comes_first_then_the_sandwich_then_the_same_draws_as_in_the_engine() -> None:
    session, seen = make_session(), []

    async def main() -> None:
        session.watch_uncertainty()
        session.observe(
            lambda change: seen.append((change.name, change.new, threading.get_ident())),
            ["busy", "fit", "uncertainty", "uncertainty_progress"],
        )
        await fitted(session)
        assert isinstance(session.uncertainty, Sandwich)  # already here when the fit is
        await until(lambda: isinstance(session.uncertainty, Draws))

    asyncio.run(main())
    assert session.uncertainty.fit is session.fit
    assert session.uncertainty_progress is None
    np.testing.assert_array_equal(
        session.uncertainty.theta, session.fit.uncertainty(draws=1000, rng=background_uncertainty.SEED).theta
    )
    named = [name for name, _, _ in seen]
    assert named.index("fit") < len(named) - 1 - named[::-1].index("uncertainty")
    assert {thread for _, _, thread in seen} == {threading.get_ident()}


def test_in_place_there_is_only_the_sandwich() -> None:
    session = make_session()
    end = session.watch_uncertainty()
    session.run_fit()
    assert isinstance(session.uncertainty, Sandwich)
    assert session.wait_for_uncertainty(0)
    end()
    session.run_fit()
    assert session.uncertainty is None


def test_progress_comes_at_most_ten_times_a_second() -> None:
    session, times = make_session(SLOW), []

    async def main() -> None:
        session.watch_uncertainty()
        await fitted(session)
        session.observe(lambda _: times.append(time.monotonic()), "uncertainty_progress")
        await until(lambda: isinstance(session.uncertainty, Draws))

    asyncio.run(main())
    # The last report comes at once, and then the news that nothing is under way.
    *spaced, _last, _none = times
    assert all(later - earlier > 0.09 for earlier, later in itertools.pairwise(spaced))


def test_cancel_keeps_what_is_known_and_start_begins_again() -> None:
    session = make_session(SLOW)

    async def main() -> None:
        session.watch_uncertainty()
        await fitted(session)
        first, worker = session.uncertainty, session._bootstrap._job._thread
        await asyncio.sleep(0.6)
        assert session.uncertainty_progress is not None
        session.cancel_uncertainty()
        assert session.uncertainty_progress is None
        await until(lambda: not worker.is_alive(), seconds=2)
        await asyncio.sleep(0.1)
        assert session.uncertainty is first
        session.start_uncertainty()
        assert session.uncertainty_progress is not None
        assert session.wait_for_uncertainty(60)
        assert isinstance(session.uncertainty, Draws)

    asyncio.run(main())


def test_a_new_fit_ends_the_work_for_the_one_before() -> None:
    session, results = make_session(SLOW), []

    async def main() -> None:
        session.watch_uncertainty()
        await fitted(session)
        worker = session._bootstrap._job._thread
        await asyncio.sleep(0.6)
        session.observe(lambda change: results.append(change.new), "uncertainty")
        session.settings = dataclasses.replace(session.settings, loss_fn=QUICK)
        assert worker.is_alive()  # a setting alone makes no new fit
        session.start_fit()
        assert session.uncertainty_progress is None
        await until(lambda: isinstance(session.uncertainty, Draws))

    asyncio.run(main())
    assert all(value is None or value.fit is session.fit for value in results)
    assert [type(value) for value in results] == [type(None), Sandwich, Draws]


def test_exclusions_leave_it_until_they_are_fitted() -> None:
    session = make_session()

    async def main() -> None:
        session.watch_uncertainty()
        await fitted(session)
        await until(lambda: isinstance(session.uncertainty, Draws))
        before = session.uncertainty
        session.exclude(run_keys(session.runs)[:5])
        assert session.uncertainty is before
        assert session.uncertainty.fit is session.fit
        await fitted(session)
        await until(lambda: isinstance(session.uncertainty, Draws))
        assert len(session.uncertainty.fit.runs) == 35

    asyncio.run(main())


def test_other_work_comes_first_and_the_estimation_goes_on_afterwards() -> None:
    session = make_session()

    def steps() -> Iterator[int]:
        for step in range(60):
            time.sleep(0.01)
            yield step

    async def main() -> None:
        session.watch_uncertainty()
        await fitted(session)
        session.start(steps)
        assert session.uncertainty_progress is None
        await until(lambda: not session.busy)
        assert isinstance(session.uncertainty, Sandwich)
        await until(lambda: isinstance(session.uncertainty, Draws))

    asyncio.run(main())


def test_a_fit_that_fails_leaves_the_uncertainty_of_the_last_one() -> None:
    session = make_session(SLOW)

    async def main() -> None:
        session.watch_uncertainty()
        await fitted(session)
        good = session.fit
        session.settings = dataclasses.replace(session.settings, loss_fn=lambda y, p: 1 / 0)
        await fitted(session)
        assert session.error
        assert session.fit is good
        assert session.uncertainty_progress is not None  # under way again
        session.cancel_uncertainty()

    asyncio.run(main())


def test_a_loss_of_ones_own_gets_a_sentence() -> None:
    session = make_session(lambda y, p: np.abs(y - p))

    async def main() -> None:
        session.watch_uncertainty()
        await fitted(session)
        assert session.fit.status is FitStatus.CONVERGED
        assert "built-in losses" in session.uncertainty_error
        assert (session.uncertainty, session.uncertainty_progress) == (None, None)
        session.settings = dataclasses.replace(session.settings, loss_fn=QUICK)
        await fitted(session)
        assert session.uncertainty_error == ""
        session.cancel_uncertainty()

    asyncio.run(main())


def test_a_law_of_compute_alone_gets_a_sentence() -> None:
    session = make_session()
    session.settings = Settings(family=FAMILIES["frontier"], loss_fn=QUICK)

    async def main() -> None:
        session.watch_uncertainty()
        await fitted(session)
        assert "law of C alone" in session.uncertainty_error
        session.start_uncertainty()
        assert (session.uncertainty, session.uncertainty_progress) == (None, None)

    asyncio.run(main())


def test_a_cancelled_fit_has_no_uncertainty() -> None:
    session = make_session()
    session.watch_uncertainty()
    session.fit = dataclasses.replace(fit(RUNS, GRID, mse), status=FitStatus.CANCELLED)
    assert session.uncertainty is None


def test_an_error_is_said_and_the_sandwich_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background_uncertainty, "DRAWS", 1)  # which the engine refuses
    session = make_session()

    async def main() -> None:
        session.watch_uncertainty()
        await fitted(session)
        await until(lambda: session.uncertainty_error != "")

    asyncio.run(main())
    assert session.uncertainty_error == "draws must be a whole number from 2 to 100,000, got 1"
    assert isinstance(session.uncertainty, Sandwich)
    assert session.uncertainty_progress is None


def test_an_assigned_uncertainty_must_be_that_of_the_fit_and_ends_the_work() -> None:
    session = make_session(SLOW)

    async def main() -> None:
        session.watch_uncertainty()
        await fitted(session)
        with pytest.raises(InputError, match="must be that of the fit"):
            session.uncertainty = fit(RUNS, GRID, mse).uncertainty("sandwich")
        mine = session.fit.uncertainty("profile")
        session.uncertainty = mine
        assert session.uncertainty_progress is None
        session.start_uncertainty()  # there is nothing better to be had
        await asyncio.sleep(0.5)
        assert session.uncertainty is mine
        assert session.uncertainty_progress is None

    asyncio.run(main())


def test_the_last_watch_that_ends_cancels_the_work_and_the_next_begins_it_again() -> None:
    session = make_session(SLOW)

    async def main() -> None:
        ends = [session.watch_uncertainty() for _ in range(2)]
        await fitted(session)
        ends[0]()
        assert session.uncertainty_progress is not None
        ends[1]()
        assert session.uncertainty_progress is None
        end = session.watch_uncertainty()
        assert session.uncertainty_progress is not None
        end()

    asyncio.run(main())
