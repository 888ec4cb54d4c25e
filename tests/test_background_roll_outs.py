"""The roll-outs of a session's fit, on a real event loop: after the bootstrap, cancelled, kept, refused."""

from __future__ import annotations

import asyncio
import dataclasses
import threading
from typing import Any

import numpy as np
import pytest
from runs import GRID, make_runs, table_of
from waiting import until

from chinchilla_nb import Runs, background_roll_outs
from chinchilla_nb.config.settings import Settings
from chinchilla_nb.database import Database
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.losses import asymmetric_mae, mse
from chinchilla_nb.engine.laws.families import FAMILIES
from chinchilla_nb.engine.run_keys import run_keys
from chinchilla_nb.engine.uncertainty.draws import Draws
from chinchilla_nb.engine.uncertainty.sandwich import Sandwich
from chinchilla_nb.session import Session

RUNS = make_runs(40, noise=0.01)


def make_session(runs: Runs = RUNS, loss_fn: Any = mse) -> Session:
    database = Database()
    database.df = table_of(runs)
    return Session(database, Settings(grid=GRID, loss_fn=loss_fn))


async def rolled_out(session: Session) -> None:
    session.start_fit()
    await until(lambda: not session.busy)
    await until(lambda: session.roll_outs is not None)


def test_they_follow_the_bootstrap_and_are_those_of_the_fit() -> None:
    session, seen = make_session(), []

    async def main() -> None:
        session.watch_uncertainty()
        session.observe(
            lambda change: seen.append((change.name, type(session.uncertainty), threading.get_ident())),
            ["fit", "roll_outs", "roll_outs_progress"],
        )
        await rolled_out(session)

    asyncio.run(main())
    assert seen[0][0] == "fit"
    assert {(name, kind) for name, kind, _ in seen[1:]} == {("roll_outs", Draws), ("roll_outs_progress", Draws)}
    assert {thread for _, _, thread in seen} == {threading.get_ident()}
    assert session.roll_outs_progress is None
    mine, engine = session.roll_outs.scores, session.fit.roll_outs().scores
    for name, values in engine.items():
        np.testing.assert_array_equal(mine[name], values)


def test_without_a_watch_or_a_loop_there_are_none() -> None:
    session = make_session()

    async def main() -> None:
        session.start_fit()
        await until(lambda: not session.busy)
        await asyncio.sleep(0.3)

    asyncio.run(main())
    assert (session.roll_outs, session.roll_outs_progress) == (None, None)
    session.watch_uncertainty()
    session.run_fit()
    session.start_roll_outs()
    assert (session.roll_outs, session.roll_outs_progress) == (None, None)
    assert session.wait_for_roll_outs(0)


def test_a_fit_does_not_wait_for_them_and_ends_those_of_the_fit_before() -> None:
    session = make_session(loss_fn=asymmetric_mae)

    async def main() -> None:
        session.watch_uncertainty()
        session.start_fit()
        await until(lambda: not session.busy)
        session.cancel_uncertainty()
        session.start_roll_outs()
        worker = session._rolling_out._job._thread
        await until(lambda: session.roll_outs_progress.total > 0)
        session.settings = dataclasses.replace(session.settings, loss_fn=mse)
        session.start_fit()
        assert session.roll_outs_progress is None  # the processor is left to the fit
        await until(lambda: not worker.is_alive(), seconds=5)
        await until(lambda: session.roll_outs is not None)
        assert session.roll_outs.problem.alike(session.fit.problem)

    asyncio.run(main())


def test_cancelled_ones_start_again() -> None:
    session = make_session(loss_fn=asymmetric_mae)

    async def main() -> None:
        session.watch_uncertainty()
        session.start_fit()
        await until(lambda: not session.busy)
        session.cancel_uncertainty()
        session.start_roll_outs()
        worker = session._rolling_out._job._thread
        session.cancel_roll_outs()
        assert session.roll_outs_progress is None
        await until(lambda: not worker.is_alive(), seconds=5)
        await asyncio.sleep(0.1)
        assert session.roll_outs is None
        session.start_roll_outs()
        assert session.wait_for_roll_outs(120)  # also in a cell
        assert session.roll_outs is not None

    asyncio.run(main())


def test_a_fit_that_is_repeated_keeps_them_and_exclusions_replace_them() -> None:
    session = make_session()

    async def main() -> None:
        session.watch_uncertainty()
        await rolled_out(session)
        before = session.roll_outs
        session.start_fit()
        await until(lambda: not session.busy)
        assert session.roll_outs is before
        session.exclude(run_keys(session.runs)[:3])
        session.start_fit()
        await until(lambda: not session.busy)
        assert session.roll_outs is None
        await until(lambda: session.roll_outs is not None)
        assert len(session.roll_outs.problem.runs) == 37

    asyncio.run(main())


@pytest.mark.parametrize("few", ["nine runs", "one compute"])
def test_runs_that_are_too_few_get_a_sentence(few: str) -> None:
    runs = make_runs(9, noise=0.01)
    if few == "one compute":
        runs = make_runs(40, noise=0.01)
        runs = Runs(runs.N, 1e20 / 6 / runs.N, runs.loss)
    session = make_session(runs)

    async def main() -> None:
        session.watch_uncertainty()
        session.start_fit()
        await until(lambda: session.roll_outs_error != "")

    asyncio.run(main())
    assert session.roll_outs_error.startswith("roll-outs need at least 10 runs")
    assert session.roll_outs_error.endswith("add larger runs")
    assert (session.roll_outs, session.roll_outs_progress) == (None, None)


def test_a_loss_of_ones_own_is_rolled_out_on_request() -> None:
    session = make_session(loss_fn=lambda y, p: (y - p) ** 2)

    async def main() -> None:
        session.watch_uncertainty()
        session.start_fit()
        await until(lambda: not session.busy)
        assert (session.roll_outs_progress, session.roll_outs_error) == (None, "")
        session.start_roll_outs()
        await until(lambda: session.roll_outs is not None)

    asyncio.run(main())


def test_a_law_of_compute_alone_is_rolled_out_on_request() -> None:
    session = make_session()
    session.settings = Settings(family=FAMILIES["frontier"], loss_fn=mse)

    async def main() -> None:
        session.watch_uncertainty()
        session.start_fit()
        await until(lambda: not session.busy)
        session.start_roll_outs()
        await until(lambda: session.roll_outs_progress is None, 30)

    asyncio.run(main())
    assert session.roll_outs_error == ""
    assert session.roll_outs is not None
    assert session.roll_outs.problem.alike(session.fit.problem)


def test_more_runs_than_take_seconds_are_rolled_out_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background_roll_outs, "MOST_RUNS", 39)
    session = make_session()

    async def main() -> None:
        session.watch_uncertainty()
        session.start_fit()
        await until(lambda: isinstance(session.uncertainty, Draws))
        assert session.roll_outs_progress is None
        session.start_roll_outs()
        await until(lambda: session.roll_outs is not None)

    asyncio.run(main())


def test_assigned_ones_must_be_of_the_fit_beyond_budgets() -> None:
    session = make_session()
    session.run_fit()
    other = make_session(make_runs(30, noise=0.01))
    wrong = other.run_fit().roll_outs([1e20])
    with pytest.raises(InputError, match="roll_outs must hold out the runs of the fit beyond budgets"):
        session.roll_outs = wrong
    mine = session.fit.roll_outs([1e20])
    session.roll_outs = mine
    assert session.roll_outs is mine


def test_an_assigned_uncertainty_is_followed_too_and_the_last_watch_ends_them() -> None:
    session = make_session(loss_fn=asymmetric_mae)

    async def main() -> None:
        end = session.watch_uncertainty()
        session.start_fit()
        await until(lambda: not session.busy)
        assert isinstance(session.uncertainty, Sandwich)
        session.uncertainty = session.fit.uncertainty("pairs", draws=20, rng=0)
        assert session.roll_outs_progress is not None
        end()
        assert session.roll_outs_progress is None

    asyncio.run(main())
